"""App x two vendors -> what it costs to buy for a part of it with each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, product
from math import ceil
from typing import NamedTuple

from moot.model.app import App
from moot.model.programme import Solve
from moot.model.purchase import NEVER, Estimate, Lot
from moot.passes.buying.batch import MICRO, part, tied
from moot.passes.buying.need import need
from moot.passes.buying.stand import spent_on_traffic
from moot.passes.buying.survey import Survey, surveyed
from moot.passes.buying.together import together
from moot.passes.egress import talk
from moot.passes.placing.bonds import bonds

REGIONS, MOST_TRIED = 2, 4  # of each vendor, and pairs of them with each way of parting
TURNS = 3  # of looking whether something is better off with the other vendor

Names = frozenset[str]
Areas = Mapping[str, Mapping[str, frozenset[str]]]


def pair(
    app: App,
    both: tuple[Survey, Survey],
    areas: Areas,
    rounds: int,
    solve: Solve | None,
    below: Decimal | None,
) -> Estimate:
    """In one region of each.  Components are bought for as a whole, and those together that are to
    be near one another, that share a volume, or must not be far away.  What does not cost less than
    `below` is none.
    """
    vendors = tuple(each.vendor.name for each in both)
    pairing = _Pairing(app, both, areas, solve)
    ways = islice(pairing.ways(below), MOST_TRIED if rounds else 1)
    found = [way for names, where in ways if (way := pairing.bought(names, where, 0))]
    best = min(found, key=pairing.sum, default=None)
    if best and rounds:
        best = pairing.bought(best.names, best.where, rounds) or best
    if best is None or (below is not None and pairing.sum(best) >= below):
        return Estimate(vendors=vendors, reason="no cheaper than one of them alone")
    return replace(best.found, least=Decimal(pairing.least()).scaleb(-6))


Where = tuple[str, str]  # the region of each


class Way(NamedTuple):
    """What was found where the first vendor has these, each in its region."""

    found: Estimate
    names: Names
    where: Where


@dataclass
class _Pairing:
    app: App
    both: tuple[Survey, Survey]
    areas: Areas
    solve: Solve | None

    def __post_init__(self) -> None:
        self.lot = self.both[0].lot(0)
        self.parts = tied([c for c in self.app.components if c.replicas], _ties(self.app, self.lot))
        self.of = {c.name: n for n, members in enumerate(self.parts) for c in members}
        # Who sends pays, and each sends half of it.
        price = sum((each.vendor.egress for each in self.both), Decimal(0)) / 2 * MICRO
        self.talks = [
            (self.of[each.one], self.of[each.other], float(each.gb_hourly * price))
            for each in talk(self.app)
            if each.one in self.of and each.other in self.of
        ]

    def values(self, side: int, region: str) -> Sequence[float]:
        """By Piece what each is worth there."""
        return self.both[side].appraisal(region, 0).values

    def worths(self, side: int, region: str) -> list[float]:
        """By part of the App what it is worth there."""
        found = [0.0] * len(self.parts)
        for piece, value in zip(self.lot, self.values(side, region), strict=True):
            for name in piece.names:
                found[self.of[name.partition("+")[0]]] += value
        return found

    def least(self) -> int:
        """Every piece is worth what it is in its cheapest region."""
        places = [(n, region) for n, side in enumerate(self.both) for region in side.regions]
        each = zip(*(self.values(*place) for place in places), strict=True)
        sums = (min(v) * p.amount for v, p in zip(each, self.lot, strict=True))
        return min(NEVER, ceil(sum(sums)))

    def ways(self, below: Decimal | None) -> Iterator[tuple[Names, Where]]:
        """What the first vendor gets, in which regions; those first that may be cheapest."""
        ways = [(*self._parted(where), where) for where in product(self._best(0), self._best(1))]
        for names, cost, where in sorted(ways, key=lambda way: (way[1], way[2])):
            if below is not None and cost >= below * MICRO:
                return
            if names and len(names) < len(self.of):
                yield names, where

    def _best(self, side: int) -> list[str]:
        def price(region: str) -> tuple[float, str]:
            return sum(min(worth, 1e15) for worth in self.worths(side, region)), region

        return list(islice(sorted(self.both[side].regions, key=price), REGIONS))

    def _parted(self, where: Where) -> tuple[Names, float]:
        """Each part with the vendor where it is worth less, as long as its traffic costs no more;
        and what all of it comes to.
        """
        one, other = (self.worths(side, region) for side, region in enumerate(where))
        firsts = {n for n in range(len(self.parts)) if one[n] < other[n]}

        def sums(some: set[int]) -> float:
            bought = (one[n] if n in some else other[n] for n in range(len(self.parts)))
            return sum(bought) + sum(
                cost for a, b, cost in self.talks if (a in some) != (b in some)
            )

        cost = sums(firsts)
        talking = {n for a, b, _ in self.talks for n in (a, b)}
        for n in sorted(talking) * TURNS:
            flipped = firsts ^ {n}
            if (then := sums(flipped)) < cost:
                firsts, cost = flipped, then
        return self._names(firsts), cost

    def _names(self, firsts: set[int]) -> Names:
        return frozenset(c.name for n in firsts for c in self.parts[n])

    def bought(self, names: Names, where: Where, rounds: int) -> Way | None:
        """Machines for both parts; None where there are none."""
        rest = frozenset(self.of) - names
        found = [
            self._side(side, region, some, rounds)
            for side, (region, some) in enumerate(zip(where, (names, rest), strict=True))
        ]
        if any(each.reason for each in found):
            return None
        one, other = found
        whole = Estimate(
            vendors=(*one.vendors, *other.vendors),
            sites=(*one.sites, *other.sites),
            hourly=one.hourly + other.hourly,
            currency=one.currency,
            priced=min(one.priced, other.priced),
        )
        return Way(whole, names, where)

    def _side(self, side: int, region: str, names: Names, rounds: int) -> Estimate:
        vendor, needed = self.both[side].vendor, need(part(self.app, names))
        areas = self.areas[vendor.name]
        there = surveyed(vendor, region, needed, areas, self.solve if rounds else None)
        return next(together([there], needed, rounds, 1))

    def sum(self, way: Way) -> Decimal:
        """What it costs with its traffic."""
        vendors = {each.vendor.name: each.vendor for each in self.both}
        return way.found.hourly + spent_on_traffic(self.app, way.found, vendors)


def _ties(app: App, lot: Lot) -> Iterator[tuple[str, str]]:
    for component in app.components:
        yield from ((component.name, other) for other, _ in bonds(component))
    for piece in lot:
        for names in piece.names:
            first, *others = names.split("+")
            yield from ((first, other) for other in others)
