"""Layout x replicas -> each on the machine where most of its traffic stays."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace

from moot.passes.gathering.layout import LEAST, Layout
from moot.passes.gathering.release import Mover


def settle(layout: Layout, mover: Mover, count: int) -> bool:
    """Whether so many more find room: one after the other where it gains most.

    What one more gains never rises with those that are there, so this is the best there is for the
    component while the others stay.  Where nothing is gained they go where they were or are few,
    and most is left.
    """
    heap = [
        (-gained, machine)
        for machine in layout.partners(mover)
        if (gained := _gained(layout, mover, machine)) > 0
    ]
    heapify(heap)
    while heap and count:
        _, machine = heap[0]
        step = layout.step(mover, machine, count)
        layout.put(mover, machine, step)
        count -= step
        if (gained := _gained(layout, mover, machine)) > 0:
            heapreplace(heap, (-gained, machine))
        else:
            heappop(heap)
    return not count or _spread(layout, mover, count)


def _gained(layout: Layout, mover: Mover, machine: int) -> float:
    """By one more there; nothing where it has no room."""
    if not layout.capacity(mover, machine, 1):
        return 0.0
    gained = layout.worth(mover.component, machine, 1)
    return gained if gained > LEAST * 1e-3 else 0.0


def _spread(layout: Layout, mover: Mover, count: int) -> bool:
    """Whether all find room where few of them are, of such machines where most is left."""
    at, left = layout.at[mover], layout.room.left[0]
    while count:
        layout.looks += len(mover.numbers)
        open = [m for m in mover.numbers if layout.capacity(mover, m, 1)]
        if not open:
            return False
        open.sort(key=lambda m: (at.get(m, 0), -left[mover.numbers[m]], mover.numbers[m]))
        for machine in open[:count]:
            layout.put(mover, machine, 1)
        count -= min(count, len(open))
    return True
