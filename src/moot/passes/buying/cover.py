"""Appraisal x Wares -> the cheapest whole machines that have enough of everything together."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any, NamedTuple

from moot.model.purchase import NEVER, Ware
from moot.passes.buying.appraise import Appraisal

SCALE = 1 << 20  # parts of a millionth, in which prices of CPUs, MiB and so on are counted
HASTE = 100  # as many parts of what is still wanted, how soon it is gone over how cheaply

Room = tuple[int, ...]  # of each demand that is looked at
Chain = tuple[Any, ...]  # the index of the machine that was chosen last, and the Chain before it


class Cover(NamedTuple):
    """`least` is what machines with enough of everything cost at least, in millionths an hour;
    `machines` are such, None where none were found.
    """

    least: int
    machines: tuple[Ware, ...] | None


def cover(
    appraisal: Appraisal,
    wares: Sequence[Ware],
    nodes: int,
    *,
    wanted: Sequence[int] | None = None,
    below: int = NEVER,
    haste: int = 0,
    beyond: Sequence[int] | None = None,
) -> Cover:
    """Of each demand of the appraisal as much as it wants, or as is `wanted` here, for a cost that
    is `below` some; so many `nodes` are looked at.

    What machines have beyond what is wanted is lost at its price, or where it is of some use still
    at the one that is said of each demand `beyond` that, in parts of a millionth.  With `haste`
    machines are found sooner, which may not be the cheapest, and nothing is said of what they cost
    at least.  Demands that have no price are regarded once they are not met.
    """
    demands, prices = appraisal.demands, appraisal.prices
    wanted = wanted or [demand.wanted for demand in demands]
    regarded = [n for n, price in enumerate(prices) if price > 0]
    least = 0
    while True:
        rooms = [tuple(demands[n].rooms[w] for n in regarded) for w in range(len(wares))]
        over = [beyond[n] for n in regarded] if beyond else None
        search = _Search(wares, rooms, [prices[n] for n in regarded], below, haste, over)
        chosen = search.run([wanted[n] for n in regarded], nodes)
        least = max(least, search.least)
        if chosen is None:
            return Cover(least, None)
        unmet = {
            n: lack / wanted[n]
            for n, demand in enumerate(demands)
            if (lack := wanted[n] - sum(demand.rooms[w] for w in chosen)) > 0
        }
        if not unmet:
            return Cover(least, tuple(wares[w] for w in chosen))
        nodes -= search.nodes
        regarded = sorted([*regarded, max(unmet, key=unmet.__getitem__)])


class _Search:
    """A machine loses what it costs beyond the prices of what it has, and what it has beyond what
    is wanted.  Those that lose least are looked at first, so what they lose is a bound.

    All of it is counted in whole numbers, so that nothing is lost to rounding: whatever prices are
    given, the bound is one.
    """

    def __init__(
        self,
        wares: Sequence[Ware],
        rooms: Sequence[Room],
        prices: Sequence[float],
        below: int,
        haste: int,
        beyond: Sequence[int] | None,
    ) -> None:
        self.worth = worth(wares, rooms, prices)
        self.beyond = beyond or self.worth
        self.below, self.haste = below, haste
        self.least = 0
        self.nodes = 0
        values = [self._value(room) for room in rooms]
        chosen = range(len(wares)) if haste else _needed(wares, rooms)
        self.order = [
            (n, wares[n].micros * SCALE - values[n], rooms[n])
            for n in sorted(chosen, key=lambda n: (-values[n], n))
        ]

    def run(self, wanted: Sequence[int], nodes: int) -> list[int] | None:
        """The indices of machines; None where there are none, or none was found."""
        start = self._value(wanted)
        limit = self.below * SCALE - start
        heap: list[tuple[int, int, int, Room, int, Chain]]
        heap = [(0, start, 0, tuple(wanted), 0, ())]
        seen: dict[Room, list[tuple[int, int]]] = {}
        while heap and self.nodes < nodes:
            _, left, first, rest, loss, chain = heappop(heap)
            self.nodes += 1
            if not any(rest):
                self._settle(start + loss)
                return _indices(chain)
            for at in range(first, len(self.order)):
                lost, then = self._after(at, rest, loss)
                if then == rest or lost >= limit or _is_worse(lost, at, seen.get(then, ())):
                    continue
                seen.setdefault(then, []).append((lost, at))
                left = self._value(then)
                entry = lost * HASTE + left * self.haste, left, at, then, lost
                heappush(heap, (*entry, (self.order[at][0], chain)))
        self._settle(start + min((entry[4] for entry in heap), default=limit))
        return None

    def _after(self, at: int, rest: Room, loss: int) -> tuple[int, Room]:
        """What is lost with one more machine, and what is wanted then."""
        _, lost, room = self.order[at]
        lost += loss
        then: list[int] = []
        for over, has, need in zip(self.beyond, room, rest, strict=True):
            if has > need:
                lost += over * (has - need)
                then.append(0)
            else:
                then.append(need - has)
        return lost, tuple(then)

    def _value(self, room: Sequence[int]) -> int:
        return sum(map(int.__mul__, self.worth, room))

    def _settle(self, scaled: int) -> None:
        """Rounded up, since every price is a whole number."""
        self.least = 0 if self.haste else min(self.below, -(-scaled // SCALE))


def _is_worse(lost: int, at: int, known: Sequence[tuple[int, int]]) -> bool:
    """Whether the same was wanted before, for no more and with no fewer wares to choose from."""
    return any(lost >= less and at >= before for less, before in known)


def worth(wares: Sequence[Ware], rooms: Sequence[Room], prices: Sequence[float]) -> tuple[int, ...]:
    """The prices in parts of a millionth, lowered until no ware has more than it costs."""
    found = tuple(int(price * SCALE) for price in prices)
    for ware, room in zip(wares, rooms, strict=True):
        value, cost = sum(map(int.__mul__, found, room)), ware.micros * SCALE
        if value > cost:
            found = tuple(price * cost // value for price in found)
    return found


def _needed(wares: Sequence[Ware], rooms: Sequence[Room]) -> list[int]:
    """The wares in place of which no number of one other has as much, for no more."""

    def is_needless(n: int, other: int) -> bool:
        if not 0 < wares[other].micros <= wares[n].micros:
            return False
        times = wares[n].micros // wares[other].micros
        enough = all(times * has >= need for has, need in zip(rooms[other], rooms[n], strict=True))
        return enough and (times > 1 or other < n)

    every = range(len(wares))
    return [n for n in every if not any(is_needless(n, m) for m in every if m != n)]


def _indices(chain: Chain) -> list[int]:
    found: list[int] = []
    while chain:
        n, chain = chain
        found.append(n)
    return found
