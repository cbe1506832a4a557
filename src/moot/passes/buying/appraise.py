"""Lot x Wares -> what each Piece is worth at most, so that no purchase costs less than the sum."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from moot.model.purchase import NEVER, Lot, Piece, Ware
from moot.passes.buying.maximise import maximise
from moot.passes.buying.require import Demand, require

ROUNDING = 1 - 1e-9  # what floating point may add to a bound


class Appraisal(NamedTuple):
    """`values` by Piece, in millionths an hour; `least` is a bound on the whole Lot.

    `efficient` are the wares in the order in which their price is used up by what they can hold,
    the best first.  `prices` are those of one of each of the `demands`.
    """

    values: tuple[float, ...]
    least: int
    efficient: tuple[Ware, ...]
    demands: tuple[Demand, ...]
    prices: tuple[float, ...]


def appraise(lot: Lot, wares: Sequence[Ware]) -> Appraisal:
    """What no machine can hold more of than its price: a solution of the dual of the linear
    programme in which pieces are divisible.

    What is required has a price; each machine pays for what it has of it.  Or else each ware is
    paid for what is scarcest there, which is better for pieces that are alike.  What fits on no
    ware is worth NEVER.
    """
    takers = [tuple(n for n, ware in enumerate(wares) if ware.holds(piece)) for piece in lot]
    demands = require(lot, wares)
    rows = [[demand.rooms[n] for demand in demands] for n in range(len(wares))]
    limits = [float(ware.micros) for ware in wares]
    prices, _ = maximise([float(demand.wanted) for demand in demands], rows, limits)
    used = [
        sum(map(float.__mul__, prices, map(float, row))) / (limit or 1.0)
        for row, limit in zip(rows, limits, strict=True)
    ]
    scale = ROUNDING / max((1.0, *used))
    values = [0.0 if some else float(NEVER) for some in takers]
    for price, demand in zip(prices, demands, strict=True):
        for n, size in demand.sizes:
            values[n] += price * scale * size
    values = max(values, _scarce(lot, wares, takers), key=lambda each: _sum(lot, each))
    least = min(NEVER, max((ceil(_sum(lot, values)), *(_alone(piece, wares) for piece in lot))))
    efficient = sorted(range(len(wares)), key=lambda n: (-used[n], n))
    return Appraisal(
        tuple(values), least, tuple(wares[n] for n in efficient), demands, tuple(prices)
    )


def _scarce(lot: Lot, wares: Sequence[Ware], takers: Sequence[tuple[int, ...]]) -> list[float]:
    """By Piece the least that any ware takes for what it uses there of the one thing that is paid
    for: CPU or memory, whichever of both all pieces together would use up first.
    """
    cpu = sum(piece.millicpu * piece.amount for piece in lot)
    memory_mib = sum(piece.memory_mib * piece.amount for piece in lot)

    def paid(piece: Piece, ware: Ware) -> float:
        if cpu * ware.memory_mib > memory_mib * ware.millicpu:
            return ware.micros * ROUNDING * piece.millicpu / max(ware.millicpu, 1)
        return ware.micros * ROUNDING * piece.memory_mib / max(ware.memory_mib, 1)

    return [
        min((paid(piece, wares[n]) for n in some), default=float(NEVER))
        for piece, some in zip(lot, takers, strict=True)
    ]


def _sum(lot: Lot, values: Sequence[float]) -> float:
    return sum(value * piece.amount for value, piece in zip(values, lot, strict=True))


def _alone(piece: Piece, wares: Sequence[Ware]) -> int:
    """What machines for these alone cost at least."""
    machines = -(-piece.amount // piece.most) if piece.most else 1
    return machines * min((ware.micros for ware in wares if ware.holds(piece)), default=NEVER)
