"""Lot x Wares -> what machines for it must have together, in whole numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from moot.model.purchase import Lot, Ware


class Demand(NamedTuple):
    """All machines together must have `wanted` of something, of which each Ware has its `room`.

    A Piece, by its index in the Lot, takes so much of it on whatever machine it is; no content of
    a machine takes more than its room.  `what` is the field of a Ware that has it, "" where it is
    places for pieces of which only so many may be on one machine.
    """

    rooms: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    wanted: int
    what: str = ""


def require(lot: Lot, wares: Sequence[Ware]) -> tuple[Demand, ...]:
    """CPU, memory and GPUs of every set of wares that some pieces are confined to, which only
    these use there; and places, where only so many of a piece may be on one machine.
    """
    takers = [frozenset(n for n, ware in enumerate(wares) if ware.holds(piece)) for piece in lot]
    return (*_amounts(lot, wares, takers), *_places(lot, wares, takers))


def _amounts(lot: Lot, wares: Sequence[Ware], takers: Sequence[frozenset[int]]) -> Iterator[Demand]:
    confined = {within for within in takers if within}
    for within in sorted(confined, key=lambda some: (-len(some), sorted(some))):
        ours = [n for n, some in enumerate(takers) if some and some <= within]
        for what in ("millicpu", "memory_mib", "gpus"):
            sizes = tuple((n, size) for n in ours if (size := getattr(lot[n], what)))
            if sizes:
                room = _rooms(lot, ours, what)
                rooms = tuple(room(ware) if n in within else 0 for n, ware in enumerate(wares))
                yield Demand(rooms, sizes, sum(lot[n].amount * size for n, size in sizes), what)


def _rooms(lot: Lot, ours: Sequence[int], what: str) -> Callable[[Ware], int]:
    """How much of something a machine can have in use: what has most of it for its CPUs, or for its
    memory, would be there first, and of the last one a part.
    """
    limits = [_Limit.of(lot, ours, what, by) for by in ("millicpu", "memory_mib") if by != what]
    return lambda ware: min(getattr(ware, what), *(limit.most(ware) for limit in limits))


class _Limit(NamedTuple):
    """What there is at most of something, in steps, where there is so much `by` which it is had."""

    by: str
    used: Sequence[int]
    had: Sequence[int]

    @classmethod
    def of(cls, lot: Lot, ours: Sequence[int], what: str, by: str) -> _Limit:
        def order(n: int) -> tuple[float, int]:
            size = getattr(lot[n], by)
            return -getattr(lot[n], what) / size if size else -inf, n

        used, had = [0], [0]
        for n in sorted(ours, key=order):
            count = lot[n].most or lot[n].amount
            used.append(used[-1] + getattr(lot[n], by) * count)
            had.append(had[-1] + getattr(lot[n], what) * count)
        return cls(by, used, had)

    def most(self, ware: Ware) -> int:
        """Rounded down, as every amount is a whole number."""
        room = getattr(ware, self.by)
        at = bisect_right(self.used, room) - 1
        if at + 1 == len(self.used):
            return self.had[-1]
        step, more = self.used[at + 1] - self.used[at], self.had[at + 1] - self.had[at]
        return self.had[at] + (room - self.used[at]) * more // step


def _places(lot: Lot, wares: Sequence[Ware], takers: Sequence[frozenset[int]]) -> Iterator[Demand]:
    for n, piece in enumerate(lot):
        if piece.most and piece.most < piece.amount and takers[n]:
            rooms = tuple(piece.most * (m in takers[n]) for m in range(len(wares)))
            yield Demand(rooms, ((n, 1),), piece.amount)
