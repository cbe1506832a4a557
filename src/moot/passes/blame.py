"""What comes of trouble x what would without the loss of control planes -> the same, with blame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from moot.model.rehearsal import Fate, Loss, Rehearsed, key_of


def blame(found: Rehearsed, free: Rehearsed, lost: Sequence[Loss]) -> Rehearsed:
    """Of what cannot run, and more of it could in the `free` case, the reason is what would have
    started it.
    """
    without, within = _lacking(found.fates), _lacking(free.fates)

    def told(fate: Fate) -> Fate:
        name = fate.component
        planes = _starting(free, lost, name) if without[name] > within[name] else ""
        if not planes or fate.fortune not in ("stops", "lacks"):
            return fate
        return replace(fate, why=f"{planes} would start it, and is lost")

    return replace(found, fates=tuple(map(told, found.fates)))


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
