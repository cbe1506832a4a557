"""Layout -> bunches of those that talk, each with how many machines share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import accumulate, count

from moot.passes.gathering.layout import LEAST, Layout
from moot.passes.gathering.release import Mover

MORE = 8  # machines beyond the fewest on which a bunch could have room
LOOKS = 500_000  # machines times pairs that talk: how much is tried

Cell = Mapping[Mover, int]  # how many of each are to be on one machine


@dataclass(frozen=True, eq=False)
class Bunch:
    """Of each mover every machine has the same part, as far as that goes."""

    movers: tuple[Mover, ...]
    cells: Sequence[Cell]
    gained: float
    size: float


def bunch(layout: Layout) -> list[Bunch]:
    """Those first that gain most for what they take, while none of them is on a machine.

    Two are put together where more stays on machines so: first where it is most for their size.
    """
    found = [each for each in _Bunching(layout).merged() if each.gained > LEAST]
    return sorted(found, key=lambda each: -each.gained / each.size)


@dataclass
class _Bunching:
    """`alive` is by component the bunch it is in, `heap` has those that could be put together."""

    layout: Layout
    alive: dict[str, Bunch] = field(default_factory=dict[str, Bunch])
    heap: list[tuple[float, int, Bunch, Bunch, Bunch]] = field(
        default_factory=list[tuple[float, int, Bunch, Bunch, Bunch]]
    )
    largest: dict[int, Sequence[int]] = field(default_factory=dict[int, Sequence[int]])
    turn: count[int] = field(default_factory=count)
    looks: int = 0

    def merged(self) -> list[Bunch]:
        """Of what is free as a whole."""
        weights, totals = self.layout.weights, self.layout.totals
        for mover in self.layout.movers:
            if (name := mover.component) in weights and mover.count == totals[name]:
                size = self.layout.size(mover) * mover.count
                self.alive[name] = Bunch((mover,), (), 0.0, size)
        for name, one in [*self.alive.items()]:
            self.offer(one, (other for other, _ in weights[name] if other > name))
        while self.heap:
            *_, one, other, both = heappop(self.heap)
            if self.is_alive(one) and self.is_alive(other):
                names = [mover.component for mover in both.movers]
                self.alive.update(dict.fromkeys(names, both))
                self.offer(both, (n for name in names for n, _ in weights[name]))
        return [*dict.fromkeys(self.alive.values())]

    def is_alive(self, one: Bunch) -> bool:
        return self.alive[one.movers[0].component] is one

    def offer(self, one: Bunch, names: Iterable[str]) -> None:
        """What comes of it with each of the bunches these are in, if they may be together."""
        numbers = one.movers[0].numbers
        for other in dict.fromkeys(self.alive[name] for name in names if name in self.alive):
            apart = other is one or other.movers[0].numbers is not numbers or _shy(one, other)
            if apart or self.looks > LOOKS:
                continue
            both = self.split((*one.movers, *other.movers))
            if both and (more := both.gained - one.gained - other.gained) > LEAST:
                found = -more / both.size, next(self.turn), one, other, both
                heappush(self.heap, found)

    def split(self, movers: tuple[Mover, ...]) -> Bunch | None:
        """Over as few machines as have room for it; None where that is not found."""
        room, numbers = self.layout.room, self.machines(movers[0])
        size = sum(self.layout.size(mover) * mover.count for mover in movers) or 1.0
        fewest = 1
        for left, needed in zip(room.left, total(movers), strict=True):
            sums = accumulate(left[number] for number in numbers)
            enough = next((n for n, total in enumerate(sums, 1) if total >= needed), None)
            if enough is None:
                return None
            fewest = max(fewest, enough)
        for machines in range(fewest, min(fewest + MORE, len(numbers)) + 1):
            cells = [_cell(movers, machines, index) for index in range(machines)]
            self.looks += machines * len(movers)
            if all(self.fits(cell, n) for cell, n in zip(cells, numbers, strict=False)):
                return Bunch(movers, cells, self.gained(movers, cells), size)
        return None

    def machines(self, mover: Mover) -> Sequence[int]:
        """The offerings it may be on: the largest first."""
        room, scales, known = self.layout.room, self.layout.scales, id(mover.numbers)
        if known not in self.largest:
            left = {
                n: -sum(part[n] * scale for part, scale in zip(room.left, scales, strict=True))
                for n in mover.numbers.values()
            }
            self.largest[known] = sorted(left, key=lambda n: (left[n], n))
        return self.largest[known]

    def fits(self, cell: Cell, number: int) -> bool:
        return all(
            left[number] >= needed
            for left, needed in zip(self.layout.room.left, total(cell, cell), strict=True)
        )

    def gained(self, movers: Sequence[Mover], cells: Sequence[Cell]) -> float:
        weights, totals = self.layout.weights, self.layout.totals
        by_name = {mover.component: mover for mover in movers}
        gained = 0.0
        for name, mover in by_name.items():
            for other, weight in weights[name]:
                if other > name and (partner := by_name.get(other)):
                    self.looks += len(cells)
                    parts = (
                        min(cell[mover] / totals[name], cell[partner] / totals[other])
                        for cell in cells
                    )
                    gained += weight * sum(parts)
        return gained


def _shy(one: Bunch, other: Bunch) -> bool:
    names = {mover.component for mover in other.movers}
    return any(not mover.shy.isdisjoint(names) for mover in one.movers)


def _cell(movers: Iterable[Mover], machines: int, index: int) -> Cell:
    return {mover: (mover.count + machines - 1 - index) // machines for mover in movers}


def total(movers: Iterable[Mover], counts: Cell | None = None) -> list[int]:
    """What all of these take, or so many of each."""
    needed = [0, 0, 0]
    for mover in movers:
        count = mover.count if counts is None else counts[mover]
        for index, part in enumerate(mover.demand):
            needed[index] += part * count
    return needed
