"""What comes of trouble x what would without the loss of control planes -> the same, with blame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from moot.model.rehearsal import Fate, Loss, Rehearsed, Span, key_of


def blame(found: Rehearsed, free: Rehearsed, lost: Sequence[Loss]) -> Rehearsed:
    """Of as many as cannot run, and could in the `free` case, the reason is what would have started
    them.
    """
    owed = _lacking(found.fates)
    owed.subtract(_lacking(free.fates))
    return replace(found, fates=tuple(_told(found.fates, owed, free, lost)))


def _told(
    fates: Iterable[Fate], owed: Counter[str], free: Rehearsed, lost: Sequence[Loss]
) -> Iterator[Fate]:
    for fate in fates:
        name = fate.component
        most = owed[name] if fate.fortune in ("stops", "lacks") else 0
        planes = _starting(free, lost, name) if most > 0 else ""
        if not planes:
            yield fate
            continue
        owed[name] -= fate.count
        blamed, rest = _parted(fate.spans, most)
        yield replace(fate, spans=blamed, why=f"{planes} would start it, and is lost")
        if rest:
            yield replace(fate, spans=rest)


def _parted(spans: Iterable[Span], most: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The first so many, and all others."""
    before: list[Span] = []
    after: list[Span] = []
    for first, count in spans:
        here = min(count, max(most, 0))
        before += [(first, here)] if here else []
        after += [(first + here, count - here)] if count > here else []
        most -= here
    return tuple(before), tuple(after)


def _lacking(fates: Iterable[Fate]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for fate in fates:
        counts[fate.component] += fate.count * (fate.fortune in ("stops", "lacks"))
    return counts


def _starting(free: Rehearsed, lost: Iterable[Loss], component: str) -> str:
    """Those of the lost that start replicas of it in the free case."""
    own = (f for f in free.fates if f.component == component)
    keys = {key_of(f.target) for f in own if f.target and f.fortune in ("moves", "starts")}
    return ", ".join(loss.label for loss in lost if not loss.frozen.isdisjoint(keys))
