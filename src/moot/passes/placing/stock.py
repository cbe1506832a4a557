"""Offerings -> Stock: numbered, with all that is asked of each for every component asked once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from moot.model.app import Needs
from moot.model.availability import Level
from moot.model.quota import Amounts, Quota
from moot.model.venue import Offering
from moot.passes.apart import Atlas, Spread
from moot.passes.disk import disk_hourly
from moot.passes.placing.cards import Cards, Claim, Hand, Recorded, Stand, claim, lack, sizes

UNKNOWN_PRICE = Decimal(10**6)
PARTS = 1_000_000  # of a CPU: room is counted in whole numbers, so that what is given back fits

Key = tuple[str, str]  # venue and name of an offering
Demand = tuple[int, int, int]  # millionths of a CPU, MiB of memory, MiB of disk
Ask = tuple[Demand, int, Sequence[Stand]]  # what each of so many needs, and where they are held
Tier = tuple[Decimal, Sequence[int], bool]  # a price, the offerings at it, are they levelled


def stock(offerings: Iterable[Offering], atlas: Atlas, told_apart: Set[str] = frozenset()) -> Stock:
    """They are numbered by name and venue: among equals the lowest number is the first.

    `told_apart` are venues and pools that a component may be allowed or forbidden by name.
    """
    known = {key(offering): offering for offering in offerings}
    ordered = sorted(known.values(), key=lambda o: (o.name, o.venue))
    kinds: dict[tuple[object, ...], list[int]] = {}
    for number, offering in enumerate(ordered):
        kinds.setdefault(_kind(offering, told_apart), []).append(number)
    return Stock(ordered, tuple(kinds.values()), atlas)


def key(offering: Offering) -> Key:
    """What an offering is known by."""
    return offering.venue, offering.name


def price(offering: Offering) -> Decimal:
    """An unknown price is taken for a very high one: never chosen where another is known."""
    return UNKNOWN_PRICE if offering.hourly is None else offering.hourly


@dataclass(frozen=True, eq=False)
class Stock:
    """`kinds` are the numbers of offerings that no component can tell apart but by price; `prices`
    have so much disk in them.
    """

    offerings: Sequence[Offering]
    kinds: Sequence[Sequence[int]]
    atlas: Atlas
    disk_mib: int = 0
    _priced: dict[int, Stock] = field(default_factory=dict[int, "Stock"])
    _shelves: dict[frozenset[int], Shelf] = field(default_factory=dict[frozenset[int], "Shelf"])
    _domains: dict[Level, Sequence[int]] = field(default_factory=dict[Level, Sequence[int]])

    @cached_property
    def numbers(self) -> Mapping[Key, int]:
        return {key(offering): number for number, offering in enumerate(self.offerings)}

    def priced(self, needs: Needs) -> Stock:
        """The same, with what a replica with these needs costs on each."""
        disk_mib = needs.disk_mib if self.sells_disk else 0
        if disk_mib == self.disk_mib:
            return self
        if disk_mib not in self._priced:
            self._priced[disk_mib] = replace(self, disk_mib=disk_mib, _shelves={})
        return self._priced[disk_mib]

    @cached_property
    def sells_disk(self) -> bool:
        return any(offering.disk for offering in self.offerings)

    @cached_property
    def prices(self) -> Sequence[Decimal]:
        if not self.disk_mib:
            return [price(offering) for offering in self.offerings]
        return [price(o) + disk_hourly(o, self.disk_mib) for o in self.offerings]

    @cached_property
    def sizes(self) -> Sequence[Sequence[int]]:
        """How much there is of each: all CPUs, all memory, all disk."""
        found = [_size(offering) for offering in self.offerings]
        return [[size[dimension] for size in found] for dimension in range(3)]

    @cached_property
    def gpus(self) -> Sequence[Hand]:
        """What there is of the GPUs of each; empty where no offering has one."""
        found = [sizes(offering) for offering in self.offerings]
        return found if any(found) else ()

    @cached_property
    def scales(self) -> Sequence[Sequence[float]]:
        """Which part of its CPUs, and of its memory, one unit is."""
        return [[1 / size if size else 0.0 for size in sizes] for sizes in self.sizes[:2]]

    @cached_property
    def kind_of(self) -> Sequence[int]:
        found = [0] * len(self.offerings)
        for kind, numbers in enumerate(self.kinds):
            for number in numbers:
                found[number] = kind
        return found

    @cached_property
    def venues(self) -> Sequence[int]:
        """A number for the venue of each: that of its first offering."""
        first: dict[str, int] = {}
        return [first.setdefault(o.venue, number) for number, o in enumerate(self.offerings)]

    @cached_property
    def quotas(self) -> Sequence[tuple[str, Quota]]:
        """Those that are stated, each with the venue or pool whose offerings share it."""
        return tuple({o.site: o.quota for o in self.offerings if o.quota}.items())

    @cached_property
    def entries(self) -> Sequence[int]:
        """The position of its quota for each; -1 where there is none."""
        known = {site: position for position, (site, _) in enumerate(self.quotas)}
        return [known.get(offering.site, -1) for offering in self.offerings]

    @cached_property
    def levelled(self) -> Sequence[bool]:
        """Whether replicas are spread evenly over its pool: not where names end at an engine."""
        return [bool(offering.pool) and not offering.names for offering in self.offerings]

    def shelf(self, kinds: Collection[int]) -> Shelf:
        """All offerings of these kinds."""
        wanted = frozenset(kinds)
        if wanted not in self._shelves:
            self._shelves[wanted] = Shelf(self, sorted(n for k in wanted for n in self.kinds[k]))
        return self._shelves[wanted]

    def domains(self, level: Level) -> Sequence[int]:
        """A number for the domain of that level in which each is."""
        if level not in self._domains:
            first: dict[tuple[str, ...], int] = {}
            paths = (self.atlas.domain(offering, level) for offering in self.offerings)
            self._domains[level] = [first.setdefault(path, len(first)) for path in paths]
        return self._domains[level]

    def lacks(self, numbers: Collection[int], least: Spread) -> Spread:
        """How many domains of each level are missing."""
        found = {level: len({self.domains(level)[n] for n in numbers}) for level in least}
        return {level: n - found[level] for level, n in least.items() if n > found[level]}


@dataclass(frozen=True, eq=False)
class Shelf:
    """Some of the stock, such as what can take a component in one place."""

    stock: Stock
    numbers: Sequence[int]

    @cached_property
    def members(self) -> Set[int]:
        return frozenset(self.numbers)

    def only(self, wanted: Callable[[int], bool]) -> Shelf:
        """What of it is wanted."""
        return Shelf(self.stock, [number for number in self.numbers if wanted(number)])

    @cached_property
    def tiers(self) -> Sequence[Tier]:
        """The cheapest first."""
        found: dict[Decimal, list[int]] = {}
        for number in self.numbers:
            found.setdefault(self.stock.prices[number], []).append(number)
        levelled = self.stock.levelled
        return [(p, found[p], all(levelled[n] for n in found[p])) for p in sorted(found)]

    @cached_property
    def sites(self) -> Mapping[str, Shelf]:
        """By venue or pool."""
        return self._by([offering.site for offering in self.stock.offerings])

    @cached_property
    def venues(self) -> Mapping[str, Shelf]:
        """By venue, which in a pool is one machine."""
        return self._by([offering.venue for offering in self.stock.offerings])

    def _by(self, places: Sequence[str]) -> Mapping[str, Shelf]:
        found: dict[str, list[int]] = {}
        for number in self.numbers:
            found.setdefault(places[number], []).append(number)
        return {place: Shelf(self.stock, numbers) for place, numbers in found.items()}


class Room:
    """What is left of every offering, and how many replicas each venue has or was given."""

    def __init__(self, of: Stock, recorded: Recorded | None = None) -> None:
        self.venues = of.venues
        self.left = [[*sizes] for sizes in of.sizes]
        self.given = [0] * len(of.offerings)  # by number of the venue
        self.cards = Cards(of.gpus, recorded or {}) if of.gpus else None

    def take_all(self, stands: Collection[Stand], demand: Demand, times: int = 1) -> None:
        """Give all away on which these stand; take it back where `times` is -1."""
        (cpu_left, memory_left, disk_left), (cpu, memory_mib, disk_mib) = self.left, demand
        given, venues = self.given, self.venues
        for _, count, number in stands:
            count *= times
            cpu_left[number] -= cpu * count
            memory_left[number] -= memory_mib * count
            disk_left[number] -= disk_mib * count
            given[venues[number]] += count
        if self.cards and isinstance(demand, WithGpus):
            change = self.cards.take if times > 0 else self.cards.give_back
            change(stands, demand.claim)

    def handed(self, component: str, stand: Stand) -> Iterable[tuple[int, int, int, Hand]]:
        """The same replicas, in stretches that were given the same GPUs."""
        return self.cards.handed(component, stand) if self.cards else ((*stand, ()),)

    def gpus_for(self, numbers: Iterable[int], demand: Demand, most: int) -> int:
        """How many would have their GPUs on these, up to so many."""
        if not self.cards or not isinstance(demand, WithGpus):
            return most
        return min(most, sum(self.cards.capacity(n, demand.claim, most) for n in numbers))

    def short_of_gpus(self, number: int, needs: Needs) -> str:
        """Why one more replica would not have its GPUs there; "" where it would."""
        return lack(self.cards.left[number], needs) if self.cards else ""

    def set_aside(self, site: str, each: Amounts, count: int) -> None:
        """Of its quota what so many replicas hold on a machine that offers nothing now."""

    def enough(self, asks: Iterable[Ask], on: Sequence[int]) -> bool:
        """Whether the quotas with these offerings leave enough for all, with what they hold."""
        return True

    def over_quota(self, number: int, needs: Needs, count: int) -> str:
        """Which quota leaves too little for one more replica there, or for so many; "" for none."""
        return ""

    def parted(
        self, numbers: Sequence[int], demand: Demand, count: int
    ) -> Iterable[tuple[Sequence[int], int]]:
        """In groups, each with how many of so many it may take together."""
        return ((numbers, count),)

    def strays(self, numbers: Iterable[int], demand: Demand) -> Sequence[float]:
        """How badly one more replica would use the GPUs of each; empty where there are none."""
        claim = demand.claim if isinstance(demand, WithGpus) else None
        return [self.cards.stray(number, claim) for number in numbers] if self.cards else ()

    def open(self, numbers: Sequence[int], demand: Demand) -> Sequence[int]:
        """Those that have room for one."""
        for left, each in zip(self.left, demand, strict=True):
            if each:
                numbers = [number for number in numbers if left[number] >= each]
        if isinstance(demand, WithGpus):
            cards, claim = self.cards, demand.claim
            numbers = [n for n in numbers if cards and cards.capacity(n, claim, 1)]
        return numbers

    def capacity(self, number: int, demand: Demand, most: int) -> int:
        """How many there is room for, up to so many."""
        (cpu_left, memory_left, disk_left), (cpu, memory_mib, disk_mib) = self.left, demand
        if cpu and cpu_left[number] < cpu * most:
            most = max(0, cpu_left[number] // cpu)
        if memory_mib and memory_left[number] < memory_mib * most:
            most = max(0, memory_left[number] // memory_mib)
        if disk_mib and disk_left[number] < disk_mib * most:
            most = max(0, disk_left[number] // disk_mib)
        if isinstance(demand, WithGpus):
            return self.cards.capacity(number, demand.claim, most) if self.cards else 0
        return most


class WithGpus(tuple[int, int, int]):
    """A Demand of what has GPUs, too: it is told apart by type, so that others pay nothing."""

    claim: Claim


def demand(needs: Needs, component: str = "") -> Demand:
    """What one replica takes; which GPUs it has is known by the name of the component."""
    linear = round(needs.cpu * PARTS), needs.memory_mib, needs.disk_mib
    gpus = claim(needs, component)
    if gpus is None:
        return linear
    found = WithGpus(linear)
    found.claim = gpus
    return found


def _size(offering: Offering) -> Demand:
    return round(offering.cpu * PARTS), offering.memory_mib, offering.disk_mib


def _kind(offering: Offering, told_apart: Set[str]) -> tuple[object, ...]:
    """All that `fit` looks at."""
    return (
        *(offering.traits, offering.cpu, offering.memory_mib, offering.disk_mib),
        *(offering.own_cpu, offering.own_memory_mib, offering.gpus, offering.gpus_left),
        *(offering.segmented, offering.names, bool(offering.reach), bool(offering.spot)),
        offering.quota and (offering.site, offering.quota),
        *(name if name in told_apart else "" for name in (offering.venue, offering.site)),
    )
