"""Layout -> a better one, step by step: each component where it gains most, and pairs together."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from moot.passes.gathering.layout import LEAST, Layout
from moot.passes.gathering.release import Mover
from moot.passes.gathering.settle import settle

LOOKS = 1_000_000  # how much is tried: it is counted, so that all machines decide alike
HOSTS = 6  # machines on which two that talk are brought together


def improve(layout: Layout) -> None:
    """Until no step gains anything, or so much was looked at; every step is valid by itself."""
    end = layout.looks + LOOKS
    movers = sorted(
        (mover for mover in layout.movers if mover.component in layout.weights),
        key=lambda mover: -layout.traffic(mover),
    )
    gained = -1.0
    while layout.gained > gained + LEAST:
        gained = layout.gained
        for mover in movers:
            _resettle(layout, mover)
            if layout.looks > end:
                return
        for mover, other, _ in _pairs(layout, movers):
            _join(layout, mover, other)
            if layout.looks > end:
                return


def _pairs(layout: Layout, movers: Collection[Mover]) -> list[tuple[Mover, str, float]]:
    """Who can be brought to whom: those first that have most to do with one another."""
    pairs = [(m, other, w) for m in movers for other, w in layout.weights[m.component]]
    return sorted(pairs, key=lambda pair: -pair[2])


def _resettle(layout: Layout, mover: Mover) -> None:
    """All of it anew, while the others stay."""
    mark = layout.mark()
    layout.lift([mover])
    if not settle(layout, mover, mover.count) or not layout.better(mark):
        layout.back(mark)


def _join(layout: Layout, mover: Mover, other: str) -> None:
    """Bring replicas to machines where the other component has most; whoever is in the way goes."""
    there = layout.spots[other]
    hosts = [machine for machine in there if machine in mover.numbers]
    hosts.sort(key=lambda machine: (-there[machine], machine))
    for machine in hosts[:HOSTS]:
        for count in _counts(layout, mover, other, machine):
            if _pull(layout, mover, machine, count, other):
                break


def _counts(layout: Layout, mover: Mover, other: str, machine: int) -> Iterator[int]:
    """One, as many as match the other component's part there, and all."""
    name, totals = mover.component, layout.totals
    had = layout.on[machine].get(name, 0)
    matching = -(-layout.spots[other].get(machine, 0) * totals[name] // totals[other]) - had
    away = mover.count - layout.at[mover].get(machine, 0)
    if matching <= 0 or not away:
        return
    yield from sorted({1, min(matching, away), away})


def _pull(layout: Layout, mover: Mover, machine: int, count: int, other: str) -> bool:
    """Whether it gained something to bring so many more there, from where they are missed least."""
    mark = layout.mark()
    _take(layout, mover, machine, count)
    promising = layout.gained + layout.worth(mover.component, machine, count) > mark.gained + LEAST
    evicted = _make_room(layout, mover, machine, count, other) if promising else None
    if evicted is not None:
        layout.put(mover, machine, count)
        ranked = sorted(evicted.items(), key=lambda item: -layout.size(item[0]))
        if all(settle(layout, each, n) for each, n in ranked) and layout.better(mark):
            return True
    layout.back(mark)
    return False


def _take(layout: Layout, mover: Mover, machine: int, count: int) -> None:
    """So many off other machines."""
    missed = {m: _missed(layout, mover, m, 1) for m in layout.at[mover] if m != machine}
    while count:
        layout.looks += len(missed)
        source = min(missed, key=missed.__getitem__)
        taken = _idle(layout, mover, source, count) if missed[source] <= LEAST else 1
        layout.put(mover, source, -taken)
        count -= taken
        if source in layout.at[mover]:
            missed[source] = _missed(layout, mover, source, 1)
        else:
            del missed[source]


def _make_room(
    layout: Layout, mover: Mover, machine: int, count: int, other: str
) -> dict[Mover, int] | None:
    """Who had to leave, those first that are missed least for their size; None where it is not
    enough.
    """
    kept = {mover.component, other}
    able = {m.component: m for m in layout.of.get(machine, ()) if m.component not in kept}
    missed = {name: _missed_for_size(layout, able[name], machine) for name in able}
    evicted: dict[Mover, int] = {}
    while layout.capacity(mover, machine, count) < count:
        if not missed:
            return None
        name = min(missed, key=missed.__getitem__)
        out = able[name]
        lacks = max(1, int((count * layout.size(mover)) / (layout.size(out) or LEAST)))
        gone = _idle(layout, out, machine, lacks) if missed[name] <= LEAST else 1
        layout.put(out, machine, -gone)
        evicted[out] = evicted.get(out, 0) + gone
        for each in (name, *(partner for partner, _ in layout.weights.get(name, ()))):
            if each in missed:
                del missed[each]
                if machine in layout.at[able[each]]:
                    missed[each] = _missed_for_size(layout, able[each], machine)
    return evicted


def _missed_for_size(layout: Layout, mover: Mover, machine: int) -> float:
    return _missed(layout, mover, machine, 1) / (layout.size(mover) or LEAST)


def _idle(layout: Layout, mover: Mover, machine: int, most: int) -> int:
    """How many of it nobody there would miss, up to so many; at least one."""
    count = min(most, layout.at[mover][machine])
    while count > 1 and _missed(layout, mover, machine, count) > LEAST:
        count //= 2
    return count


def _missed(layout: Layout, mover: Mover, machine: int, count: int) -> float:
    """What so many fewer of it would lose there."""
    return -layout.worth(mover.component, machine, -count)
