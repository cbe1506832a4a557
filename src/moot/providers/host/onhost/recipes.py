"""What a recipe asks of a machine: brought about, taken back and looked at, one thing at a time."""

from __future__ import annotations

import errno
import os

from .files import Problem, adopt_or_make, alone, load, remove, same, staying, tidy
from .jobs import Failed
from .lean import module, suppress
from .records import Record

KINDS = {  # by type: the module that brings it about
    "host.package": "packages",
    "host.user": "users",
    "host.file": "systemfiles",
    "host.firewall": "firewall",
    "host.script": "scripts",
    "host.ansible": "tools",
    "host.puppet": "tools",
}
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def configure(type, folder, marks, wanted, address, data, root, job=""):
    """Bring a thing about, or go on with it: what there is now, and what is still under way."""
    _require_root()
    marks = {**marks, "moot.type": type}
    with staying(data):
        answer = None
        while answer is None:
            try:
                adopt_or_make(folder, marks, 0o700)
                with alone(folder):
                    if same(load(f"{folder}/marks.json"), marks):
                        answer = _brought(Record(folder, job, address), wanted)
            except FileNotFoundError:
                if os.path.exists(folder):
                    raise
            except OSError as problem:  # there was not even room for its marks
                answer = {"failure": _explained(problem)}
    if "failure" in answer:
        tidy(os.path.dirname(folder), data, root)
        raise answer["failure"]
    return answer


def _brought(record, wanted):
    """What came of it; of what could not be brought about at all nothing stays."""
    kind = kind_of(record.marks["moot.type"])
    try:
        waiting = kind.bring(record, wanted)
        return {"waiting": waiting, "seen": kind.seen(record)}
    except Failed as problem:
        return {"failure": problem}
    except (Problem, OSError) as problem:
        if not record.stands:
            _withdraw(kind, record)
        return {"failure": _explained(problem)}


def unconfigure(folder, marks, data, root, job=""):
    """Take a thing back: what is still under way, None when it is gone."""
    found = load(f"{folder}/marks.json")
    if not same({**found, "moot.type": ""}, {**marks, "moot.type": ""}):
        return None  # ours is gone; what has taken its place is another's
    _require_root()
    with staying(data), alone(folder):
        record = Record(folder, job)
        waiting = kind_of(found["moot.type"]).take_back(record)
        if waiting is None:
            remove(folder)
    if waiting is None:
        tidy(os.path.dirname(folder), data, root)
    return waiting


def sight(folder):
    """How the thing with this record folder is now."""
    record = Record(folder)
    return {"seen": kind_of(record.marks["moot.type"]).seen(record)}


def kind_of(type):
    """The module of a type: only what a machine has anything of is imported there."""
    return module(__package__, KINDS[type])


def _withdraw(kind, record):
    """Where that fails too, the record stays, and with it what is known of the thing."""
    with suppress(Problem, OSError):
        if kind.take_back(record) is None:
            remove(record.folder)


def _explained(problem):
    if isinstance(problem, OSError) and problem.errno in NO_ROOM:
        where = problem.filename or "the disk"
        remedy = "free some room there and run `moot up` again"
        return Problem("ServiceLimitExceeded", f"no room is left on {where}", remedy)
    return problem


def _require_root():
    if os.getuid():
        remedy = "reach the machine as root, or set `sudo: true` for it"
        raise Problem("AccessDenied", "only root may configure a machine", remedy)
