"""A script of a recipe: run once, in a process of its own, unless its check says it is done."""

from __future__ import annotations

import os

from .files import remove, write
from .jobs import Failed, Job
from .lean import signal
from .process import signal_all
from .programs import PATH, begin, end
from .records import digest

BRIEF_S = 0.2  # most end at once, and that saves a round trip
CHECK_S = 10.0


def bring(record, wanted):
    """Begin what is not done yet; says what is under way, None where all is done.

    Asked anew about what failed it tries again; asked after its own run it says how that ended.
    """
    key = digest(wanted["run"], wanted["environment"], wanted.get("files"))
    record.keep(wanted=wanted, key=key)
    job, title = job_of(record), wanted["title"]
    done = job.status == "ended" and job.exit_code == 0
    running = _running(record)
    if running:
        return running.under_way(f"running {title}")
    if job.status == "ended" and job.name == record.job:
        _judge(record, wanted, job)
    elif not _holds(record, wanted, default=done):
        if job.status == "cut" and not (wanted["check"] or wanted["repeatable"]):
            raise _undecided(title)
        record.keep(skipped=False)
        job.begin(lambda: execute(record, wanted, wanted["run"]), BRIEF_S)
        if job.status != "ended":
            return job.under_way(f"running {title}")
        _judge(record, wanted, job)
    elif not done:
        job.skip()
        record.keep(skipped=not record.stands)
    record.keep(stands=True)
    record.proven = True
    _tidy(record)
    return None


def take_back(record):
    """Run its undo, where it was this script that did something."""
    wanted = record.wanted
    if not wanted:
        return None
    job, title = job_of(record), wanted["title"]
    running = _running(record)
    if running:
        running.stop()
        return running.under_way(f"ending {title}")
    if not wanted["undo"] or record.content.get("skipped") or job.status == "none":
        return None
    undo = Job(f"{record.folder}/undo")
    known = undo.status == "ended" and (undo.exit_code == 0 or undo.name == record.job)
    if not known and undo.status != "running":
        undo.begin(lambda: execute(record, wanted, wanted["undo"]), BRIEF_S)
    if undo.status != "ended":
        return undo.under_way(f"undoing {title}")
    if undo.exit_code:
        raise undo.failure(f"undoing {title}", _secrets(wanted))
    return None


def seen(record):
    """What was asked, and whether it is done, which its check is asked about."""
    wanted = record.wanted
    if not wanted:
        return {"outcome": "not done"}
    job = job_of(record)
    done = job.status == "ended" and job.exit_code == 0
    holds = record.proven or (done and _holds(record, wanted, default=True))
    shown = {name: wanted[name] for name in ("title", "run", "check", "undo", "repeatable")}
    return {
        **shown,
        "outcome": "done" if done and holds else "not done",
        "exit_code": job.exit_code,
        "skipped": bool(record.content.get("skipped")),
    }


def execute(record, wanted, text, timeout_s=None, quiet=False):
    """Run a script in its own surroundings; its exit code.  One that begins with #! has its say."""
    argv = ["/bin/sh", "-e", "-c", text]
    if text.startswith("#!"):
        path = f"{record.folder}/script.{os.getpid()}"
        write(path, text, 0o700)
        argv = [path]
    environment = {
        "PATH": PATH,
        "HOME": "/root",
        "USER": "root",
        "LANG": "C.UTF-8",
        "MOOT_RECORD": record.folder,
        **{name: str(value) for name, value in wanted["environment"].items()},
    }
    try:
        pid = begin(argv, environment, quiet=quiet, apart=timeout_s is not None)
        code = end(pid, timeout_s)
        if code is None:
            signal_all(pid, signal.SIGKILL)
            end(pid)
        return 124 if code is None else code
    finally:
        if text.startswith("#!"):
            os.unlink(argv[0])


def _judge(record, wanted, job):
    """Raises what must be said of the run that was asked after."""
    if job.exit_code:
        raise job.failure(wanted["title"], _secrets(wanted))
    if not _holds(record, wanted, default=True):
        raise Failed(
            "NotStabilized",
            f"{wanted['title']} ended well, and yet its check says that it is not done",
            "correct its `run` or its `check`",
        )


def _secrets(wanted):
    return [str(wanted["environment"][name]) for name in wanted["secret_variables"]]


def _undecided(title):
    return Failed(
        "NotStabilized",
        f"{title} was cut off before it ended, by a restart of the machine or a kill, and may have"
        " been done in part",
        "give it a `check` that tells, or say `repeatable: true`; then run `moot up` again",
    )


def _holds(record, wanted, default):
    """What the check says; `default` where there is none."""
    if not wanted["check"]:
        return default
    return execute(record, wanted, wanted["check"], CHECK_S, quiet=True) == 0


def job_of(record):
    """The job that runs what is wanted now."""
    return Job(f"{record.folder}/job-{record.content.get('key', '')}")


def _running(record):
    """A run that has not ended, be it of an earlier text; two never run at once."""
    names = (name for name in os.listdir(record.folder) if name.startswith("job-"))
    jobs = (Job(f"{record.folder}/{name}") for name in names)
    return next((job for job in jobs if job.status == "running"), None)


def _tidy(record):
    """Earlier texts of this script are history."""
    for name in os.listdir(record.folder):
        if name.startswith("job-") and name != f"job-{record.content['key']}":
            remove(f"{record.folder}/{name}", ignore_errors=True)
