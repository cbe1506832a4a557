"""Ground -> Placement: the cheapest that keeps every promise, where the first one does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.programme import Solve
from moot.model.rehearsal import Ground
from moot.passes.place import STAYS, place
from moot.passes.placing.fill import MOVE_THRESHOLD
from moot.passes.placing.search import LEAST, LOOKS, MOST
from moot.passes.striving.stride import Stride, plain, restored
from moot.passes.striving.weigh import Weighed, stands, weigh
from moot.passes.striving.widen import widen

STRIDES, FEWEST = 64, 4  # placements that are tried for the sake of promises
FEW = 8  # while a venue is silent, and less is not refused
MOST_TRIED = 5_000  # looks of all attempts at one of them
ROUNDS = 4
LOSSES = 25  # what it takes to look at the headroom, in placements


def strive(
    ground: Ground, attempts: int = MOST, strides: int = STRIDES, solve: Solve | None = None
) -> Placement:
    """What `place` makes of it, where that keeps what is promised of the whole App.

    Where it does not, it is placed wider and on better places, step by step, and the cheapest that
    keeps every promise is taken; what runs stays for the same threshold as in `place`.  There are
    at most so many `strides`, fewer for large Apps.  It is looked at once more from where it would
    stand then, until placing again would change nothing.  Where none keeps them it is the one that
    lacks least; while a venue is silent and nothing is refused, what still runs does not move for
    it.  Of `solve` only `place` asks anything, where nothing is promised of the whole.  Raises what
    `place` raises.
    """
    policy = ground.app.policy
    if policy.availability is None and policy.headroom is None:
        given = ground.app, ground.offerings, ground.prior, ground.homes, ground.absent
        return place(*given, attempts, solve=solve)
    looks = max(1, len(ground.app.components) * len(ground.offerings))
    fewer = max(LEAST, min(attempts, MOST_TRIED // looks))
    looks *= LOSSES if policy.headroom else 1
    most = max(FEWEST, min(FEW if _is_gentle(ground) else strides, LOOKS // looks))
    striving = _Striving(ground, ground.prior, attempts, fewer, most)
    found = striving.best()
    for _ in range(ROUNDS):
        here = striving.ground
        if found is striving.first or not found.kept or found.is_at(here.prior):
            break
        here = replace(here, prior=found.placement)
        striving = _Striving(here, ground.prior, attempts, fewer, most)
        found = striving.best()
    # What is spread wider than the App wants may be cheaper than its floor is for.
    floor = found.placement.floor if found is striving.first else None
    return replace(plain(found.placement, ground), floor=floor)


@dataclass
class _Striving:
    """One search, the cheapest first; `was` is what runs, from which moving is counted.  There are
    `fewer` attempts at each stride than at the first placement.
    """

    ground: Ground
    was: Placement | None
    attempts: int
    fewer: int
    left: int
    first: Weighed = field(init=False)
    tried: set[object] = field(default_factory=set[object])
    seen: set[object] = field(default_factory=set[object])
    known: dict[object, Weighed] = field(default_factory=dict[object, Weighed])
    waiting: list[tuple[object, int, Stride, Weighed]] = field(
        default_factory=list[tuple[object, int, Stride, Weighed]]
    )

    def best(self) -> Weighed:
        """The first, if nothing is wrong with it; else the best of all that were tried."""
        start = Stride()
        self.first = best = self.weighed(self.placed(start, self.attempts))
        if not best.fails:
            return best
        kept: Weighed | None = None
        for stride in self.strides():
            if (found := self.tried_out(stride)) is None:
                continue
            if found.kept:
                kept = min(kept, found, key=_rank) if kept else found
            elif id(found) in self.seen:
                continue
            elif not kept or _rank(found) < _rank(kept):
                best = min(best, found, key=_shortage) if found.known else best
                self.seen.add(id(found))
                heappush(self.waiting, (_rank(found), len(self.tried), stride, found))
        if kept:
            return kept
        return self.first if _is_gentle(self.ground) else best

    def strides(self) -> Iterator[Stride]:
        """What stands, then what is a little wider than what was found so far."""
        self.waiting.append((_rank(self.first), 0, Stride(), self.first))
        if self.ground.prior:
            yield from self.opened(Stride(stays=True))
        while self.waiting:
            _, _, stride, found = heappop(self.waiting)
            for wider in widen(self.ground, stride, found):
                yield from self.opened(wider)

    def opened(self, stride: Stride) -> Iterator[Stride]:
        """This one, if it is new and may still be tried."""
        if self.left and stride.identity not in self.tried:
            self.tried.add(stride.identity)
            self.left -= 1
            yield stride

    def tried_out(self, stride: Stride) -> Weighed | None:
        """None where there is no such placement, or it moves what has to stay."""
        try:
            found = self.weighed(self.placed(stride, self.fewer))
        except Refused:
            return None
        shaken = _is_gentle(self.ground) and found.moved > self.first.moved
        return None if shaken else found

    def placed(self, stride: Stride, attempts: int) -> Placement:
        asked = stride.asked(self.ground)
        given = asked.app, asked.offerings, asked.prior, asked.homes, asked.absent
        threshold = STAYS if stride.stays else MOVE_THRESHOLD
        return restored(place(*given, attempts, threshold), self.ground)

    def weighed(self, placement: Placement) -> Weighed:
        """Once for all that are alike."""
        key = stands(placement)
        if key not in self.known:
            self.known[key] = weigh(self.ground, placement, self.was)
        return self.known[key]


def _is_gentle(ground: Ground) -> bool:
    """Whether nothing is refused, so that what still runs is left where it is."""
    return ground.lenient or (ground.app.policy.availability is None and bool(ground.missed))


def _rank(found: Weighed) -> tuple[object, ...]:
    return found.worth, found.moved, found.roomless, -(found.outlook.least or 0.0)


def _shortage(found: Weighed) -> tuple[object, ...]:
    return found.lacking, found.roomless, *_rank(found)
