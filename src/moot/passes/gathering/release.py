"""Basis x Placement -> what may change places at one price, and what stays where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from moot.model.app import Component
from moot.model.placement import Placement, Run
from moot.passes.apart import Path, wanted
from moot.passes.gathering.weights import Weights
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Demand, Stand, Stock, demand, key

Group = tuple[str, Decimal, Decimal, Path]  # venue or pool, prices of it and of traffic, region


@dataclass(frozen=True, eq=False)
class Mover:
    """Replicas of a component that may be on any of these machines: by machine the offering.

    `stands` is where they are; `shy` are components with which it shares no machine.
    """

    component: str
    demand: Demand
    numbers: Mapping[int, int]
    stands: Sequence[Stand]
    count: int
    shy: frozenset[str]


@dataclass(frozen=True, eq=False)
class Released:
    """`settled` is by component what stays, also of one that has movers."""

    movers: Sequence[Mover]
    settled: Mapping[str, Sequence[Stand]]


def release(basis: Basis, placement: Placement, weights: Weights) -> Released:
    """New replicas, each within its venue or pool and at the price it has, if that is of machines.

    What runs stays, and what has data or GPUs; so do as many new ones as `spread` needs, each in a
    domain of its own.  What is tied to others stays in its region.  Of those that do not talk it is
    the ones beside those that do: they can make room.
    """
    placed: dict[str, list[Run]] = {}
    for run in placement.runs:
        placed.setdefault(run.component, []).append(run)
    releasing = _Releasing(basis, weights, placed)
    components = sorted((c for c in basis.app.components if c.name in placed), key=_name)
    settled: dict[str, list[Stand]] = {}
    movers: list[Mover] = []
    for talking in (True, False):
        for component in components:
            if (component.name in weights) is talking:
                free, stays = releasing.parted(component, placed[component.name])
                settled[component.name] = stays
                movers += releasing.movers(component, free, stays)
        if not movers:
            break
    return Released(releasing.beside(movers, weights, settled), settled)


@dataclass
class _Releasing:
    basis: Basis
    weights: Weights
    placed: Mapping[str, Sequence[Run]]
    known: dict[tuple[Stock, frozenset[int], Group], Mapping[int, int]] = field(
        default_factory=dict[tuple[Stock, frozenset[int], Group], Mapping[int, int]]
    )

    def parted(self, component: Component, runs: Iterable[Run]) -> tuple[list[Stand], list[Stand]]:
        """What may move, and what stays."""
        stock = self.basis.stock
        stands = [
            (run.first, run.count, stock.numbers[key(run.offering)])
            for run in runs
            if key(run.offering) in stock.numbers
        ]
        name = component.name
        bound = component.needs.gpus or self.basis.keeps(component) or name in self.basis.sharers
        if bound:
            return [], stands
        fresh: list[Stand] = []
        stays: list[Stand] = []
        for stand in stands:
            offering = stock.offerings[stand[2]]
            if offering.names or not (offering.machine or offering.pool):
                stays.append(stand)
                continue
            new, old = _fresh(stand, self.basis.stood[name])
            fresh += new
            stays += old
        return self.anchored(component, fresh, stays)

    def anchored(
        self, component: Component, fresh: list[Stand], stays: list[Stand]
    ) -> tuple[list[Stand], list[Stand]]:
        """One more stays for each domain that is lacking otherwise, where most of whom it talks to
        are, if it can be.
        """
        stock = self.basis.stock
        least = wanted(self.basis.app.policy, component)
        if least:
            drawn = self.drawn(component.name)
            fresh = sorted(fresh, key=lambda stand: -drawn.get(stock.venues[stand[2]], 0.0))
        held = [*stays]
        there = {number for _, _, number in held}
        lacks = stock.lacks(there, least)
        free: list[Stand] = []
        for first, count, number in fresh:
            if lacks and stock.lacks({*there, number}, least) != lacks:
                held.append((first, 1, number))
                there.add(number)
                lacks = stock.lacks(there, least)
                first, count = first + 1, count - 1
            if count:
                free.append((first, count, number))
        return free, held

    def drawn(self, name: str) -> Mapping[int, float]:
        """By venue how much of its traffic is with those that are there."""
        stock, found = self.basis.stock, dict[int, float]()
        for other, weight in self.weights.get(name, ()):
            runs = self.placed.get(other, ())
            total = sum(run.count for run in runs)
            for run in runs:
                if (number := stock.numbers.get(key(run.offering))) is not None:
                    venue = stock.venues[number]
                    found[venue] = found.get(venue, 0.0) + weight * run.count / total
        return found

    def movers(
        self, component: Component, free: Iterable[Stand], stays: list[Stand]
    ) -> Iterator[Mover]:
        """By group; what is not on the first offering of its machine stays as well."""
        stock, app = self.basis.stock.priced(component.needs), self.basis.app
        machines = stock.domains("host")
        minded = {*self.basis.minded.get(component.name, ())}
        tied = [c for c in app.components if c.name in minded]
        shy = (c.name for c in tied if c.name in component.apart or component.name in c.apart)
        groups: dict[Group, list[Stand]] = {}
        for stand in free:
            offering = stock.offerings[stand[2]]
            region = stock.atlas.domain(offering, "region") if tied else ()
            group = offering.site, stock.prices[stand[2]], offering.egress, region
            if self.numbers(component, group)[machines[stand[2]]] == stand[2]:
                groups.setdefault(group, []).append(stand)
            else:
                stays.append(stand)
        told_apart, taken = frozenset(shy), demand(component.needs)
        for group, stands in sorted(groups.items(), key=lambda item: item[1][0]):
            numbers = self.numbers(component, group)
            count = sum(count for _, count, _ in stands)
            yield Mover(component.name, taken, numbers, stands, count, told_apart)

    def numbers(self, component: Component, group: Group) -> Mapping[int, int]:
        """By machine the first of its offerings that can take the component, at that price."""
        stock, (site, price, egress, region) = self.basis.stock.priced(component.needs), group
        ways = frozenset(self.basis.fits[component.name].ways)
        if (stock, ways, group) not in self.known:
            machines, found = stock.domains("host"), dict[int, int]()
            for number in stock.shelf(ways).numbers:
                offering = stock.offerings[number]
                same = (offering.site, stock.prices[number], offering.egress) == (
                    site,
                    price,
                    egress,
                )
                near = not region or stock.atlas.domain(offering, "region") == region
                if same and near and not offering.names:
                    found.setdefault(machines[number], number)
            self.known[stock, ways, group] = found
        return self.known[stock, ways, group]

    def beside(
        self, movers: Sequence[Mover], weights: Weights, settled: dict[str, list[Stand]]
    ) -> list[Mover]:
        """Without those on whose machines nobody who talks may be: they stay."""
        machines = {m for mover in movers if mover.component in weights for m in mover.numbers}
        kept: list[Mover] = []
        for mover in movers:
            if mover.component in weights or not machines.isdisjoint(mover.numbers):
                kept.append(mover)
            else:
                settled[mover.component] += mover.stands
        return kept


def _fresh(stand: Stand, stood: Iterable[Stand]) -> tuple[list[Stand], list[Stand]]:
    """What of a stretch was not on that offering before, and what was."""
    first, count, number = stand
    end = first + count
    old = [
        (max(first, since), min(end, since + so_many) - max(first, since), number)
        for since, so_many, at in stood
        if at == number and since < end and first < since + so_many
    ]
    new: list[Stand] = []
    reached = first
    for since, so_many, _ in sorted(old):
        if reached < since:
            new.append((reached, since - reached, number))
        reached = since + so_many
    if reached < end:
        new.append((reached, end - reached, number))
    return new, old


def _name(component: Component) -> str:
    return component.name
