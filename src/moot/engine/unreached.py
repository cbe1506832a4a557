"""What a turn leaves undone because a venue does not answer, and how that is told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from moot.model.diagnostic import Diagnostic
from moot.model.placement import Placement
from moot.model.plan import Change, Delete, Plan
from moot.model.rehearsal import Ground
from moot.passes.withhold import withhold


@dataclass(frozen=True, slots=True)
class Reached:
    """The part of a plan that can be carried out now.

    `withheld` is the other part.  `lacking` says what of the App is not known to be as it is
    wanted, `warnings` what may be there and should not be.  Both are of the venues `concerned`.
    """

    plan: Plan
    withheld: tuple[Change, ...] = ()
    lacking: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    concerned: frozenset[str] = frozenset()


def reached(plan: Plan, placement: Placement, silent: Mapping[str, str]) -> Reached:
    """Without what must wait for `silent` venues, which do not answer for the reasons given."""
    if not silent:
        return Reached(plan)
    possible, left_out = withhold(plan, silent)
    stranded = (run for run in placement.runs if run.offering.venue in silent)
    wanted = {replica.main: replica.offering.venue for run in stranded for replica in run}
    wanted |= {c.address: c.want.venue for c in left_out if not isinstance(c, Delete)}
    over = {c.address: c.have.venue for c in left_out if isinstance(c, Delete)}
    over = {address: venue for address, venue in over.items() if address not in wanted}
    lacking = (_lacking(v, addresses, silent) for v, addresses in _by_venue(wanted))
    warnings = (_over(v, addresses, silent) for v, addresses in _by_venue(over))
    concerned = frozenset((*wanted.values(), *over.values()))
    return Reached(possible, left_out, tuple(lacking), tuple(warnings), concerned)


def unended(plan: Plan, silent: Mapping[str, str]) -> Reached:
    """The same of a plan that takes an App away: what is left there is what is lacking."""
    found = reached(plan, Placement(assignments=()), silent)
    return replace(found, lacking=(*found.lacking, *found.warnings), warnings=())


def passed_over(ground: Ground, concerned: Collection[str]) -> Iterator[Diagnostic]:
    """The silent venues that somebody may count on, but for those of which more is said."""
    for venue in ground.missed:
        if venue not in concerned:
            yield Diagnostic(
                severity="warning",
                summary=f"{venue} does not answer",
                detail=f"{ground.absent[venue]}; nothing is placed there",
                remedy=ground.remedies.get(venue) or "bring it back; nothing waits for it",
            )


def _by_venue(venues: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for address, venue in sorted(venues.items()):
        found.setdefault(venue, []).append(address)
    yield from found.items()


def _lacking(venue: str, addresses: Sequence[str], silent: Mapping[str, str]) -> Diagnostic:
    return Diagnostic(
        summary=f"not all is known to run: {_said(venue, silent)}",
        detail=f"there belongs {_listed(addresses)}",
        remedy="bring it back, then run the same command again; everything else is done",
    )


def _over(venue: str, addresses: Sequence[str], silent: Mapping[str, str]) -> Diagnostic:
    return Diagnostic(
        severity="warning",
        summary=f"something may be left: {_said(venue, silent)}",
        detail=f"{_listed(addresses)} should not be there any more",
        remedy="the same command ends it when the venue answers; should it never come back: "
        f"moot forget @{venue}",
    )


def _said(venue: str, silent: Mapping[str, str]) -> str:
    """A change may wait for another venue than its own, which answers."""
    reason = silent.get(venue)
    return f"{venue} does not answer ({reason})" if reason else f"{venue} waits for another venue"


def _listed(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 3} more" if len(addresses) > 3 else ""
    return ", ".join(addresses[:3]) + more
