"""What can be asked of a machine: one errand does all of a change, in one round trip.

An errand is a function of plain JSON that returns plain JSON, or raises Problem.
"""

from __future__ import annotations

import errno

from .files import Problem
from .lean import module

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
TELLING = frozenset({"command"})  # these take `say`, and say things before their answer


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
    return module(__package__, ERRANDS[name])
