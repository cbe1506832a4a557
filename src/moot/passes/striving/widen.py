"""Ground x a Stride that breaks a promise -> Strides that ask for a little more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from moot.model.app import Component
from moot.model.availability import ROUNDING, Level
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.passes.apart import PLURALS, Atlas, Spread, apart
from moot.passes.striving.leave import leave
from moot.passes.striving.stride import Stride, Wish, up
from moot.passes.striving.weigh import Weighed
from moot.passes.suppose import keepers

INWARDS: Sequence[Level] = tuple(PLURALS)
MOST_ALONE = 3  # components that are widened by themselves


def widen(ground: Ground, stride: Stride, found: Weighed) -> Iterator[Stride]:
    """One domain more of a level, or only places that are up more of the time than the worst.

    That is asked for the components that limit the App: all of them at once, which each of them
    needs if it breaks the promise by itself, and each of the weakest alone.  Where nothing is known
    of some place, first such places are left; where there is too little headroom, more is left.
    """
    floor = _Floor.of(ground, found.placement)
    outlook = found.outlook
    if found.headroom and found.roomless:
        yield from leave(ground, stride, found.headroom.level)
    for group in _groups(found):
        for level in floor.levels if outlook.kept or outlook.least is not None else ():
            yield from floor.widened(stride, group, level)
        if not outlook.kept:
            yield from floor.raised(stride, group)


def _groups(found: Weighed) -> Iterator[Collection[str]]:
    if found.headroom and found.roomless:
        weak = list(dict.fromkeys(s.component for s in found.headroom.shortfalls))
    else:
        promised = (found.outlook.promised or 0.0) - ROUNDING
        ranked = sorted(found.outlook.components, key=lambda each: each[1])
        weak = [name for name, share in ranked if share < promised]
        weak = weak or [name for name, _ in ranked]
    yield weak
    if len(weak) > 1:
        yield from ([name] for name in weak[:MOST_ALONE])


@dataclass(frozen=True, slots=True)
class _Floor:
    """What each component stands on.  `levels` are those that tell places apart which a wider one
    does not, the narrowest first; `rungs` are the shares that are stated, the least first.
    """

    ground: Ground
    components: Collection[Component]
    levels: Sequence[Level]
    rungs: Sequence[float]
    places: dict[str, Spread]
    worst: dict[str, float]
    kept: Collection[str]

    @classmethod
    def of(cls, ground: Ground, placement: Placement) -> _Floor:
        atlas = apart([*ground.offerings, *(run.offering for run in placement.runs)])
        on: dict[str, list[int]] = {}
        offerings = [run.offering for run in placement.runs]
        for index, run in enumerate(placement.runs):
            on.setdefault(run.component, []).append(index)
        stated = [up(offering, ground) for offering in ground.offerings]
        return cls(
            ground=ground,
            components=ground.app.components,
            levels=_telling(atlas, ground),
            rungs=sorted({share for share in stated if share}),
            places={
                name: atlas.counts((offerings[i] for i in indexes), INWARDS)
                for name, indexes in on.items()
            },
            worst={
                name: min(up(offerings[i], ground) or 0.0 for i in indexes)
                for name, indexes in on.items()
            },
            kept=keepers(ground.app).keys(),
        )

    def widened(self, stride: Stride, group: Collection[str], level: Level) -> Iterator[Stride]:
        """One domain more of the level, for those that have a replica for it."""
        wishes = dict(stride.wishes)
        for component in self.components:
            name = component.name
            count = self.places.get(name, {}).get(level, component.replicas)
            if name in group and name not in self.kept and count < component.replicas:
                had = wishes.get(name, Wish())
                spread: dict[Level, int] = {**dict(had.spread), level: count + 1}
                wishes[name] = Wish(spread=frozenset(spread.items()), least=had.least)
        if wishes != stride.wishes:
            yield replace(stride, wishes=wishes)

    def raised(self, stride: Stride, group: Collection[str]) -> Iterator[Stride]:
        """Only what is up more of the time: as much as is promised, where there is one replica."""
        wishes = dict(stride.wishes)
        promised = self.ground.app.policy.availability or 0.0
        for component in self.components:
            if (name := component.name) in group and name in self.worst:
                index = bisect_right(self.rungs, self.worst[name])
                if component.replicas == 1:
                    index = max(index, bisect_left(self.rungs, promised - ROUNDING))
                if index < len(self.rungs):
                    wishes[name] = replace(wishes.get(name, Wish()), least=self.rungs[index])
        if wishes != stride.wishes:
            yield replace(stride, wishes=wishes)


def _telling(atlas: Atlas, ground: Ground) -> Sequence[Level]:
    counts = atlas.counts(ground.offerings, INWARDS)
    wider = [1, *counts.values()]
    telling = zip(INWARDS, wider, strict=False)
    found: list[Level] = [level for level, fewer in telling if counts[level] > fewer]
    return found[::-1]
