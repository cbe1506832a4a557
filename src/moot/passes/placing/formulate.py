"""Basis -> the Programme whose whole amounts are its placements, where it has such a one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from math import gcd
from typing import NamedTuple, TypeVar

from moot.model.app import Component
from moot.model.programme import Column, Programme
from moot.passes.apart import Path, wanted
from moot.passes.disk import is_comparable, tariffs
from moot.passes.placing.bonds import bonds
from moot.passes.placing.cards import WHOLE, Claim
from moot.passes.placing.prepare import Basis
from moot.passes.placing.ration import NO_QUOTA, ration, rations, room_in
from moot.passes.placing.relate import near
from moot.passes.placing.search import LOOKS
from moot.passes.placing.stock import WithGpus, demand

MICROS = 1_000_000  # of a unit of money
MOST_SEATS = 600

Term = tuple[int, int]  # a column, and how much one of it has of the row
Place = TypeVar("Place", str, int, Path)
Seat = tuple[str, int]  # a component, and the number of an offering


class Question(NamedTuple):
    """The first columns are how many replicas are on each of the `seats`; a cost is so many `unit`s
    of a millionth.
    """

    programme: Programme
    seats: Sequence[Seat]
    unit: int

    def units(self, money: Decimal) -> int:
        """Rounded up: what costs less than that is less than this."""
        units = money * MICROS / self.unit
        return int(units.to_integral_value(ROUND_CEILING))

    def money(self, units: int) -> Decimal:
        return Decimal(units * self.unit) / MICROS


def formulate(basis: Basis, threshold: Decimal) -> Question | None:
    """The prices of all replicas, and the threshold for each component that moves, are its cost.

    None where that would not be the whole truth: venues are silent, prices unknown or in several
    currencies, traffic is paid for, replicas have parts of GPUs or certain ones; and where the App
    is too large.  Of machines that are alike and empty there are only as many as replicas.
    """
    components = [c for c in basis.app.components if c.replicas]
    if len(components) * len(basis.stock.offerings) > LOOKS or not _is_told(basis, components):
        return None
    alike = _alike(basis, components)
    seats = _seats(basis, components, alike)
    if len(seats) > MOST_SEATS or {c.name for c in components} != {name for name, _ in seats}:
        return None
    desk = _Desk(basis, seats)
    for component in components:
        desk.place(component)
        desk.spread(component)
        desk.move(component, threshold)
    for component in components:
        desk.bind(component)
        desk.part(component)
    desk.fill(components)
    desk.ration(components)
    desk.order(alike, components)
    return desk.asked()


def _is_told(basis: Basis, components: Sequence[Component]) -> bool:
    offerings = basis.stock.offerings
    if basis.absent or basis.talks or not is_comparable(tariffs(components, offerings)):
        return False
    claims = (demand(c.needs, c.name) for c in components)
    return all(_is_plain(d.claim) for d in claims if isinstance(d, WithGpus))


def _is_plain(claim: Claim) -> bool:
    return claim.thousandths == WHOLE and not claim.every and not claim.named


def _alike(basis: Basis, components: Sequence[Component]) -> list[list[int]]:
    """Offerings that may change places, each alone in its venue and with nothing on it; no more
    than can all be used.
    """
    stock = basis.stock
    used = {run.offering.venue for runs in basis.before.values() for run in runs}
    used |= {*basis.homes.values()}
    paths = [stock.atlas.path(offering) for offering in stock.offerings]
    hosts, venues = defaultdict[Path, int](int), defaultdict[str, int](int)
    for path, offering in zip(paths, stock.offerings, strict=True):
        hosts[path] += 1
        venues[offering.venue] += 1
    found: dict[object, list[int]] = {}
    for number, offering in enumerate(stock.offerings):
        lone = hosts[paths[number]] == venues[offering.venue] == 1 and offering.venue not in used
        prices = stock.prices[number], offering.disk
        kind = stock.kind_of[number], prices, paths[number][:-1], offering.latency
        found.setdefault(kind if lone else number, []).append(number)
    most = sum(component.replicas for component in components)
    return [numbers[:most] for numbers in found.values()]


def _seats(
    basis: Basis, components: Iterable[Component], alike: Iterable[Iterable[int]]
) -> dict[Seat, int]:
    """With how many replicas there is room for."""
    room, numbers = room_in(basis.stock), {number for group in alike for number in group}
    found: dict[Seat, int] = {}
    for component in components:
        shelf = basis.stock.shelf(basis.fits[component.name].ways).numbers
        for number in sorted(numbers.intersection(shelf)):
            asked = demand(component.needs, component.name)
            if most := room.capacity(number, asked, component.replicas):
                found[component.name, number] = most
    return found


@dataclass
class _Desk:
    """What was written down so far; `columns` are by seat."""

    basis: Basis
    seats: Mapping[Seat, int]
    costs: list[int] = field(default_factory=list[int])
    most: list[int] = field(default_factory=list[int])
    parts: list[list[tuple[int, int]]] = field(default_factory=list[list[tuple[int, int]]])
    wanted: list[int] = field(default_factory=list[int])
    columns: dict[Seat, int] = field(default_factory=dict[Seat, int])
    chosen: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    hosts: dict[tuple[str, Path], int] = field(default_factory=dict[tuple[str, Path], int])

    def __post_init__(self) -> None:
        stock = self.basis.stock
        prices = {c.name: stock.priced(c.needs).prices for c in self.basis.app.components}
        for (name, number), most in self.seats.items():
            micros = int(prices[name][number] * MICROS)
            self.columns[name, number] = self.column(micros, most)

    def asked(self) -> Question:
        unit = gcd(*self.costs) or 1
        columns = tuple(
            Column(cost // unit, tuple(parts))
            for cost, parts in zip(self.costs, self.parts, strict=True)
        )
        none = (0,) * len(columns)
        programme = Programme(tuple(self.wanted), columns, none, tuple(self.most))
        return Question(programme, tuple(self.seats), unit)

    def column(self, cost: int = 0, most: int = 1) -> int:
        self.costs.append(cost)
        self.most.append(most)
        self.parts.append([])
        return len(self.costs) - 1

    def row(self, least: int, terms: Iterable[Term]) -> None:
        for column, has in terms:
            self.parts[column].append((len(self.wanted), has))
        self.wanted.append(least)

    def only_with(self, numbers: Iterable[int], component: Component, *switches: int) -> None:
        """Nothing of it is on these unless one of the switches is on."""
        taken: list[Term] = []
        for number in numbers:
            column = self.columns[component.name, number]
            self.row(0, ((column, -1), *((s, self.most[column]) for s in switches)))
            taken.append((column, -1))
        if len(taken) > 1:
            self.row(0, (*taken, *((s, component.replicas) for s in switches)))

    def on(self, component: Component) -> list[int]:
        return [number for name, number in self.seats if name == component.name]

    def by(self, component: Component, places: Sequence[Place]) -> dict[Place, list[int]]:
        """Where it may be, by place."""
        found: dict[Place, list[int]] = {}
        for number in self.on(component):
            found.setdefault(places[number], []).append(number)
        return found

    def place(self, component: Component) -> None:
        """All of it, in one venue or pool, or in several if its spread allows."""
        basis, stock = self.basis, self.basis.stock
        each = [(self.columns[component.name, number], 1) for number in self.on(component)]
        self.row(component.replicas, each)
        self.row(-component.replicas, [(column, -1) for column, _ in each])
        keeps = basis.keeps(component)
        groups = self.by(component, [o.venue if keeps else o.site for o in stock.offerings])
        sharing = {name for name, _ in basis.sharers.get(component.name, ())}
        if len(groups) == 1 and not sharing:
            return
        crosses = basis.crosses(component, wanted(basis.app.policy, component))
        anywhere = (self.column(),) if crosses else ()
        joined = basis.reachable(component, stock.shelf(basis.fits[component.name].ways))
        for place, numbers in groups.items():
            switch = self.chosen[component.name, place] = self.column()
            across = [number for number in numbers if number in joined.members]
            self.only_with(across, component, switch, *anywhere)
            self.only_with((n for n in numbers if n not in joined.members), component, switch)
        switches = [self.chosen[component.name, place] for place in groups]
        self.row(-1, [(switch, -1) for switch in (*switches, *anywhere)])
        for other in sharing:
            self.share(component.name, other)

    def share(self, name: str, other: str) -> None:
        """Both are in the same venue."""
        if not any(each == other for each, _ in self.chosen):
            return
        for place in {place: None for each, place in self.chosen if each in (name, other)}:
            one, two = self.chosen.get((name, place)), self.chosen.get((other, place))
            terms = [(c, has) for c, has in ((one, 1), (two, -1)) if c is not None]
            self.row(0, terms)
            self.row(0, [(column, -has) for column, has in terms])

    def spread(self, component: Component) -> None:
        for level, count in wanted(self.basis.app.policy, component).items():
            domains: list[Term] = []
            for numbers in self.by(component, self.basis.stock.domains(level)).values():
                domain = self.column()
                there = [(self.columns[component.name, number], 1) for number in numbers]
                self.row(0, (*there, (domain, -1)))
                domains.append((domain, 1))
            self.row(count, domains)

    def move(self, component: Component, threshold: Decimal) -> None:
        """It costs the threshold where it is on what it was not on."""
        stood = {run.offering.venue for run in self.basis.before.get(component.name, ())}
        if stood and (micros := int(threshold * MICROS)):
            moved, offerings = self.column(micros), self.basis.stock.offerings
            others = [n for n in self.on(component) if offerings[n].venue not in stood]
            self.only_with(others, component, moved)

    def bind(self, component: Component) -> None:
        """In each region where it is, what it is to be near is near."""
        atlas, stock = self.basis.stock.atlas, self.basis.stock
        regions = [atlas.domain(offering, "region") for offering in stock.offerings]
        parts = {each.name: each for each in self.basis.app.components}
        for name, within in bonds(component):
            if not parts[name].replicas:
                continue
            leaders = self.by(parts[name], regions)
            for region, numbers in self.by(component, regions).items():
                there = [r for r in leaders if near(atlas, region, r, within)]
                close = [self.columns[name, number] for r in there for number in leaders[r]]
                here = self.column()
                self.only_with(numbers, component, here)
                self.row(0, (*((column, 1) for column in close), (here, -1)))

    def part(self, component: Component) -> None:
        """On no machine with those that it is to be apart from."""
        others = {each.name: each for each in self.basis.app.components}
        for name in component.apart:
            mine, theirs = self.on_hosts(component), self.on_hosts(others[name])
            for host in mine.keys() & theirs.keys():
                self.row(-1, ((mine[host], -1), (theirs[host], -1)))

    def on_hosts(self, component: Component) -> Mapping[Path, int]:
        """Switches of all machines that it may be on."""
        stock = self.basis.stock
        hosts = [stock.atlas.domain(offering, "host") for offering in stock.offerings]
        found: dict[Path, int] = {}
        for place, numbers in self.by(component, hosts).items():
            key = component.name, place
            if key not in self.hosts:
                self.hosts[key] = self.column()
                self.only_with(numbers, component, self.hosts[key])
            found[key[1]] = self.hosts[key]
        return found

    def fill(self, components: Iterable[Component]) -> None:
        """No more than there is room for."""
        stock = self.basis.stock
        needs = {each.name: _needs(each) for each in components}
        for number in {number: None for _, number in self.seats}:
            gpus = sum(free == WHOLE for free in stock.gpus[number]) if stock.gpus else 0
            sizes = (*(sizes[number] for sizes in stock.sizes), gpus)
            names = [name for name, there in self.seats if there == number]
            columns = [self.columns[name, number] for name in names]
            for size, each in zip(sizes, zip(*(needs[n] for n in names), strict=True), strict=True):
                self.limit(size, zip(columns, each, strict=True))

    def ration(self, components: Iterable[Component]) -> None:
        """All offerings that share a quota: no more than it leaves."""
        stock = self.basis.stock
        asked = {each.name: demand(each.needs, each.name) for each in components}
        of: dict[int, list[tuple[int, Sequence[int]]]] = {}
        for (name, number), column in self.columns.items():
            if (entry := stock.entries[number]) != NO_QUOTA:
                of.setdefault(entry, []).append((column, ration(stock, number, asked[name])))
        for entry, left in enumerate(rations(stock) if of else ()):
            for kind, size in enumerate(left):
                self.limit(size, ((column, each[kind]) for column, each in of.get(entry, ())))

    def limit(self, size: int, needs: Iterable[Term]) -> None:
        """No more than that of what these columns need."""
        taken = [(column, -need) for column, need in needs if need]
        if taken and size + sum(self.most[c] * need for c, need in taken) < 0:
            unit = gcd(size, *(need for _, need in taken))
            self.row(-size // unit, [(c, need // unit) for c, need in taken])

    def order(self, alike: Iterable[Sequence[int]], components: Iterable[Component]) -> None:
        """Of machines that are alike an earlier one has no fewer of the largest component."""
        largest = sorted(components, key=lambda each: -each.replicas)
        for numbers in alike:
            able = (c.name for c in largest if (c.name, numbers[0]) in self.seats)
            if name := next(able, ""):
                for one, two in pairwise(self.columns[name, number] for number in numbers):
                    self.row(0, ((one, 1), (two, -1)))


def _needs(component: Component) -> tuple[int, ...]:
    asked = demand(component.needs, component.name)
    return (*asked, asked.claim.count if isinstance(asked, WithGpus) else 0)
