"""What can be asked of a machine: one errand does all of a change, in one round trip.

An errand is a function of plain JSON that returns plain JSON, or raises Problem.
"""

from __future__ import annotations

import contextlib
import errno
import importlib

from .files import Problem
from .survey import SIGHTS

ERRANDS = {  # by name: the module with the function of that name
    "facts": "facts",
    "version": "facts",
    "survey": "survey",
    "look": "survey",
    "lines": "lines",
    "command": "command",
    "start": "runs",
    "stop": "runs",
    "amend": "runs",
    "prepare_entry": "runs",
    "load": "files",
    "make_volume": "files",
    "remove_volume": "files",
    "run_container": "containers",
    "end_container": "containers",
    "amend_container": "containers",
    "begin_image": "images",
    "pull_image": "images",
    "end_of_image": "images",
    "amend_image": "images",
    "remove_image": "images",
    "holders": "ports",
    "gateway": "gateway",
    "configure": "recipes",
    "unconfigure": "recipes",
}
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
MAKE_ROOM = "free some of it there (df -h, du -x), or set `data` of the venue to another disk"
ASKED = set()  # errands that were asked for before
TELLING = frozenset({"command"})  # these take `say`, and say things before their answer


def prepare(asked):
    """Import what an errand needs, before it gets a process of its own: once, not every time.

    The first survey imports what it meets itself: most couriers are asked for one, of a few types.
    """
    name = asked["errand"]
    with contextlib.suppress(Exception):  # the errand itself says what is wrong
        module = _module(name)
        if name == "configure":
            module.kind_of(asked["type"])
        elif name == "survey" and name in ASKED:
            for sight in {*SIGHTS.values(), *_module("configure").KINDS.values()}:
                importlib.import_module(f".{sight}", __package__)
    ASKED.add(name)


def perform(asked, say):
    """Do the errand; its answer is {"ok"} or {"error": CODE, "message", "remedy"}."""
    name = asked.pop("errand")
    try:
        errand = getattr(_module(name), name)
        return {"ok": errand(**asked, say=say) if name in TELLING else errand(**asked)}
    except Problem as problem:
        return problem.answer
    except PermissionError as problem:
        return Problem("AccessDenied", str(problem)).answer
    except OSError as problem:
        if problem.errno in NO_ROOM:
            return Problem("ServiceLimitExceeded", f"its disk is full: {problem}", MAKE_ROOM).answer
        return Problem("GeneralServiceException", str(problem)).answer
    except Exception:
        import traceback

        return Problem("GeneralServiceException", f"{name}: {traceback.format_exc()}").answer


def _module(name):
    return importlib.import_module(f".{ERRANDS[name]}", __package__)
