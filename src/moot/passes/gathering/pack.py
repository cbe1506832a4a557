"""Layout -> everything placed anew: bunches first, then who talks, at last all others."""

from __future__ import annotations

from moot.passes.gathering.bunch import Bunch, Cell, bunch, total
from moot.passes.gathering.layout import Layout, Spots
from moot.passes.gathering.settle import settle


def pack(layout: Layout, start: Spots) -> bool:
    """Whether all found room; who does not talk stays where it is at the start, if it can."""
    layout.lift(layout.movers)
    for each in bunch(layout):
        _put(layout, each)
    silent = [mover for mover in layout.movers if mover.component not in layout.weights]
    for mover in silent:
        for machine, count in start[mover].items():
            if stays := layout.capacity(mover, machine, count):
                layout.put(mover, machine, stays)
    by_traffic = sorted(layout.movers, key=lambda m: -layout.traffic(m))
    by_size = sorted(silent, key=lambda m: -layout.size(m))
    talking = [mover for mover in by_traffic if mover.component in layout.weights]
    return all(settle(layout, mover, layout.lacking(mover)) for mover in (*talking, *by_size))


def _put(layout: Layout, bunch: Bunch) -> None:
    """Its cells on the machines where most is gained with those that are there, of such on the
    fullest; what has no machine yet is settled by itself.
    """
    cells, numbers = [*bunch.cells], bunch.movers[0].numbers
    left, free = layout.room.left[0], [*numbers]
    while cells and (able := [m for m in free if _fits(layout, cells[0], m)]):
        layout.looks += len(free)
        gained = {
            m: sum(layout.worth(mover.component, m, n) for mover, n in cells[0].items())
            for m in able
        }
        able.sort(key=lambda m: (-gained[m], left[numbers[m]], numbers[m]))
        used, cells = dict(zip(able, cells, strict=False)), cells[len(able) :]
        for machine, cell in used.items():
            for mover, count in cell.items():
                if count:
                    layout.put(mover, machine, count)
        free = [m for m in free if m not in used]


def _fits(layout: Layout, cell: Cell, machine: int) -> bool:
    """Whether there is room for all of it at once."""
    number = next(iter(cell)).numbers[machine]
    return all(
        left[number] >= part for left, part in zip(layout.room.left, total(cell, cell), strict=True)
    ) and all(layout.capacity(mover, machine, count) >= count for mover, count in cell.items())
