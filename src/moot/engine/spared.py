"""Whether a placement leaves the headroom its App promises."""

from __future__ import annotations

from collections.abc import Iterator

from moot.model.diagnostic import Diagnostic, Refused
from moot.model.headroom import Headroom
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.passes.spare import spare

MOST_NAMED = 8


def spared(ground: Ground, placement: Placement) -> Headroom | None:
    """What is left of it; Refused where that is too little.

    Nothing is refused while a venue is missed: what is left free is for that.
    """
    found = spare(ground, placement)
    if found and found.shortfalls and not ground.missed:
        raise Refused(_too_little(found, ground))
    return found


def scarce(found: Headroom | None, ground: Ground) -> Iterator[Diagnostic]:
    """A warning where there is too little of it, and nothing was refused."""
    if found and found.shortfalls:
        yield Diagnostic(
            severity="warning",
            summary=f"x-moot.headroom: {found.level} is not kept: {found.shortfalls[0]}",
            detail=f"{', '.join(sorted(ground.missed))} did not answer",
            remedy="`moot up` makes it good once they answer again",
            place=ground.app.policy.places.get("headroom"),
        )


def _too_little(found: Headroom, ground: Ground) -> Diagnostic:
    lines = [str(shortfall) for shortfall in found.shortfalls[:MOST_NAMED]]
    more = len(found.shortfalls) - MOST_NAMED
    return Diagnostic(
        summary=f"x-moot.headroom: {found.level} cannot be kept: {lines[0]}",
        detail="\n".join([*lines[1:], *([f"and {more} more"] if more > 0 else ())]),
        remedy="add room, run fewer replicas or let them need less, or ask for headroom of a "
        "narrower level",
        place=ground.app.policy.places.get("headroom"),
    )
