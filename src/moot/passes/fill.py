"""Component x fitting Offerings x Room -> Runs: each where it was, the others spread evenly."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from math import inf
from operator import attrgetter

from moot.model.app import Component
from moot.model.availability import Level
from moot.model.placement import Run
from moot.model.venue import Offering
from moot.passes.apart import Atlas, Path, Spread
from moot.passes.fit import Way

# A mover must save more than this an hour: below it, churn costs more than it saves.
MOVE_THRESHOLD = Decimal("0.01")
UNKNOWN_PRICE = Decimal(10**6)

Key = tuple[str, str]  # venue and name of an offering
Left = tuple[float, float, float]  # CPUs, MiB of memory, MiB of disk
Stretch = tuple[int, int, Offering | None]  # first index, count, and where they were


def fill(
    app: str,
    component: Component,
    fits: Sequence[Way],
    room: Room,
    before: Sequence[Run],
    spread: Spread,
    atlas: Atlas,
    threshold: Decimal = MOVE_THRESHOLD,
) -> list[Run] | None:
    """All replicas on these offerings; None where they do not fit, or not in so many domains.

    Each stays where it was `before`, unless another place is cheaper by the threshold.  The others
    go to the cheapest places, and at one price to the machine of a pool that has fewest of them.
    Where that is less than `spread`, one of them goes to the cheapest place of each domain that is
    lacking, and of those that stay as few as possible give way.

    Replicas that go the same way are placed in one step, so the cost follows the components.
    """
    unspread: Spread = {}
    for least in (unspread, spread):
        filling = _Filling(app, component, fits, room.of(fits), atlas, threshold)
        runs = filling.run(before, least)
        if runs is None or not atlas.lacks((run.offering for run in runs), spread):
            return runs
    return None


def price(offering: Offering) -> Decimal:
    """An unknown price is taken for a very high one: never chosen where another is known."""
    return UNKNOWN_PRICE if offering.hourly is None else offering.hourly


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of every offering, and how many replicas each venue has or was given."""

    left: dict[Key, Left]
    given: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def offered(cls, offerings: Iterable[Offering]) -> Room:
        """All of it."""
        return cls({_key(o): (o.cpu, o.memory_mib, o.disk_mib) for o in offerings})

    def of(self, fits: Iterable[Way]) -> Room:
        """That of these offerings, to be tried out."""
        return Room({_key(o): self.left[_key(o)] for o, _ in fits}, Counter(self.given))

    def take(self, offering: Offering, component: Component, count: int) -> None:
        """Give this much of it away."""
        cpu, memory_mib, disk_mib = self.left[_key(offering)]
        needs = component.needs
        self.left[_key(offering)] = (
            cpu - count * needs.cpu,
            memory_mib - count * needs.memory_mib,
            disk_mib - count * needs.disk_mib,
        )
        self.given[offering.venue] += count

    def capacity(self, offering: Offering, component: Component) -> float:
        """How many replicas there is room for; a billionth of one is forgiven to fractions."""
        needs = component.needs
        wanted = (needs.cpu, needs.memory_mib, needs.disk_mib)
        left = zip(self.left[_key(offering)], wanted, strict=True)
        return min((have / want + 1e-9 for have, want in left if want > 0), default=inf)


@dataclass
class _Filling:
    """One attempt at placing a component's replicas."""

    app: str
    component: Component
    fits: Sequence[Way]
    room: Room
    atlas: Atlas
    threshold: Decimal
    made: list[Run] = field(default_factory=list[Run])
    held: Counter[str] = field(default_factory=Counter[str])

    def run(self, before: Sequence[Run], spread: Spread) -> list[Run] | None:
        """Those that stay come first: one that moves takes no room from them."""
        loose: list[Stretch] = []
        for first, count, home in _stretches(self.component, before):
            stays = self.stay(first, count, home) if home else 0
            if stays < count:
                loose.append((first + stays, count - stays, home))
        lacks = self.atlas.lacks((run.offering for run in self.made), spread)
        wanted = max(lacks.values(), default=0) - sum(count for _, count, _ in loose)
        loose += [self.give_way() for _ in range(wanted)]
        if not all(self.reach(level, least, loose) for level, least in spread.items()):
            return None
        if not all(self.move(first, count) for first, count, _ in loose):
            return None
        return _merged(sorted(self.made, key=attrgetter("first")))

    def stay(self, first: int, count: int, home: Offering) -> int:
        """How many of a stretch stay where they were."""
        open = [way for way in self.fits if self.capacity(way) >= 1]
        cheapest = min((price(offering) for offering, _ in open), default=Decimal(0))
        for way in open:
            if _key(way[0]) == _key(home) and price(way[0]) - cheapest <= self.threshold:
                return self.take(way, first, int(min(count, self.capacity(way))))
        return 0

    def give_way(self) -> Stretch:
        """Take one back that stayed: the last on the fullest machine; where each has one, in the
        fullest zone, and so on outwards.  So it is missed in no domain that has another.
        """
        load: Counter[Path] = Counter()
        for run in self.made:
            path = self.atlas.path(run.offering)
            for depth in range(len(path)):
                load[path[: depth + 1]] += run.count

        def fullest(index: int) -> tuple[list[int], Path, int]:
            path = self.atlas.path(self.made[index].offering)
            loads = [load[path[: depth + 1]] for depth in range(len(path))]
            return loads[::-1], path, index

        index = max(range(len(self.made)), key=fullest)
        run = self.made.pop(index)
        if run.count > 1:
            self.made.insert(index, replace(run, count=run.count - 1))
        self.room.take(run.offering, self.component, -1)
        self.held[run.offering.venue] -= 1
        return run.first + run.count - 1, 1, None

    def reach(self, level: Level, least: int, loose: list[Stretch]) -> bool:
        """Whether so many domains of a level have a replica each, if need be one that is loose.

        Whatever is in a new domain is in a new one of every narrower level, too.
        """
        used = {self.atlas.domain(run.offering, level) for run in self.made}
        while len(used) < least:
            fresh = [w for w in self.fits if self.atlas.domain(w[0], level) not in used]
            fresh = [way for way in fresh if self.capacity(way) >= 1]
            if not fresh or not loose:
                return False
            way, index = self.first_into(fresh, loose)
            first, count, home = loose.pop(index)
            if count > 1:
                loose.insert(index, (first + 1, count - 1, home))
            self.take(way, first, 1)
            used.add(self.atlas.domain(way[0], level))
        return True

    def first_into(self, fresh: Sequence[Way], loose: Sequence[Stretch]) -> tuple[Way, int]:
        """The cheapest of these places, or one where a loose replica was if it costs hardly more;
        and which stretch gives the replica.
        """

        def rank(way: Way) -> tuple[Decimal, int, int, str, str]:
            return price(way[0]), *self.rank(way)

        cheapest = min(fresh, key=rank)
        dearest = price(cheapest[0]) + self.threshold
        homes = {_key(home): i for i, (_, _, home) in reversed([*enumerate(loose)]) if home}
        known = [way for way in fresh if _key(way[0]) in homes and price(way[0]) <= dearest]
        way = min(known, key=rank, default=cheapest)
        return way, homes.get(_key(way[0]), len(loose) - 1)

    def move(self, first: int, count: int) -> bool:
        """Whether all of a stretch find room: the cheapest first."""

        def asks(way: Way) -> Decimal:
            return price(way[0])

        for _, ways in groupby(sorted(self.fits, key=asks), asks):
            ordered = sorted(ways, key=self.rank)
            rooms = [self.capacity(way) for way in ordered]
            if all(_spreads(offering) for offering, _ in ordered):
                counts = _evenly(count, [self.held[o.venue] for o, _ in ordered], rooms)
            else:
                counts = _in_turn(count, rooms)
            for way, taken in zip(ordered, counts, strict=True):
                first += self.take(way, first, taken)
                count -= taken
            if not count:
                return True
        return False

    def rank(self, way: Way) -> tuple[int, int, str, str]:
        """Machines of a pool with fewest replicas first; engines in use before those that are not,
        since components find one another by name within one.
        """
        offering = way[0]
        given = self.room.given[offering.venue] if offering.pool else 0
        held = self.held[offering.venue] if offering.pool else 0
        load = (held, given) if _spreads(offering) else (-held, -given)
        return *load, offering.name, offering.venue

    def capacity(self, way: Way) -> float:
        return self.room.capacity(way[0], self.component)

    def take(self, way: Way, first: int, count: int) -> int:
        if count:
            offering, runs_as = way
            self.room.take(offering, self.component, count)
            self.held[offering.venue] += count
            self.made.append(Run(self.app, self.component.name, first, count, offering, runs_as))
        return count


def _spreads(offering: Offering) -> bool:
    return bool(offering.pool) and not offering.names


def _evenly(count: int, loads: Sequence[int], rooms: Sequence[float]) -> list[int]:
    """How many each takes so that the highest load is least; of equals, the first take more."""

    def filled(level: int) -> list[int]:
        pairs = zip(loads, rooms, strict=True)
        return [int(min(room, max(0, level - load))) for load, room in pairs]

    levels = range(max(loads) + count + 1)
    level = bisect_left(levels, count, key=lambda level: sum(filled(level)))
    counts, below = filled(level), filled(level - 1)
    for index in reversed(range(len(counts))):
        if sum(counts) > count and counts[index] > below[index]:
            counts[index] -= 1
    return counts


def _in_turn(count: int, rooms: Sequence[float]) -> list[int]:
    """As many as each has room for, one after the other."""
    counts: list[int] = []
    for room in rooms:
        counts.append(int(min(count, room)))
        count -= counts[-1]
    return counts


def _stretches(component: Component, before: Iterable[Run]) -> Iterator[Stretch]:
    """The replicas in stretches (first, count) that were on one offering, or nowhere yet."""
    reached = 0
    for run in sorted(before, key=attrgetter("first")):
        first, end = max(run.first, reached), min(run.first + run.count, component.replicas)
        if first >= end:
            continue
        if reached < first:
            yield reached, first - reached, None
        yield first, end - first, run.offering
        reached = end
    if reached < component.replicas:
        yield reached, component.replicas - reached, None


def _merged(runs: Iterable[Run]) -> list[Run]:
    merged: list[Run] = []
    for run in runs:
        last = merged[-1] if merged else None
        if last and last.offering is run.offering and last.first + last.count == run.first:
            merged[-1] = replace(last, count=last.count + run.count)
        else:
            merged.append(run)
    return merged


def _key(offering: Offering) -> Key:
    return offering.venue, offering.name
