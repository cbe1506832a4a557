"""Component x Shelf x Room -> Diagnostic: why it has no place, offering by offering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from moot.model.app import Component
from moot.model.diagnostic import Diagnostic
from moot.model.placement import Rejection
from moot.passes.apart import PLURALS, wanted
from moot.passes.placing.fit import aloof
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Room, Shelf, demand

MOST_NAMED = 20  # offerings of one venue or pool, for one reason


def refuse(
    basis: Basis,
    component: Component,
    shelf: Shelf,
    room: Room,
    rejected: Iterable[Rejection],
    alone: str,
) -> Diagnostic:
    """It fits none of the `rejected`; the shelf could take a replica, but not all as is asked:
    `alone` says why not where there is room.
    """
    sites = {offering.venue: offering.site for offering in basis.stock.offerings}
    reasons = [(sites.get(r.venue, r.venue), r.venue, r.offering, r.reason) for r in rejected]
    crosses = basis.crosses(component, wanted(basis.app.policy, component))
    least = 1 if crosses else component.replicas  # that are in one venue or pool
    for ways in basis.places(component, shelf).values():
        lacks: dict[str, str] = {}
        for number in ways.numbers:
            offering = basis.stock.offerings[number]
            why = aloof(component, offering)
            if why not in lacks:
                lacks[why] = alone or _lack(basis, component, ways, shelf, room, why)
            reason = room.short_of_gpus(number, component.needs)
            reason = reason or room.over_quota(number, component.needs, least) or lacks[why]
            reasons.append((offering.site, offering.venue, offering.name, reason))
    return Diagnostic(
        summary=f"no venue can run component {component.name!r}",
        detail="\n".join(_listed(reasons)) or "no venue offers any room",
        remedy="change what it needs, or add or repair a venue (`moot venue check`)",
        place=component.place,
        component=component.name,
    )


def _lack(
    basis: Basis, component: Component, ways: Shelf, shelf: Shelf, room: Room, aloof: str
) -> str:
    """Why offerings in one place that could take one replica each do not help."""
    spread = wanted(basis.app.policy, component)
    if spread and basis.keeps(component):
        return "its volume keeps all on one machine, and x-moot.spread wants more"
    where = ""
    if basis.crosses(component, spread):
        joined = basis.reachable(component, shelf)
        if aloof:
            where = f"{aloof}, and alone it "
        elif len(joined.numbers) > len(ways.numbers):
            ways, where = joined, "with the others that can be reached it "
    stock = basis.stock
    for level, n in stock.lacks(room.open(ways.numbers, demand(component.needs)), spread).items():
        had, unsaid = spread[level] - n, ""
        if level in ("region", "zone") and not any(
            getattr(stock.offerings[number], level) for number in ways.numbers
        ):
            unsaid = f": nothing states its `{level}` in venues.yaml"
        wants = f"{spread[level]} {PLURALS[level]} that x-moot.spread wants"
        return f"{where}has room in {had} of the {wants}{unsaid}"
    able = room.gpus_for(ways.numbers, demand(component.needs), component.replicas)
    if able < component.replicas:
        return f"{where}has GPUs for {able} of all {component.replicas}"
    over = (room.over_quota(n, component.needs, component.replicas) for n in ways.numbers)
    tight = next((f": {said}" for said in over if where and said), "")
    return f"{where}has no room for all {component.replicas}{tight}"


def _listed(reasons: Iterable[tuple[str, str, str, str]]) -> Iterator[str]:
    """A line for each, but of many that say the same the first ones and how many more there are."""
    said: Counter[tuple[str, str]] = Counter()
    for site, venue, offering, reason in reasons:
        said[site, reason] += 1
        if said[site, reason] <= MOST_NAMED:
            yield f"{venue}/{offering}: {reason}"
    for (site, reason), count in said.items():
        if count > MOST_NAMED:
            yield f"{count - MOST_NAMED:,} more of {site}: {reason}"
