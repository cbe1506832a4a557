"""Placement x Ground -> for each offering where a replica is not, why, or how much dearer it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from moot.model.alternative import Possible
from moot.model.app import Component
from moot.model.placement import Assignment, Placement, Rejection, Run
from moot.model.rehearsal import Ground, key_of
from moot.model.venue import Offering
from moot.passes.apart import PLURALS, Atlas, Spread, apart, wanted
from moot.passes.beside import beside
from moot.passes.disk import replica_hourly
from moot.passes.explaining.dues import dues
from moot.passes.explaining.unkept import unkept
from moot.passes.placing.cards import lack, sizes
from moot.passes.placing.fill import MOVE_THRESHOLD
from moot.passes.placing.fit import aloof
from moot.passes.placing.ration import takes
from moot.passes.placing.relate import Ties
from moot.passes.suppose import keepers


def elsewhere(
    ground: Ground, placement: Placement, chosen: Assignment, ties: Ties
) -> tuple[tuple[Possible, ...], tuple[Rejection, ...]]:
    """What is possible, the cheapest first, and of the rest the first reason why it is not.

    First comes what an offering is, then its room beside all others, then where those are that the
    component is to be near or apart from, then where its other replicas are, and at last what is
    promised of the whole.  What was rejected by `place` keeps its reason.  `ties` are those of the
    component to the places of the others.
    """
    component = next(c for c in ground.app.components if c.name == chosen.component)
    rejected = tuple(r for r in placement.rejections if r.component == component.name)
    out = {(rejection.venue, rejection.offering) for rejection in rejected}
    others = [o for o in ground.offerings if key_of(o) not in out | {key_of(chosen.offering)}]
    rest = tuple(run for run in _but(placement, chosen) if run.count)
    left = {key_of(o): o for o in beside(rest, ground)}
    fellows = _Fellows.of(ground, rest, chosen, ties.atlas)
    shared = dict(_shared(ground, placement, component))
    broken, owed = unkept(ground, rest, chosen), dues(ground, rest, chosen, ties.atlas)
    found: list[Possible] = []
    for offering in others:
        reason = _full(component, offering, left[key_of(offering)]) or ties.against(offering)
        reason = reason or next((why for v, why in shared.items() if v != offering.venue), "")
        reason = reason or ties.leaves([*fellows.places, offering]) or fellows.against(offering)
        reason = reason or broken(offering)
        if reason:
            rejected += (Rejection(component.name, offering.venue, offering.name, reason),)
        else:
            found.append(_possible(ground, component, chosen, offering, owed))
    found.sort(key=lambda each: (each.more is None, each.more or 0, key_of(each.offering)))
    return tuple(found), rejected


def _shared(
    ground: Ground, placement: Placement, component: Component
) -> Iterator[tuple[str, str]]:
    """Where others are that share a volume with it, and so keep it there."""
    keeping = keepers(ground.app)
    mine = {*keeping.get(component.name, ())}
    for run in placement.runs:
        shared = mine.intersection(keeping.get(run.component, ()))
        if shared and run.component != component.name:
            yield (
                run.offering.venue,
                f"{run.component!r}, which shares its volume {min(shared)!r}, is "
                f"on {run.offering.venue}",
            )


def ties_of(ground: Ground, placement: Placement, component: str) -> Ties:
    """What the places of the others ask of a component."""
    on: dict[str, list[Offering]] = {}
    for run in placement.runs:
        on.setdefault(run.component, []).append(run.offering)
    atlas = apart([*ground.offerings, *(run.offering for run in placement.runs)])
    return Ties.of(ground.app, component, atlas, on)


def _but(placement: Placement, chosen: Assignment) -> Iterator[Run]:
    """All runs without that one replica."""
    for run in placement.runs:
        there = run.component == chosen.component and chosen.index - run.first in range(run.count)
        yield replace(run, count=run.count - 1) if there else run


def _full(component: Component, offering: Offering, left: Offering) -> str:
    """What there is too little of, beside all that is placed there."""
    needs = component.needs
    counted = f" (of {offering.counted})" if offering.counted else ""
    if left.cpu < needs.cpu - 1e-9:
        return f"has {left.cpu:g} of {offering.cpu:g} CPUs left{counted}, it needs {needs.cpu:g}"
    if left.memory_mib < needs.memory_mib:
        had = f"{left.memory_mib} of {offering.memory_mib} MiB of memory"
        return f"has {had} left{counted}, it needs {needs.memory_mib}"
    if left.disk_mib < needs.disk_mib:
        had = f"{left.disk_mib} of {offering.disk_mib} MiB of disk"
        return f"has {had} left, it needs {needs.disk_mib}"
    short = lack(sizes(left), needs)
    if short or not left.quota:
        return short
    return left.quota.lack(left.site, takes(needs, left))


@dataclass(frozen=True, slots=True)
class _Fellows:
    """Where the other replicas of the component are, and what that asks of this one.

    They are `scattered` over several venues or pools only where no single one has enough domains.
    """

    component: Component
    spread: Spread
    keeps: bool
    scattered: bool
    atlas: Atlas
    places: Sequence[Offering]
    lacking: int

    @classmethod
    def of(cls, ground: Ground, rest: Iterable[Run], chosen: Assignment, atlas: Atlas) -> _Fellows:
        """`rest` is all that runs but the replica."""
        component = next(c for c in ground.app.components if c.name == chosen.component)
        places = [run.offering for run in rest if run.component == component.name]
        spread = wanted(ground.app.policy, component)
        return cls(
            component=component,
            spread=spread,
            keeps=component.name in keepers(ground.app),
            scattered=len({o.site for o in (*places, chosen.offering)}) > 1,
            atlas=atlas,
            places=places,
            lacking=sum(atlas.lacks([*places, chosen.offering], spread).values()),
        )

    def against(self, offering: Offering) -> str:
        """Why this one cannot be there while they are where they are."""
        here, there = [*self.places, offering], {o.site for o in self.places} - {offering.site}
        if self.keeps and any(o.venue != offering.venue for o in self.places):
            return "its volume keeps all replicas on one machine"
        if there and not self.scattered:
            return f"its other replicas are on {min(there)}, and all are in one venue or pool"
        if there and (reason := aloof(self.component, offering)):
            return f"its other replicas are on {min(there)}, and {reason}"
        lacks = self.atlas.lacks(here, self.spread)
        if sum(lacks.values()) > self.lacking:
            level = next(iter(lacks))
            had = f"{self.spread[level] - lacks[level]} of the {self.spread[level]}"
            return f"it would leave {had} {PLURALS[level]} that x-moot.spread wants"
        return ""


def _possible(
    ground: Ground,
    component: Component,
    chosen: Assignment,
    offering: Offering,
    owed: Callable[[Offering], Decimal | None],
) -> Possible:
    mine = chosen.offering
    now, price = (replica_hourly(each, component.needs) for each in (mine, offering))
    foreign = mine.currency != offering.currency and now and price
    due, before = owed(offering), owed(mine)
    if price is None or now is None or foreign or due is None or before is None:
        return Possible(offering=offering, more=None)
    more = price - now + due - before
    prior = ground.prior.runs if ground.prior else ()
    why = ""
    if more <= 0 and any(_is_at(run, chosen.component, mine) for run in prior):
        why = "it is there already"
        if -MOVE_THRESHOLD <= more < 0:
            why += f", and moving must save more than {MOVE_THRESHOLD} {mine.currency}/hour"
    return Possible(offering=offering, more=more, why=why)


def _is_at(run: Run, component: str, offering: Offering) -> bool:
    return run.component == component and key_of(run.offering) == key_of(offering)
