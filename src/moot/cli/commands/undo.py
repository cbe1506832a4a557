"""`moot undo`: show the plan back and what stays done, ask, carry it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moot.cli.commands.apply import answer, conclude, follow
from moot.cli.commands.plan import show_proposal
from moot.cli.confirm import confirmed
from moot.cli.output import Output, moment
from moot.model.report import Undoing
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call


def undo(call: Call, out: Output) -> int:
    """Go back, unless --plan only asks what that would do or the user says no."""
    only_plan = call.invocation.flag("plan")
    undoing = call.moot.undoing()
    if not out.json_wanted and (only_plan or not call.invocation.flag("quiet")):
        _show(undoing, out)
    if only_plan or not confirmed(call, out, "Go back to it?"):
        if out.json_wanted:
            changes = undoing.proposal.plan.as_json()
            fields = {"changes": changes, "undone": undoing_json(undoing)}
            out.answer(fields, stale=undoing.proposal.stale)
        return 0
    outcome = follow(call, out, lambda observe, stop: call.moot.undo(undoing, observe, stop))
    if out.json_wanted:
        answer(out, outcome, undone=undoing_json(undoing))
    return conclude(call, out, outcome, "moot undo")


def undoing_json(undoing: Undoing) -> JSON:
    """`undone`: the revision gone back to, what is taken back, and what stays done."""
    return {
        "revision": undoing.number,
        "at": undoing.at,
        "cause": undoing.cause,
        "lost": [each.as_json() for each in undoing.lost],
    }


def _show(undoing: Undoing, out: Output) -> None:
    out.line(
        f"Taking back what {undoing.cause} changed {moment(undoing.at)}: "
        f"back to revision {undoing.number}."
    )
    show_proposal(undoing.proposal, out, where=False)
    out.warn((*undoing.proposal.warnings, *undoing.lost))
