"""Lot x Wares -> what each Piece is worth at most, so that no purchase costs less than the sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

from moot.model.purchase import NEVER, Lot, Piece, Ware

ROUNDING = 1 - 1e-9  # what floating point may add to a bound
NOTHING = 1e-9
MOST_PIVOTS = 2_000

Row = list[float]


class Appraisal(NamedTuple):
    """`values` by Piece, in millionths an hour; `least` is a bound on the whole Lot.

    `efficient` are the wares in the order in which their price is used up by what they can hold,
    the best first; `mix` is how many of which would be bought if both came in any fraction.
    """

    values: tuple[float, ...]
    least: int
    efficient: tuple[Ware, ...]
    mix: tuple[tuple[Ware, float], ...]


def appraise(lot: Lot, wares: Sequence[Ware]) -> Appraisal:
    """What no machine can hold more of than its price: a solution of the dual of the linear
    programme in which pieces are divisible.

    A CPU, a GiB and a GPU have a price; each gets a surcharge for every set of wares that some
    pieces are confined to, which only these pay.  Or else each ware is paid for what is scarcest
    there, which is better for pieces that are alike.  What fits on no ware is worth NEVER.
    """
    takers = [tuple(n for n, ware in enumerate(wares) if ware.holds(piece)) for piece in lot]
    columns = list(_columns(lot, wares, takers))
    rows = [[column.room[n] for column in columns] for n in range(len(wares))]
    limits = [float(ware.micros) for ware in wares]
    prices, amounts = _maximised([column.wanted for column in columns], rows, limits)
    used = [
        sum(map(float.__mul__, prices, row)) / limit
        for row, limit in zip(rows, limits, strict=True)
    ]
    scale = ROUNDING / max((1.0, *used))
    values = [0.0 if some else float(NEVER) for some in takers]
    for price, column in zip(prices, columns, strict=True):
        for n, size in column.sizes:
            values[n] += price * scale * size
    values = max(values, _scarce(lot, wares, takers), key=lambda each: _sum(lot, each))
    least = min(NEVER, max((ceil(_sum(lot, values)), *(_alone(piece, wares) for piece in lot))))
    efficient = sorted(range(len(wares)), key=lambda n: (-used[n], n))
    return Appraisal(
        tuple(values),
        least,
        tuple(wares[n] for n in efficient),
        tuple(
            (ware, amount) for ware, amount in zip(wares, amounts, strict=True) if amount > NOTHING
        ),
    )


class _Column(NamedTuple):
    """A thing with a price: what each ware has of it, what pieces take, and that in all."""

    room: Row
    sizes: list[tuple[int, int]]
    wanted: float


def _columns(
    lot: Lot, wares: Sequence[Ware], takers: Sequence[tuple[int, ...]]
) -> Iterator[_Column]:
    """CPU, memory and GPUs of every set of wares that some pieces are confined to."""
    confined = {t: frozenset(t) for t in takers if t}
    for within in sorted(confined, key=lambda t: (-len(t), t)):
        chosen = confined[within]
        ours = [n for n, some in enumerate(takers) if some and confined[some] <= chosen]
        for what in ("millicpu", "memory_mib", "gpus"):
            sizes = [(n, size) for n in ours if (size := getattr(lot[n], what))]
            if sizes:
                room = [
                    float(getattr(ware, what)) if n in chosen else 0.0
                    for n, ware in enumerate(wares)
                ]
                yield _Column(room, sizes, float(sum(lot[n].amount * size for n, size in sizes)))


def _scarce(lot: Lot, wares: Sequence[Ware], takers: Sequence[tuple[int, ...]]) -> Row:
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


def _maximised(
    gains: Sequence[float], rows: Sequence[Row], limits: Sequence[float]
) -> tuple[Row, Row]:
    """The x >= 0 for which gains x is highest and no row x above its limit, by the simplex method,
    and by row what more of its limit would gain.

    Where it does not end, what it has by then: less, and within the limits as well.
    """
    width = len(gains)
    scales = [max(row[n] for row in rows) for n in range(width)]
    table = [
        [*map(float.__truediv__, row, scales), *_unit(n, len(rows)), limit]
        for n, (row, limit) in enumerate(zip(rows, limits, strict=True))
    ]
    goal = [-gain / scale for gain, scale in zip(gains, scales, strict=True)]
    goal += [0.0] * (len(rows) + 1)
    basis = list(range(width, width + len(rows)))
    for _ in range(MOST_PIVOTS if gains else 0):
        enter = min(range(width + len(rows)), key=goal.__getitem__)
        ratios = [(row[-1] / row[enter], n) for n, row in enumerate(table) if row[enter] > NOTHING]
        if goal[enter] >= -NOTHING or not ratios:
            break
        leave = min(ratios)[1]
        _pivot(table, goal, leave, enter)
        basis[leave] = enter
    found = [0.0] * width
    for n, column in enumerate(basis):
        if column < width:
            found[column] = max(0.0, table[n][-1]) / scales[column]
    return found, goal[width : width + len(rows)]


def _unit(n: int, length: int) -> Row:
    return [float(n == m) for m in range(length)]


def _pivot(table: list[Row], goal: Row, leave: int, enter: int) -> None:
    by = table[leave][enter]
    pivot = table[leave] = [value / by for value in table[leave]]
    filled = [(n, value) for n, value in enumerate(pivot) if value]
    for row in (*table, goal):
        factor = row[enter]
        if factor and row is not pivot:
            for n, value in filled:
                row[n] -= factor * value


def _alone(piece: Piece, wares: Sequence[Ware]) -> int:
    """What machines for these alone cost at least."""
    machines = -(-piece.amount // piece.most) if piece.most else 1
    return machines * min((ware.micros for ware in wares if ware.holds(piece)), default=NEVER)
