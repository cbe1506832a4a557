"""Component x Shelf x Room -> Stands: each where it was, the others spread evenly."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from heapq import heapify, heappop, heapreplace

from moot.model.app import Component
from moot.model.availability import Level
from moot.model.placement import Run
from moot.passes.apart import Path, Spread
from moot.passes.placing.stock import Room, Shelf, Stand, Stock, demand, key

# A mover must save more than this an hour: below it, churn costs more than it saves.
MOVE_THRESHOLD = Decimal("0.01")

NOWHERE = -1  # in the place of the number of an offering
SHADES = 1 << 10  # how finely it is told apart how full machines are
CROWDED = SHADES // 32  # what one more is worth where replicas are packed
DENSE = -2 * SHADES  # the same, where they are to leave machines to others
FULLEST = 8.0  # more than `fullness` tells apart
MANY = 1 << 30  # more replicas than a venue has


def fill(
    component: Component,
    shelf: Shelf,
    room: Room,
    before: Sequence[Stand],
    spread: Spread,
    threshold: Decimal = MOVE_THRESHOLD,
    packs: bool = False,
    crowding: int = CROWDED,
) -> list[Stand] | None:
    """All replicas on these offerings; None where they do not fit, or not in so many domains.

    Each stays where it was `before`, unless another place is cheaper by the threshold.  The others
    go to the cheapest places, and at one price to the machine of a pool that has fewest of them,
    of these to the one that is least full.  Where that is less than `spread`, one of them goes to
    the cheapest place of each domain that is lacking, and of those that stay as few as possible
    give way.  Where it `packs`, `crowding` counts against a machine for each that it has already.
    What was tried is given back to `room`.

    Replicas that go the same way are placed in one step, so the cost follows the components.
    """
    unspread: Spread = {}
    for least in (unspread, spread):
        filling = _Filling(component, shelf, room, threshold, packs, crowding)
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

    def __init__(
        self,
        component: Component,
        shelf: Shelf,
        room: Room,
        threshold: Decimal,
        packs: bool,
        crowding: int,
    ) -> None:
        self.demand = demand(component.needs, component.name)
        self.shelf = shelf
        self.stock = shelf.stock
        self.room = room
        self.threshold = threshold
        self.packs = packs
        self.crowding = crowding
        self.made: list[Stand] = []
        self.held: dict[int, int] = {}  # by number of the venue
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
        self.room.take_all(self.made, self.demand, -1)
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
            self.put(number, first + count - 1, 1, -1)
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

        ranks = dict(zip(fresh, self.ranks(fresh), strict=True))

        def rank(number: int) -> tuple[Decimal, float, int]:
            return prices[number], ranks[number], number

        cheapest = min(fresh, key=rank)
        dearest = prices[cheapest] + self.threshold
        homes = {home: index for index, (_, _, home) in reversed([*enumerate(loose)])}
        known = [n for n in homes.keys() & ranks.keys() if prices[n] <= dearest]
        number = min(known, key=rank, default=cheapest)
        return number, homes.get(number, len(loose) - 1)

    def move(self, loose: list[Stand]) -> bool:
        """Whether all of these find room: the cheapest first."""
        loose.reverse()  # they are dealt out from the end, where it costs nothing
        for _, numbers, levelled in self.shelf.tiers:
            count = sum(count for _, count, _ in loose)
            if not count:
                break
            open = self.room.open(numbers, self.demand)
            for among, most in self.room.parted(open, self.demand, count):
                wanted = min(most, sum(count for _, count, _ in loose))
                for number, share in self.shares(wanted, among, levelled):
                    self.deal(number, share, loose)
        return not loose

    def shares(self, count: int, open: Sequence[int], levelled: bool) -> Iterable[tuple[int, int]]:
        """How many each of these open places takes."""
        if levelled and self.packs:
            return self.packed(count, open).items()
        fresh = [number for number in open if self.stock.venues[number] not in self.held]
        if levelled and len(fresh) >= count:  # one each: nobody has to be asked for how many more
            return ((number, 1) for number in self.ordered(fresh)[:count])
        ordered = self.ordered(open)
        rooms = [self.room.capacity(number, self.demand, count) for number in ordered]
        levels = levelled and ordered
        counts = _evenly(count, self.crowds(ordered), rooms) if levels else _in_turn(count, rooms)
        return zip(ordered, counts, strict=True)

    def packed(self, count: int, open: Sequence[int]) -> Mapping[int, int]:
        """One after the other to where it leaves least of one thing without another, and where
        not many of them are already.
        """
        end = len(self.stock.offerings)
        heap = [waste * end + number for waste, number in zip(self.wastes(open), open, strict=True)]
        heapify(heap)
        found: dict[int, int] = {}
        tried: list[Stand] = []
        while heap and count:
            number = heap[0] % end
            found[number] = found.get(number, 0) + 1
            tried.append((-count, 1, number))  # which of them it will be is not known yet
            self.put(number, -count, 1)
            count -= 1
            if self.room.capacity(number, self.demand, 1):
                (waste,) = self.wastes((number,))
                heapreplace(heap, waste * end + number)
            else:
                heappop(heap)
        for index, _, number in tried:
            self.put(number, index, 1, -1)
        return found

    def wastes(self, numbers: Sequence[int]) -> list[int]:
        """How far apart one more would leave CPUs and memory, in parts of SHADES, or how much it
        would leave of the only one that it takes; each replica of the component that is there
        already counts as `crowding`.  GPUs are filled up, and left to whoever needs some.
        """
        (cpu_left, memory_left, _), (cpu, memory, _) = self.room.left, self.demand
        per_cpu, per_mib = self.stock.scales
        apart = [
            abs(
                bool(cpu) * (cpu_left[n] - cpu) * per_cpu[n]
                - bool(memory) * (memory_left[n] - memory) * per_mib[n]
            )
            for n in numbers
        ]
        if strays := self.room.strays(numbers, self.demand):
            apart = [a + b for a, b in zip(apart, strays, strict=True)]
        crowds = self.crowds(numbers)
        return [
            int(SHADES * x) + self.crowding * held for x, held in zip(apart, crowds, strict=True)
        ]

    def crowds(self, numbers: Iterable[int]) -> list[int]:
        """How many of the component each has."""
        held, venues = self.held, self.stock.venues
        return [held.get(venues[number], 0) for number in numbers]

    def deal(self, number: int, share: int, loose: list[Stand]) -> None:
        while share:
            first, count, home = loose.pop()
            taken = min(count, share)
            self.take(number, first, taken)
            if taken < count:
                loose.append((first + taken, count - taken, home))
            share -= taken

    def ordered(self, numbers: Sequence[int]) -> list[int]:
        """Who is first to take one."""
        return sorted(numbers, key=dict(zip(numbers, self.ranks(numbers), strict=True)).__getitem__)

    def ranks(self, numbers: Sequence[int]) -> list[float]:
        """Machines of a pool with fewest replicas first, of these the least full, of which it
        leaves CPUs and memory in step; engines in use before those that are not, since components
        find one another by name within one.
        """
        venues, levelled, given = self.stock.venues, self.stock.levelled, self.room.given
        offerings = self.stock.offerings
        return [
            held * FULLEST + full + given[venues[number]] / MANY
            if levelled[number]
            else -(held * MANY + given[venues[number]]) * bool(offerings[number].pool)
            for number, held, full in zip(
                numbers, self.crowds(numbers), self.fullness(numbers), strict=True
            )
        ]

    def fullness(self, numbers: Iterable[int]) -> list[float]:
        """How little one more would leave of what is scarcer; how far apart it leaves CPUs and
        memory counts twice.
        """
        (cpu_left, memory_left, _), (cpu, memory, _) = self.room.left, self.demand
        per_cpu, per_mib = self.stock.scales
        return [
            2 * b - 3 * a
            if (a := (cpu_left[n] - cpu) * per_cpu[n])
            < (b := (memory_left[n] - memory) * per_mib[n])
            else 2 * a - 3 * b
            for n in numbers
        ]

    def take(self, number: int, first: int, count: int) -> None:
        self.put(number, first, count)
        self.made.append((first, count, number))

    def put(self, number: int, first: int, count: int, times: int = 1) -> None:
        self.room.take_all(((first, count, number),), self.demand, times)
        venue = self.stock.venues[number]
        self.held[venue] = self.held.get(venue, 0) + count * times
        if not self.held[venue]:
            del self.held[venue]


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
