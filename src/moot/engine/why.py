"""Why a replica is where it is, why it is not elsewhere, and what that would cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from moot.engine.turn import Turn, World
from moot.model.alternative import Possible
from moot.model.placement import Assignment, Placement, Rejection
from moot.model.rehearsal import Ground, key_of
from moot.model.report import Why
from moot.model.venue import Offering
from moot.passes.apart import PLURALS, apart, wanted
from moot.passes.explaining.alternative import alternative
from moot.passes.explaining.elsewhere import elsewhere


def why(turn: Turn, world: World, replica: str, without: Sequence[str] = ()) -> Why:
    """By the turn's placement, in which the replica is.

    The best alternative is one without these venues and pools, or without what the replica is on;
    BadInput where there is no such venue.
    """
    placement, ground = turn.placement, turn.ground
    assert placement is not None and ground is not None, "a turn that wants something is placed"
    chosen = next(a for run in placement.runs for a in run if a.replica == replica)
    possible, rejections = elsewhere(ground, placement, chosen)
    avoided = world.venues.meant(without) or (chosen.offering.venue,)
    return Why(
        replica=replica,
        chosen=f"{chosen.offering.venue}/{chosen.offering.name} as a {chosen.runs_as}",
        price=price_text(chosen.offering),
        reason=_kept_apart(ground, placement, chosen) or _because(chosen, possible),
        alternatives=tuple(_named(each.offering) for each in possible),
        rejections=(*rejections, *_unasked(chosen.component, ground, world)),
        availability=turn.outlook,
        possible=possible,
        best=alternative(
            ground,
            placement,
            chosen.component,
            ", ".join(without or avoided),
            lambda offering: offering.venue in avoided,
        ),
    )


def price_text(offering: Offering) -> str:
    """Of one replica for an hour."""
    if offering.hourly is None:
        return "an unknown price"
    return f"{offering.hourly:f} {offering.currency}/hour" if offering.hourly else "no charge"


def _named(offering: Offering) -> str:
    return f"{offering.venue}/{offering.name} at {price_text(offering)}"


def _unasked(component: str, ground: Ground, world: World) -> Iterator[Rejection]:
    """The venues that the App does not allow: nobody has asked them."""
    allowed = ground.app.policy.venues
    asked = world.venues.meant(allowed) or world.allowed
    for venue in world.allowed:
        if venue not in asked:
            reason = f"is not among the app's venues ({', '.join(allowed)})"
            yield Rejection(component, venue, "-", reason)


def _kept_apart(ground: Ground, placement: Placement, chosen: Assignment) -> str:
    """That every cheaper place is in a domain that has others already; "" where that is not so."""
    component = next(c for c in ground.app.components if c.name == chosen.component)
    spread, mine = wanted(ground.app.policy, component), chosen.offering.hourly
    if not spread or not mine:
        return ""
    able = list(_able(ground, placement, chosen))
    cheaper = [o for o in able if o.hourly is not None and o.hourly < mine]
    same = (run for run in placement.runs if run.component == component.name)
    rest = [a.offering for run in same for a in run if a.replica != chosen.replica]
    atlas = apart([*rest, chosen.offering, *able])
    lost = [atlas.lacks([*rest, offering], spread) for offering in cheaper]
    if not lost or not all(lost):
        return ""
    level = next(iter(lost[0]))
    return (
        f"x-moot.spread wants {spread[level]} {PLURALS[level]}, and every cheaper place is in one "
        "that has a replica"
    )


def _able(ground: Ground, placement: Placement, chosen: Assignment) -> Iterator[Offering]:
    """What could run the component, were there no others."""
    rejected = (r for r in placement.rejections if r.component == chosen.component)
    out: Collection[tuple[str, str]] = {(r.venue, r.offering) for r in rejected}
    out |= {key_of(chosen.offering)}
    yield from (offering for offering in ground.offerings if key_of(offering) not in out)


def _because(chosen: Assignment, possible: Sequence[Possible]) -> str:
    others = [each.offering for each in possible]
    if not others:
        return "it is the only place that can take it"
    cheapest = min((o.hourly for o in others if o.hourly is not None), default=None)
    mine = chosen.offering.hourly
    if mine is not None and cheapest is not None and mine < cheapest:
        return "it is the cheapest place that can take it"
    if mine is not None and cheapest is not None and mine > cheapest:
        return "it is there already, and moving would save too little"
    pool = chosen.offering.pool
    if pool and any(other.pool == pool for other in others):
        return f"no other place is cheaper, and replicas are spread over the machines of {pool}"
    return "no other place is cheaper"
