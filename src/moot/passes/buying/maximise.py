"""Gains, rows and limits -> the amounts that gain most within them, by the simplex method."""

from __future__ import annotations

from collections.abc import Sequence

NOTHING = 1e-9
MOST_PIVOTS = 2_000

Row = list[float]


def maximise(
    gains: Sequence[float], rows: Sequence[Sequence[float]], limits: Sequence[float]
) -> tuple[Row, Row]:
    """The x >= 0 for which gains x is highest and no row x above its limit, and by row what more
    of its limit would gain.  Nothing of a row, a limit or a gain may be below nothing.

    Where it does not end, what it has by then: less, and within the limits as well.
    """
    width = len(gains)
    scales = [max(row[n] for row in rows) for n in range(width)]
    table = [
        [*map(float.__truediv__, map(float, row), scales), *_unit(n, len(rows)), limit]
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
