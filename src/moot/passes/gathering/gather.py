"""Basis x Placement -> at the same price, what talks much is on the same machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from moot.model.placement import Assignments, Placement, Run
from moot.passes.apart import wanted
from moot.passes.disk import disk
from moot.passes.gathering.improve import improve
from moot.passes.gathering.layout import LEAST, Layout, Spots
from moot.passes.gathering.pack import pack
from moot.passes.gathering.release import Mover, Released, release
from moot.passes.gathering.weights import Weights, weights
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Stand

ROUNDS = 4
FEW = 100_000  # looks: an App that takes no more is small enough for another start


def gather(basis: Basis, placement: Placement) -> Placement:
    """More of the stated traffic stays on machines, where there is any, at the same price.

    What runs stays where it is, and every promise that is kept stays kept.  New replicas are spread
    evenly only as far as nothing is gained by less.  It is improved what comes of placing all of
    them anew and, for small Apps or where that fails, what is there; the best end is taken.
    """
    weighed = weights(basis.app)
    if not weighed:
        return placement
    spread = any(wanted(basis.app.policy, component) for component in basis.app.components)
    for _ in range(ROUNDS if spread else 1):
        before, placement = placement, _gathered(basis, placement, weighed)
        if placement is before:
            break
    return placement


def _gathered(basis: Basis, placement: Placement, weighed: Weights) -> Placement:
    """Once.  Where some of them have to stay for the sake of `spread`, the next time it is others:
    those that are with whom they talk by then.
    """
    released = release(basis, placement, weighed)
    if not released.movers:
        return placement
    layout = Layout(basis, released, weighed)
    machines = basis.stock.domains("host")
    start: Spots = {mover: _counts(mover.stands, machines) for mover in released.movers}
    layout.lay(start)
    ends: list[tuple[float, Spots]] = [(layout.gained, start)]
    if pack(layout, start):
        ends.append(_improved(layout))
    if layout.looks < FEW or len(ends) == 1:
        layout.lay(start)
        ends.append(_improved(layout))
    gained, best = max(ends, key=lambda end: end[0])
    if gained <= ends[0][0] + LEAST:
        return placement
    return _moved(basis, placement, released, start, best)


def _improved(layout: Layout) -> tuple[float, Spots]:
    improve(layout)
    return layout.gained, layout.laid()


def _counts(stands: Iterable[Stand], machines: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for _, count, number in stands:
        found[machines[number]] = found.get(machines[number], 0) + count
    return found


def _moved(
    basis: Basis, placement: Placement, released: Released, start: Spots, best: Spots
) -> Placement:
    """With those components anew of which something is elsewhere."""
    moved: dict[str, list[Stand]] = {}
    for mover in released.movers:
        if best[mover] != start[mover]:
            moved.setdefault(mover.component, [])
    for mover in released.movers:
        if mover.component in moved:
            moved[mover.component] += _dealt(mover, best[mover])
    runs = dict[str, list[Run]]()
    for run in placement.runs:
        runs.setdefault(run.component, []).append(run)
    for name, stands in moved.items():
        runs[name] = list(_runs(basis, name, sorted([*released.settled[name], *stands])))
    there = Assignments(run for found in runs.values() for run in found)
    return replace(placement, assignments=there, disk=disk(basis.app, there.runs))


def _dealt(mover: Mover, counts: Mapping[int, int]) -> Iterator[Stand]:
    """Its replicas in order, to the machines in order."""
    waiting = sorted(mover.stands, reverse=True)
    for number, count in sorted((mover.numbers[m], count) for m, count in counts.items()):
        while count:
            first, there, _ = waiting.pop()
            taken = min(count, there)
            yield first, taken, number
            if taken < there:
                waiting.append((first + taken, there - taken, number))
            count -= taken


def _runs(basis: Basis, name: str, stands: Iterable[Stand]) -> Iterator[Run]:
    ways, kinds, offerings = basis.fits[name].ways, basis.stock.kind_of, basis.stock.offerings
    last: Run | None = None
    for first, count, number in stands:
        offering = offerings[number]
        if last and last.first + last.count == first and last.offering is offering:
            last = replace(last, count=last.count + count)
            continue
        if last:
            yield last
        last = Run(basis.app.name, name, first, count, offering, ways[kinds[number]])
    if last:
        yield last
