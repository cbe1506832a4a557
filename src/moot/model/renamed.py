"""Another name for a venue, in what was written down while it had the old one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from moot.model.codec import placement_from_json, placement_to_json
from moot.model.placement import Assignments, Charge, Placement
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, Ref, Secret, Value, substitute
from moot.model.venue import Offering


def renamed(text: str, old: str, new: str) -> str:
    """An address, an exclusive claim, or what a port is reserved for."""
    before, at, after = text.partition("@")
    venue, slash, kind = after.partition("/")
    return f"{before}@{new}{slash}{kind}" if at and venue == old else text


def item_renamed(item: ConfigurationItem, old: str, new: str) -> ConfigurationItem:
    """What its venue calls it and says of it stays as it is."""

    def known(unknown: Ref | Secret) -> Value:
        if isinstance(unknown, Secret):
            return unknown
        return Ref(renamed(unknown.address, old, new), unknown.attribute)

    address = item.address and renamed(item.address, old, new)
    return replace(
        item,
        venue=new if item.venue == old else item.venue,
        address=address,
        applied=substitute(item.applied, known),
        depends_on=tuple(renamed(needed, old, new) for needed in item.depends_on),
        on=item.on and renamed(item.on, old, new),
        exclusive=frozenset(renamed(claim, old, new) for claim in item.exclusive),
        marked_as=item.marked_as if address == item.address else item.marked_as or item.address,
    )


def placement_renamed(body: Mapping[str, JSON], old: str, new: str) -> dict[str, JSON]:
    """A placement as it was written, with all that was written beside it."""
    placement = placement_from_json(body)
    was, site = (venue.partition(":")[0] for venue in (old, new))

    def charged(charges: Iterable[Charge]) -> tuple[Charge, ...]:
        return tuple(replace(each, site=site) if each.site == was else each for each in charges)

    changed = Placement(
        assignments=Assignments(
            replace(run, offering=_offering(run.offering, old, new)) for run in placement.runs
        ),
        rejections=tuple(
            replace(r, venue=new) if r.venue == old else r for r in placement.rejections
        ),
        egress=charged(placement.egress),
        disk=charged(placement.disk),
    )
    endpoints = [
        [*end, new if venue == old else venue] for *end, venue in body.get("endpoints", ())
    ]
    return {**body, **placement_to_json(changed), "endpoints": endpoints}


def _offering(offering: Offering, old: str, new: str) -> Offering:
    """A machine is renamed with its pool: `lab:h1` of `lab`, for one, to `rack:h1` of `rack`."""
    if offering.venue != old:
        return offering
    pool = new.partition(":")[0] if offering.pool else ""
    return replace(offering, venue=new, pool=pool)
