"""Lot x Wares -> what machines for it must have together, in whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from moot.model.purchase import Lot, Ware


class Demand(NamedTuple):
    """All machines together must have `wanted` of something, of which each Ware has its `room`.

    A Piece, by its index in the Lot, takes so much of it on whatever machine it is; no content of
    a machine takes more than its room.
    """

    rooms: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]
    wanted: int


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
                most = sum((lot[n].most or lot[n].amount) * size for n, size in sizes)
                rooms = tuple(
                    min(getattr(ware, what), most) if n in within else 0
                    for n, ware in enumerate(wares)
                )
                yield Demand(rooms, sizes, sum(lot[n].amount * size for n, size in sizes))


def _places(lot: Lot, wares: Sequence[Ware], takers: Sequence[frozenset[int]]) -> Iterator[Demand]:
    for n, piece in enumerate(lot):
        if piece.most and piece.most < piece.amount and takers[n]:
            rooms = tuple(piece.most * (m in takers[n]) for m in range(len(wares)))
            yield Demand(rooms, ((n, 1),), piece.amount)
