"""`moot up` and `moot down`: show the plan, carry it out, say how it ended and what stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from moot.cli import INTERRUPTED
from moot.cli.commands.plan import show_proposal
from moot.cli.interrupt import interruptible
from moot.cli.output import Output
from moot.cli.progress import progress_for
from moot.cli.proposal import NO_CHANGES, change_lines, summary
from moot.model.plan import Plan
from moot.model.report import Outcome, Proposal, ReplicaStatus, Step
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call

MOST_CHANGES = 40
MOST_STANDING = 30

T = TypeVar("T")


def up(call: Call, out: Output) -> int:
    """Make what runs equal to the declaration, then say where to reach it."""
    silent = out.json_wanted or call.invocation.flag("quiet")

    def announce(proposal: Proposal) -> None:
        out.warn(proposal.warnings)
        if not silent:
            out.stale(proposal.stale)
            show_proposal(proposal, out, where=False, most=MOST_CHANGES)

    outcome = follow(call, out, lambda observe, stop: call.moot.up(observe, announce, stop))
    if out.json_wanted:
        answer(out, outcome)
    elif not ended_badly(outcome) and not silent:
        for line in reachable(outcome.replicas):
            out.line(line)
    return conclude(call, out, outcome, "moot up")


def down(call: Call, out: Output) -> int:
    """Remove the App, and its volumes only where that was asked for."""
    volumes = call.invocation.flag("volumes")
    silent = out.json_wanted or call.invocation.flag("quiet")

    def announce(plan: Plan) -> None:
        if silent:
            return
        for line in change_lines(plan, out.style, most=MOST_CHANGES):
            out.line(line)
        nothing = f"{NO_CHANGES} Nothing of this App stands."
        out.line(out.style(summary(plan) if plan.changes else nothing, "bold"))

    def apply(observe: Callable[[Step], None], stop: Event) -> Outcome:
        return call.moot.down(volumes=volumes, observer=observe, announce=announce, cancelled=stop)

    outcome = follow(call, out, apply)
    if out.json_wanted:
        answer(out, outcome)
    elif outcome.kept_volumes and not silent and not volumes:
        out.message(f"kept: {', '.join(outcome.kept_volumes)}")
        out.message("moot down --volumes, or moot volume rm NAME, deletes them and what is in them")
    return conclude(call, out, outcome, "moot down")


def follow(call: Call, out: Output, apply: Callable[[Callable[[Step], None], Event], T]) -> T:
    """Carry it out with progress on stderr, to be interrupted by Ctrl-C."""
    quiet = call.invocation.flag("quiet")
    progress = progress_for(out, quiet=quiet, plain=call.tracing)
    try:
        with interruptible(progress.say) as cancelled:
            return apply(progress.observe, cancelled)
    finally:
        progress.close()


def answer(out: Output, outcome: Outcome, **more: JSON) -> None:
    """The outcome as JSON, with whatever fields a command adds."""
    fields: dict[str, JSON] = {
        "changes": outcome.plan.as_json(),
        "replicas": [replica.as_json() for replica in outcome.replicas],
        "done": outcome.done,
        "dropped": outcome.dropped,
        "interrupted": outcome.interrupted,
        "standing": [item.address or item.identifier for item in outcome.standing],
        "kept_volumes": list(outcome.kept_volumes),
        "elapsed_s": round(outcome.elapsed_s, 3),
        **more,
    }
    out.answer(fields, errors=outcome.failures, stale=outcome.stale)


def conclude(call: Call, out: Output, outcome: Outcome, again: str) -> int:
    """Say how it ended; the exit code.  `again` is the command that goes on from here."""
    out.warn(outcome.warnings)
    code = INTERRUPTED if outcome.interrupted else 1 if outcome.failures else 0
    if out.json_wanted:
        return code
    out.stale(outcome.stale)
    out.fail(outcome.failures)
    if ended_badly(outcome):
        for line in standing(outcome, again):
            out.message(line)
    elif outcome.done and not call.invocation.flag("quiet"):
        out.message(f"{_changes(outcome.done)} in {outcome.elapsed_s:.1f}s")
    return code


def ended_badly(outcome: Outcome) -> bool:
    """Whether something that was planned has not been done."""
    return outcome.interrupted or bool(outcome.failures)


def standing(outcome: Outcome, again: str) -> Iterable[str]:
    """What stands after an apply that did not get to its end, and how to go on."""
    how = "interrupted" if outcome.interrupted else "not all is well"
    yield f"{how}: {outcome.done} of {_changes(len(outcome.plan.changes))} done"
    yield "what stands:" if outcome.standing else "nothing stands"
    for item in outcome.standing[:MOST_STANDING]:
        yield f"  {item.address or item.identifier}  {item.status or ''}".rstrip()
    if len(outcome.standing) > MOST_STANDING:
        yield f"  ... and {len(outcome.standing) - MOST_STANDING} more; moot inventory lists them"
    mend = "mend what is said above, then " if outcome.failures else ""
    yield f"{mend}{again} goes on from here"


def reachable(replicas: Iterable[ReplicaStatus]) -> Iterable[str]:
    """A line per component: its name, where to reach it, and how its replicas are."""
    groups: dict[str, list[ReplicaStatus]] = {}
    for replica in replicas:
        groups.setdefault(replica.component, []).append(replica)
    width = max(map(len, groups), default=0)
    for component, members in groups.items():
        ends = dict.fromkeys(end for member in members for end in member.endpoints)
        addresses = "  ".join(address_text(port, address) for port, address in ends)
        statuses = Counter(member.status for member in members)
        how = ", ".join(f"{count} {status}" for status, count in statuses.items())
        yield "  ".join(part for part in (component.ljust(width), addresses, how) if part)


def _changes(count: int) -> str:
    return "1 change" if count == 1 else f"{count} changes"


# Published ports that people open in a browser; what else is published keeps its bare address.
_BROWSED = {"80", "3000", "5000", "8000", "8080", "8888", "9000"}


def address_text(port: str, address: str) -> str:
    """An end point as one would type it on this machine."""
    for everywhere in ("0.0.0.0:", "[::]:", ":::"):
        if address.startswith(everywhere):
            address = f"127.0.0.1:{address.removeprefix(everywhere)}"
    target, _, protocol = port.partition("/")
    browsed = target in _BROWSED and protocol in ("", "tcp", "http") and "://" not in address
    return f"http://{address}" if browsed else address
