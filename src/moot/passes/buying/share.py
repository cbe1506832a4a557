"""Lot x Wares x Batches x own room -> what keeping some of it and buying for the rest costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from moot.model.purchase import NEVER, Lot, Ware
from moot.passes.buying.appraise import Appraisal
from moot.passes.buying.batch import Batch
from moot.passes.buying.cover import SCALE, cover, worth
from moot.passes.buying.divide import Target
from moot.passes.buying.estate import Size
from moot.passes.buying.maximise import maximise
from moot.passes.buying.renew import HASTES, NODES

SWEEPS = 3  # of raising what own room costs
WHAT: Mapping[str, int] = {"millicpu": 0, "memory_mib": 1, "gpus": 2}  # where a Size has it


class Share(NamedTuple):
    """A bound, and what it is made of.

    What is bought is wanted at these `prices`; what is kept costs `own` at least.  What bought
    machines have in place of own ones is lost for what is said of each demand `beyond` what is
    wanted; both in parts of a millionth.  `values` are by Batch what it is worth not to buy for it,
    in millionths.
    """

    prices: tuple[float, ...]
    own: int
    beyond: tuple[int, ...]
    values: tuple[int, ...]


class Sharing:
    """Any price of a CPU, a MiB and so on gives a bound, if no ware has more of them than its own
    price: what is bought costs what it has, and what it lost; what is kept saves no more than its
    value, and own machines have room for no more than that of all of them.

    If all of it were bought its `disk` would cost so much, in millionths an hour.  Of each demand
    own machines have room for so much at most that `wanted` is left to buy for.
    """

    def __init__(
        self,
        lot: Lot,
        wares: Sequence[Ware],
        appraisal: Appraisal,
        batches: Sequence[Batch],
        room: Size,
        disk: int,
    ) -> None:
        self.wares, self.appraisal, self.batches = wares, appraisal, batches
        self.sizes = _sizes(lot, appraisal, batches)
        self.able = [n for n, b in enumerate(batches) if b.micros is not None and not b.held]
        held = [n for n, batch in enumerate(batches) if batch.held]
        self.base = (disk + sum(batches[n].micros or 0 for n in held)) * SCALE
        self.wanted: list[int] = []
        self.mosts: list[int] = []
        for d, demand in enumerate(appraisal.demands):
            there = sum(self.sizes[n][d] for n in held)
            most = sum(self.sizes[n][d] for n in self.able)
            if demand.what:
                most = min(most, max(0, room[WHAT[demand.what]] - there))
            self.mosts.append(most)
            self.wanted.append(max(0, demand.wanted - there - most))

    def usual(self) -> Share:
        """At the prices for buying for everything."""
        return self._at(self.appraisal.prices)

    def best(self) -> Share:
        """At these, or at those for what own machines leave at least: whichever says more."""
        return self.better(self.usual(), self._at(self._prices(self.wanted)))

    def nothing(self, shares: Sequence[Share]) -> Target:
        """No machines; room at the mean of the prices of these."""
        prices = [sum(each) / len(shares) for each in zip(*(s.prices for s in shares), strict=True)]
        return Target([0] * len(prices), prices)

    def without(self, names: Collection[str]) -> Share:
        """At the prices for buying for everything but these."""
        return self._at(self._prices(self.rest(names)))

    def target(self, wanted: Sequence[int], share: Share, slack: int) -> Target:
        """Machines for so much, with so many thousandths more, as cheap as were found."""
        more = [want * (1000 + slack) // 1000 for want in wanted]
        priced = self.appraisal._replace(prices=share.prices)
        found = (
            cover(priced, self.wares, NODES, wanted=more, haste=haste).machines for haste in HASTES
        )
        index = {ware: n for n, ware in enumerate(self.wares)}
        chosen = [index[ware] for ware in next(filter(None, found), ())]
        rooms = [sum(d.rooms[w] for w in chosen) for d in self.appraisal.demands]
        pairs = zip(share.prices, self.appraisal.prices, strict=True)
        return Target(rooms, [max(one, other / 2) for one, other in pairs])

    def left(self, names: Collection[str], share: Share) -> int:
        """What machines for all but these cost at least, whatever goes on which, in millionths."""
        priced = self.appraisal._replace(prices=share.prices)
        return cover(priced, self.wares, NODES, wanted=self.rest(names)).least

    def better(self, one: Share, other: Share) -> Share:
        """The one that says more."""
        return max(one, other, key=lambda share: self.least(share, 0))

    def rest(self, names: Collection[str]) -> list[int]:
        """What is wanted of each demand for all but these."""
        gone = [n for n, batch in enumerate(self.batches) if batch.names & {*names}]
        return [
            demand.wanted - sum(self.sizes[n][d] for n in gone)
            for d, demand in enumerate(self.appraisal.demands)
        ]

    def _prices(self, wanted: Iterable[int]) -> list[float]:
        rows = [[float(d.rooms[w]) for d in self.appraisal.demands] for w in range(len(self.wares))]
        limits = [float(ware.micros) for ware in self.wares]
        return maximise([float(want) for want in wanted], rows, limits)[0]

    def least(self, share: Share, nodes: int) -> int:
        """A sum below which no way of sharing gets, in millionths an hour."""
        priced = self.appraisal._replace(prices=share.prices)
        covered = cover(priced, self.wares, nodes, wanted=self.wanted, beyond=share.beyond)
        return min(NEVER, covered.least + share.own // SCALE)

    def _at(self, prices: Sequence[float]) -> Share:
        rooms = [tuple(d.rooms[w] for d in self.appraisal.demands) for w in range(len(self.wares))]
        parts = worth(self.wares, rooms, prices)
        values = (sum(map(int.__mul__, parts, sizes)) for sizes in self.sizes)
        rents, own = self._rents(parts)
        beyond = tuple(part - rent for part, rent in zip(parts, rents, strict=True))
        each = tuple(value // SCALE for value in values)
        return Share(tuple(prices), self.base + own, beyond, each)

    def _rents(self, parts: Sequence[int]) -> tuple[list[int], int]:
        """What own room costs at least, of each demand, and all of it.

        If all that there is of it were paid for at these rents, that would be too much by what each
        Batch would pay above its own price.  No rent is above what a bought one is worth.  They are
        raised one after the other, each as far as is best.
        """
        costs = [(self.batches[n].micros or 0) * SCALE for n in self.able]
        rents = [0] * len(parts)
        for _ in range(SWEEPS if any(costs) else 0):
            for d, most in enumerate(parts):
                if most:
                    rents[d] = 0
                    rents[d] = min(most, self._rent(d, self._left(costs, rents)))
        unrented = sum(min(0, cost) for cost in costs)
        over = sum(min(0, left) for left in self._left(costs, rents))
        return rents, max(unrented, sum(map(int.__mul__, rents, self.mosts)) + over)

    def _left(self, costs: Sequence[int], rents: Sequence[int]) -> list[int]:
        """By Batch what of its own price is above these rents."""
        return [
            cost - sum(map(int.__mul__, rents, self.sizes[n]))
            for cost, n in zip(costs, self.able, strict=True)
        ]

    def _rent(self, d: int, left: Sequence[int]) -> int:
        """At which those that would pay too much are too many for the room there is."""
        room, rent = self.mosts[d], 0
        sizes = ((self.sizes[n][d], rest) for n, rest in zip(self.able, left, strict=True))
        for above, size in sorted((max(0, rest) // size, size) for size, rest in sizes if size):
            rent, room = above, room - size
            if room < 0:
                break
        return rent


def _sizes(lot: Lot, appraisal: Appraisal, batches: Sequence[Batch]) -> list[list[int]]:
    """By Batch what it takes of each demand."""
    of = {name: n for n, batch in enumerate(batches) for name in batch.names}
    counts = [Counter(of[name.partition("+")[0]] for name in piece.names) for piece in lot]
    found = [[0] * len(appraisal.demands) for _ in batches]
    for d, demand in enumerate(appraisal.demands):
        for piece, size in demand.sizes:
            for n, count in counts[piece].items():
                found[n][d] += size * count
    return found
