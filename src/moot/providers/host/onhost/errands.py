"""One errand on a machine per call, so that one round trip does all of a change.

`{"errand": NAME, ...}` comes on stdin, so nothing secret stands in a process list.  The answer is
`{"ok": ...}` or `{"error": CODE, "message", "remedy"}`.
"""

from __future__ import annotations

import json
import sys

from .files import Problem, make_volume, remove_volume
from .gateway import gateway
from .ports import holders
from .runs import amend, start, stop

ERRANDS = {
    function.__name__: function
    for function in (start, stop, amend, make_volume, remove_volume, holders, gateway)
}


def main(arguments):
    """Do the errand that stdin asks for."""
    asked = json.load(sys.stdin)
    try:
        answer = {"ok": ERRANDS[asked.pop("errand")](**asked)}
    except Problem as problem:
        answer = problem.answer
    except PermissionError as problem:
        answer = Problem("AccessDenied", str(problem)).answer
    except OSError as problem:
        answer = Problem("GeneralServiceException", str(problem)).answer
    print(json.dumps(answer))
