"""Placement x a replica x where else it could be -> the reason for which it is where it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from moot.model.alternative import Possible
from moot.model.placement import Assignment, Placement
from moot.model.rehearsal import Ground, key_of
from moot.model.venue import Offering
from moot.passes.apart import PLURALS, apart, wanted


def because(
    ground: Ground, placement: Placement, chosen: Assignment, possible: Sequence[Possible]
) -> str:
    """The first promise that keeps it from every cheaper place, or else its price."""
    return _kept_apart(ground, placement, chosen) or _by_price(chosen, possible)


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


def _by_price(chosen: Assignment, possible: Sequence[Possible]) -> str:
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
