"""Why a replica is where it is, why it is not elsewhere, and what that would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moot.engine.turn import Turn, World
from moot.model.day import priced
from moot.model.placement import Rejection
from moot.model.rehearsal import Ground
from moot.model.report import Why
from moot.model.venue import Offering
from moot.passes.explaining.alternative import alternative
from moot.passes.explaining.because import because
from moot.passes.explaining.elsewhere import elsewhere, ties_of


def why(turn: Turn, world: World, replica: str, without: Sequence[str] = ()) -> Why:
    """By the turn's placement, in which the replica is.

    The best alternative is one without these venues and pools, or without what the replica is on;
    BadInput where there is no such venue.
    """
    placement, ground = turn.placement, turn.ground
    assert placement is not None and ground is not None, "a turn that wants something is placed"
    chosen = next(a for run in placement.runs for a in run if a.replica == replica)
    ties = ties_of(ground, placement, chosen.component)
    possible, rejections = elsewhere(ground, placement, chosen, ties)
    avoided = world.venues.meant(without) or (chosen.offering.venue,)
    return Why(
        replica=replica,
        chosen=f"{chosen.offering.venue}/{chosen.offering.name} as a {chosen.runs_as}"
        + (f", of {chosen.offering.counted}" if chosen.offering.counted else "")
        + (", as spot" if chosen.offering.spot else ""),
        price=price_text(chosen.offering),
        priced=priced([chosen.offering]),
        reason=because(ground, placement, chosen, possible),
        alternatives=tuple(_named(each.offering) for each in possible),
        rejections=(*rejections, *_unasked(chosen.component, ground, world)),
        availability=turn.outlook,
        possible=possible,
        egress=tuple(each for each in placement.egress if each.component == chosen.component),
        disk=tuple(each for each in placement.disk if each.component == chosen.component),
        gpus=chosen.gpus,
        best=alternative(
            ground,
            placement,
            chosen.component,
            ties,
            ", ".join(without or avoided),
            lambda offering: offering.venue in avoided,
        ),
    )


def price_text(offering: Offering) -> str:
    """Of one replica for an hour, with the day of the price."""
    if offering.hourly is None:
        return "an unknown price"
    if not offering.hourly:
        return "no charge"
    day = f" ({offering.priced})" if offering.priced else ""
    return f"{offering.hourly:f} {offering.currency}/hour{day}"


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
