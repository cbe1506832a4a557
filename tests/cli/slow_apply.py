"""A program for the terminal tests: an apply of one change that never ends by itself.

`python slow_apply.py polite` ends when it is asked to, `stubborn` never does; `waiting` is polite
and says what is held up.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from threading import Event

from shop_values import PLAN, item

from moot.cli.arguments import parse
from moot.cli.call import Call
from moot.cli.commands.apply import conclude, follow
from moot.cli.output import Output
from moot.model.report import Outcome, Step

ADDRESS = "shop/web/0@laptop/process"


def apply(observe: Callable[[Step], None], cancelled: Event) -> Outcome:
    """Settle one change, start another, and finish that one only once it is told to stop."""
    first = PLAN.changes[0]
    begun = Step(change="a", verb="create", address=ADDRESS, phase="started", total=2)
    observe(Step(change=first.key, verb="create", address="shop/db/0", phase="done", total=2))
    observe(begun)
    if sys.argv[1] == "waiting":
        note = f"waiting for {ADDRESS} to be healthy; it is starting"
        observe(Step(change="b", verb="create", address="b", phase="waiting", note=note, total=2))
    while sys.argv[1] == "stubborn" or not cancelled.is_set():
        time.sleep(0.01)
    observe(Step(change="a", verb="create", address=ADDRESS, phase="done", done=1, total=2))
    return Outcome(plan=PLAN, done=1, interrupted=True, standing=(item(ADDRESS),))


if __name__ == "__main__":
    out = Output(os.environ)
    call = Call(parse(["up", *sys.argv[2:]]), os.environ, out, None)
    sys.exit(conclude(call, out, follow(call, out, apply), "moot up"))
