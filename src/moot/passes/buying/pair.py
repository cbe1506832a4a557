"""App x two vendors -> what it costs to buy for a part of it with each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, product
from math import ceil
from typing import NamedTuple

from moot.model.app import App
from moot.model.purchase import NEVER, Estimate, Lot
from moot.passes.buying.estate import MICRO
from moot.passes.buying.part import part, tied
from moot.passes.buying.stand import metered, stored
from moot.passes.buying.survey import Survey
from moot.passes.buying.together import together
from moot.passes.egress import talk
from moot.passes.placing.bonds import bonds

REGIONS, MOST_TRIED = 2, 4  # of each vendor, and pairs of them with each way of parting
TURNS = 3  # of looking whether something is better off with the other vendor

Names = frozenset[str]
Where = tuple[str, str]  # the region of each


class Way(NamedTuple):
    """What was found where the first vendor has these, each in its region."""

    found: Estimate
    names: Names
    where: Where


@dataclass
class Pairing:
    """In one region of each.  Components are bought for as a whole, and those together that are to
    be near one another, that share a volume, or must not be far away.
    """

    app: App
    both: tuple[Survey, Survey]

    def __post_init__(self) -> None:
        self.lot = self.both[0].lot(0)
        self.parts = tied([c for c in self.app.components if c.replicas], _ties(self.app, self.lot))
        self.names = [frozenset(c.name for c in members) for members in self.parts]
        self.disks = [  # what the disk of each part costs with each
            [float(stored(part(self.app, names), [side.vendor]) * MICRO) for names in self.names]
            for side in self.both
        ]
        self.of = {c.name: n for n, members in enumerate(self.parts) for c in members}
        # Who sends pays, and each sends half of it.
        price = sum((each.vendor.egress for each in self.both), Decimal(0)) / 2 * MICRO
        self.talks = [
            (self.of[each.one], self.of[each.other], float(each.gb_hourly * price))
            for each in talk(self.app)
            if each.one in self.of and each.other in self.of
        ]

    def found(self, rounds: int, below: Decimal | None) -> Estimate | None:
        """The cheapest that was found, with its traffic; None where nothing was that may cost less
        than `below`.
        """
        ways = islice(self.ways(below), MOST_TRIED if rounds else 1)
        found = [way for names, where in ways if (way := self.bought(names, where, 0))]
        best = min(found, key=_hourly, default=None)
        if best and rounds:
            best = self.bought(best.names, best.where, rounds) or best
        return best and replace(best.found, least=self.least())

    def values(self, side: int, region: str) -> Sequence[float]:
        """By Piece what each is worth there."""
        return self.both[side].appraisal(region, 0).values

    def worths(self, side: int, region: str) -> list[float]:
        """By part of the App what it is worth there, with its disk."""
        found = [*self.disks[side]]
        for piece, value in zip(self.lot, self.both[side].appraisal(region, 0).values, strict=True):
            for name in piece.names:
                found[self.of[name.partition("+")[0]]] += value
        return found

    def least(self) -> Decimal:
        """A sum below which no way gets: every part is worth what it is with the one of them where
        it is worth less, in the best regions.
        """
        each = ([self.worths(n, region) for region in self.both[n].regions] for n in (0, 1))
        sums = (sum(map(min, one, other)) for one, other in product(*each))
        return Decimal(min(NEVER, ceil(min(sums)))).scaleb(-6)

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
        return frozenset[str]().union(*(self.names[n] for n in firsts))

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
        sellers = {each.vendor.name: each.vendor for each in self.both}
        return Way(metered(self.app, whole, sellers), names, where)

    def _side(self, side: int, region: str, names: Names, rounds: int) -> Estimate:
        return next(together([self.both[side].of(self.app, names, region)], rounds, 1))


def _hourly(way: Way) -> Decimal:
    return way.found.hourly


def _ties(app: App, lot: Lot) -> Iterator[tuple[str, str]]:
    for component in app.components:
        yield from ((component.name, other) for other, _ in bonds(component))
    for piece in lot:
        for names in piece.names:
            first, *others = names.split("+")
            yield from ((first, other) for other in others)
