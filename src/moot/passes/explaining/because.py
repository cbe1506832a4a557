"""Placement x a replica x where else it could be -> the reason for which it is where it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from moot.model.alternative import Possible
from moot.model.app import Component, Needs
from moot.model.availability import percent
from moot.model.placement import Assignment, Placement
from moot.model.rehearsal import Ground, key_of
from moot.model.venue import Offering
from moot.passes.apart import PLURALS, apart, wanted
from moot.passes.disk import replica_hourly
from moot.passes.explaining.striven import striven
from moot.passes.gathering.stay import machine_of, stay


def because(
    ground: Ground, placement: Placement, chosen: Assignment, possible: Sequence[Possible]
) -> str:
    """The first promise that keeps it from every cheaper place, or else its price."""
    return (
        striven(ground, placement, chosen.component)
        or _kept_apart(ground, placement, chosen)
        or _by_price(ground, chosen, possible, _company(ground, placement, chosen))
    )


def _component(ground: Ground, chosen: Assignment) -> Component:
    return next(c for c in ground.app.components if c.name == chosen.component)


def _kept_apart(ground: Ground, placement: Placement, chosen: Assignment) -> str:
    """That every cheaper place is in a domain that has others already; "" where that is not so."""
    component = _component(ground, chosen)
    needs = component.needs
    spread, mine = wanted(ground.app.policy, component), replica_hourly(chosen.offering, needs)
    if not spread or not mine:
        return ""
    able = list(_able(ground, placement, chosen))
    prices = ((o, replica_hourly(o, needs)) for o in able)
    cheaper = [o for o, price in prices if price is not None and price < mine]
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


def _company(ground: Ground, placement: Placement, chosen: Assignment) -> str:
    """With whom on its machine it has most traffic; "" where it has none with anybody there."""
    machine = machine_of(chosen.offering)
    there = {run.component for run in placement.runs if machine_of(run.offering) == machine}
    found = [
        (each.gb_monthly, each.to if each.component == chosen.component else each.component, each)
        for each in stay(ground.app, placement)
        if machine and each.most and chosen.component in (each.component, each.to)
    ]
    beside = [(gb, name, each.most) for gb, name, each in found if name in there]
    if not beside:
        return ""
    _, name, most = max(beside)
    return f"it talks to {name}: {percent(most)} of their traffic can stay on machines"


def _by_price(
    ground: Ground, chosen: Assignment, possible: Sequence[Possible], company: str
) -> str:
    others = [each.offering for each in possible]
    if not others:
        return "it is the only place that can take it"
    more = min((each.more for each in possible if each.more is not None), default=Decimal(0))
    if more > 0:
        return f"it is the cheapest place that can take it{_counted(ground, chosen, others)}"
    if more < 0:
        return "it is there already, and moving would save too little"
    if company:
        return f"no other place is cheaper, and {company}"
    pool = chosen.offering.pool
    if pool and any(other.pool == pool for other in others):
        return f"no other place is cheaper, and replicas are spread over the machines of {pool}"
    return "no other place is cheaper"


def _counted(ground: Ground, chosen: Assignment, others: Sequence[Offering]) -> str:
    """What makes it the cheapest, where its price alone does not."""
    for needs, told in ((Needs(), ""), (_component(ground, chosen).needs, ", with its disk")):
        mine = replica_hourly(chosen.offering, needs) or Decimal(0)
        prices = (replica_hourly(offering, needs) for offering in others)
        if all(price is None or price > mine for price in prices):
            return told
    return ", with what its traffic costs"
