"""Component x Shelf x Room -> Stands: each where it was, the others spread evenly."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from moot.model.app import Component
from moot.model.availability import Level
from moot.model.placement import Run
from moot.passes.apart import Path, Spread
from moot.passes.stock import Room, Shelf, Stock, demand, key

# A mover must save more than this an hour: below it, churn costs more than it saves.
MOVE_THRESHOLD = Decimal("0.01")

NOWHERE = -1
SHADES = 1 << 10  # how finely it is told apart how full machines are
MANY = 1 << 20  # more replicas than a venue has

Stand = tuple[int, int, int]  # first index, count, and the number of the offering or NOWHERE


def fill(
    component: Component,
    shelf: Shelf,
    room: Room,
    before: Sequence[Stand],
    spread: Spread,
    threshold: Decimal = MOVE_THRESHOLD,
) -> list[Stand] | None:
    """All replicas on these offerings; None where they do not fit, or not in so many domains.

    Each stays where it was `before`, unless another place is cheaper by the threshold.  The others
    go to the cheapest places, and at one price to the machine of a pool that has fewest of them,
    of these to the one that is least full.  Where that is less than `spread`, one of them goes to
    the cheapest place of each domain that is lacking, and of those that stay as few as possible
    give way.  What was tried is given back to `room`.

    Replicas that go the same way are placed in one step, so the cost follows the components.
    """
    unspread: Spread = {}
    for least in (unspread, spread):
        filling = _Filling(component, shelf, room, threshold)
        whole = filling.run(before, least)
        made = filling.undone()
        if not whole:
            return None
        if not shelf.stock.lacks({number for _, _, number in made}, spread):
            return _merged(sorted(made))
    return None


def stood(component: Component, before: Iterable[Run], stock: Stock) -> list[Stand]:
    """The replicas in stretches that were on one offering, or are nowhere yet."""
    found: list[Stand] = []
    reached, replicas, numbers = 0, component.replicas, stock.numbers
    for run in sorted(before, key=lambda run: run.first):
        first, end = max(run.first, reached), min(run.first + run.count, replicas)
        if first >= end:
            continue
        if reached < first:
            found.append((reached, first - reached, NOWHERE))
        found.append((first, end - first, numbers.get(key(run.offering), NOWHERE)))
        reached = end
    if reached < replicas:
        found.append((reached, replicas - reached, NOWHERE))
    return found


class _Filling:
    """One attempt at placing a component's replicas."""

    def __init__(self, component: Component, shelf: Shelf, room: Room, threshold: Decimal) -> None:
        self.demand = demand(component.needs)
        self.shelf = shelf
        self.stock = shelf.stock
        self.room = room
        self.left, self.size = room.tightest(self.demand)
        self.threshold = threshold
        self.made: list[Stand] = []
        self.held: Counter[int] = Counter()  # by number of the venue
        self.ahead = ((price, n) for price, numbers, _ in shelf.tiers for n in numbers)
        self.front = next(self.ahead, None)

    def run(self, before: Iterable[Stand], spread: Spread) -> bool:
        """Whether all have a place.  Those that stay come first: one that moves takes no room from
        them.
        """
        loose: list[Stand] = []
        for first, count, home in before:
            stays = self.stay(first, count, home) if home in self.shelf.members else 0
            if stays < count:
                loose.append((first + stays, count - stays, home))
        lacks = self.stock.lacks({number for _, _, number in self.made}, spread)
        wanted = max(lacks.values(), default=0) - sum(count for _, count, _ in loose)
        if wanted > 0:
            loose += self.give_way(wanted)
        reached = all(self.reach(level, least, loose) for level, least in spread.items())
        return reached and self.move(loose)

    def undone(self) -> list[Stand]:
        """What was made, with the room given back."""
        for _, count, number in self.made:
            self.room.take(number, self.demand, -count)
        return self.made

    def stay(self, first: int, count: int, home: int) -> int:
        """How many of a stretch stay where they were."""
        stays = self.room.capacity(home, self.demand, count)
        if not stays or self.is_dear(home):
            return 0
        self.take(home, first, stays)
        return stays

    def is_dear(self, home: int) -> bool:
        """Whether an open place is cheaper by more than the threshold.

        What is full is passed by for good: while replicas are put back nothing is freed.
        """
        limit = self.stock.prices[home] - self.threshold
        while self.front and self.front[0] < limit:
            if self.room.capacity(self.front[1], self.demand, 1):
                return True
            self.front = next(self.ahead, None)
        return False

    def give_way(self, wanted: int) -> Iterator[Stand]:
        """Take so many back that stayed: the last on the fullest machine; where each has one, in
        the fullest zone, and so on outwards.  So it is missed in no domain that has another.
        """
        load: Counter[Path] = Counter()
        for _, count, number in self.made:
            for domain in self.around(number):
                load[domain] += count

        def fullest(index: int) -> tuple[list[int], Path, int]:
            around = self.around(self.made[index][2])
            return [load[domain] for domain in around], around[0], index

        for _ in range(wanted):
            last = {number: index for index, (_, _, number) in enumerate(self.made)}
            index = max(last.values(), key=fullest)
            first, count, number = self.made.pop(index)
            if count > 1:
                self.made.insert(index, (first, count - 1, number))
            for domain in self.around(number):
                load[domain] -= 1
            self.room.take(number, self.demand, -1)
            self.held[self.stock.venues[number]] -= 1
            yield first + count - 1, 1, NOWHERE

    def around(self, number: int) -> list[Path]:
        """The domains it is in, from its machine outwards."""
        path = self.stock.atlas.path(self.stock.offerings[number])
        return [path[:depth] for depth in range(len(path), 0, -1)]

    def reach(self, level: Level, least: int, loose: list[Stand]) -> bool:
        """Whether so many domains of a level have a replica each, if need be one that is loose.

        Whatever is in a new domain is in a new one of every narrower level, too.
        """
        domains = self.stock.domains(level)
        used = {domains[number] for _, _, number in self.made}
        while len(used) < least:
            fresh = [number for number in self.shelf.numbers if domains[number] not in used]
            fresh = self.room.open(fresh, self.demand)
            if not fresh or not loose:
                return False
            number, index = self.first_into(fresh, loose)
            first, count, home = loose.pop(index)
            if count > 1:
                loose.insert(index, (first + 1, count - 1, home))
            self.take(number, first, 1)
            used.add(domains[number])
        return True

    def first_into(self, fresh: Sequence[int], loose: Sequence[Stand]) -> tuple[int, int]:
        """The cheapest of these places, or one where a loose replica was if it costs hardly more;
        and which stretch gives the replica.
        """
        prices = self.stock.prices

        def rank(number: int) -> tuple[Decimal, int, int]:
            return prices[number], self.rank(number), number

        cheapest = min(fresh, key=rank)
        dearest = prices[cheapest] + self.threshold
        homes = {home: index for index, (_, _, home) in reversed([*enumerate(loose)])}
        known = [n for n in homes.keys() & set(fresh) if prices[n] <= dearest]
        number = min(known, key=rank, default=cheapest)
        return number, homes.get(number, len(loose) - 1)

    def move(self, loose: list[Stand]) -> bool:
        """Whether all of these find room: the cheapest first."""
        loose.reverse()  # they are dealt out from the end, where it costs nothing
        for _, numbers, levelled in self.shelf.tiers:
            count = sum(count for _, count, _ in loose)
            if not count:
                break
            ordered = sorted(self.room.open(numbers, self.demand), key=self.rank)
            for number, share in zip(ordered, self.shares(count, ordered, levelled), strict=True):
                self.deal(number, share, loose)
        return not loose

    def shares(self, count: int, ordered: Sequence[int], levelled: bool) -> Sequence[int]:
        """How many each of these open places takes."""
        loads = [self.held[self.stock.venues[number]] for number in ordered]
        if levelled and len(loads) >= count and loads[count - 1] == loads[0]:
            return [1] * count + [0] * (len(loads) - count)
        rooms = [self.room.capacity(number, self.demand, count) for number in ordered]
        return _evenly(count, loads, rooms) if levelled and loads else _in_turn(count, rooms)

    def deal(self, number: int, share: int, loose: list[Stand]) -> None:
        while share:
            first, count, home = loose.pop()
            taken = min(count, share)
            self.take(number, first, taken)
            if taken < count:
                loose.append((first + taken, count - taken, home))
            share -= taken

    def rank(self, number: int) -> int:
        """Machines of a pool with fewest replicas first, of these the least full; engines in use
        before those that are not, since components find one another by name within one.
        """
        venue = self.stock.venues[number]
        if self.stock.levelled[number]:
            full = SHADES - self.left[number] * SHADES // (self.size[number] or 1)
            return (self.held[venue] * SHADES + full) * MANY + self.room.given[venue]
        if self.stock.offerings[number].pool:
            return -self.held[venue] * MANY - self.room.given[venue]
        return 0

    def take(self, number: int, first: int, count: int) -> None:
        self.room.take(number, self.demand, count)
        self.held[self.stock.venues[number]] += count
        self.made.append((first, count, number))


def _evenly(count: int, loads: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """How many each takes so that the highest load is least; of equals, the first take more."""
    alike = Counter(zip(loads, rooms, strict=True))

    def filled(level: int) -> int:
        return sum(n * min(room, max(0, level - load)) for (load, room), n in alike.items())

    level = bisect_left(range(max(loads) + count + 1), count, key=filled) - 1
    counts = [min(room, max(0, level - load)) for load, room in zip(loads, rooms, strict=True)]
    more = count - sum(counts)
    for index, (load, room) in enumerate(zip(loads, rooms, strict=True)):
        if more and load <= level and counts[index] < room:
            counts[index] += 1
            more -= 1
    return counts


def _in_turn(count: int, rooms: Sequence[int]) -> list[int]:
    """As many as each has room for, one after the other."""
    counts: list[int] = []
    for room in rooms:
        counts.append(min(count, room))
        count -= counts[-1]
    return counts


def _merged(stands: Iterable[Stand]) -> list[Stand]:
    merged: list[Stand] = []
    for first, count, number in stands:
        if merged and merged[-1][2] == number and merged[-1][0] + merged[-1][1] == first:
            merged[-1] = merged[-1][0], merged[-1][1] + count, number
        else:
            merged.append((first, count, number))
    return merged
