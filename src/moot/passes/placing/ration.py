"""Room of which the offerings of one venue or pool share what its quota leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from math import inf

from moot.model.app import Needs
from moot.model.quota import Amounts, Quota
from moot.model.venue import Offering
from moot.passes.placing.cards import WHOLE, Recorded, Stand, sizes
from moot.passes.placing.stock import PARTS, Ask, Demand, Room, Stock, WithGpus

Ration = tuple[int, int, int, int]  # CPUs and memory as in a Demand, thousandths of GPUs, replicas

UNITS = (PARTS, 1, WHOLE, 1)  # of a Ration, in one of the Amounts
NO_QUOTA = -1  # in the place of the number of an entry
ENDLESS = 1 << 62


def room_in(of: Stock, recorded: Recorded | None = None) -> Room:
    """All there is; where no quota is stated nothing is asked of one."""
    return Rationed(of, recorded) if of.quotas else Room(of, recorded)


def takes(needs: Needs, offering: Offering) -> Amounts:
    """What one replica counts for where it is on that offering."""
    gpus = len(sizes(offering)) if needs.gpus == inf else needs.gpus
    return Amounts(needs.cpu, needs.memory_mib, gpus, 1)


def rations(of: Stock) -> list[list[int]]:
    """What each of the quotas leaves."""
    return [[_whole(*pair) for pair in zip(q.left, UNITS, strict=True)] for _, q in of.quotas]


def ration(of: Stock, number: int, demand: Demand) -> Ration:
    """What one replica takes of the quota with that offering."""
    cpu, memory_mib, _ = demand
    thousandths = 0
    if isinstance(demand, WithGpus):
        claim = demand.claim
        count = len(of.gpus[number]) if claim.every and of.gpus else claim.count
        thousandths = count * claim.thousandths
    return cpu, memory_mib, thousandths, 1


class Rationed(Room):
    """`left_of` is by entry what its quota leaves, in the order of the stock's `quotas`."""

    def __init__(self, of: Stock, recorded: Recorded | None = None) -> None:
        super().__init__(of, recorded)
        self.stock = of
        self.entries = of.entries
        self.left_of = rations(of)

    def take_all(self, stands: Collection[Stand], demand: Demand, times: int = 1) -> None:
        super().take_all(stands, demand, times)
        for _, count, number in stands:
            self._spend(self.entries[number], ration(self.stock, number, demand), count * times)

    def set_aside(self, site: str, each: Amounts, count: int) -> None:
        for entry, (name, _) in enumerate(self.stock.quotas):
            if name == site:
                self._spend(entry, map(_whole, each, UNITS), count)

    def open(self, numbers: Sequence[int], demand: Demand) -> Sequence[int]:
        numbers = super().open(numbers, demand)
        if self._enough_anywhere(demand, 1):
            return numbers
        return [number for number in numbers if self.ration_for(number, demand, 1)]

    def capacity(self, number: int, demand: Demand, most: int) -> int:
        return self.ration_for(number, demand, super().capacity(number, demand, most))

    def parted(
        self, numbers: Sequence[int], demand: Demand, count: int
    ) -> Iterable[tuple[Sequence[int], int]]:
        """Those first of which the quotas leave enough for all."""
        if self._enough_anywhere(demand, count):
            yield numbers, count
            return
        of: dict[int, list[int]] = {}
        for number in numbers:
            of.setdefault(self.entries[number], []).append(number)
        most = {
            entry: min(self.ration_for(number, demand, count) for number in among)
            for entry, among in of.items()
        }
        if all(enough >= count for enough in most.values()):
            yield numbers, count
            return
        yield [n for n in numbers if most[self.entries[n]] >= count], count
        for entry in (entry for entry, enough in most.items() if enough < count):
            yield from self._in_turn(of[entry], demand, most[entry])

    def over_quota(self, number: int, needs: Needs, count: int) -> str:
        entry = self.entries[number]
        if entry == NO_QUOTA:
            return ""
        name, quota = self.stock.quotas[entry]
        left = (a / unit for a, unit in zip(self.left_of[entry], UNITS, strict=True))
        held = (m - a if m < inf else 0 for m, a in zip(quota.most, left, strict=True))
        now, one = Quota(quota.most, Amounts(*held)), takes(needs, self.stock.offerings[number])
        return now.lack(name, one) or now.lack(name, one, count)

    def enough(self, asks: Iterable[Ask], on: Sequence[int]) -> bool:
        entries = {self.entries[number] for number in on}
        if NO_QUOTA in entries:
            return True
        needed = [0] * len(UNITS)
        for demand, count, held in asks:
            count -= sum(n for _, n, at in held if self.entries[at] in entries)
            for kind, amount in enumerate(ration(self.stock, on[0], demand)):
                needed[kind] += amount * count
        left = (sum(kind) for kind in zip(*(self.left_of[e] for e in entries), strict=True))
        return all(need <= 0 or need <= rest for need, rest in zip(needed, left, strict=True))

    def ration_for(self, number: int, demand: Demand, most: int) -> int:
        """For how many its quota is enough, up to so many."""
        entry = self.entries[number]
        if entry == NO_QUOTA:
            return most
        return _most(self.left_of[entry], ration(self.stock, number, demand), most)

    def _enough_anywhere(self, demand: Demand, count: int) -> bool:
        """Whether each quota leaves enough for so many: then no offering has to be looked at."""
        if _is_uneven(demand):
            return False
        each = ration(self.stock, 0, demand)
        return all(_most(left, each, count) >= count for left in self.left_of)

    def _in_turn(
        self, numbers: Sequence[int], demand: Demand, most: int
    ) -> Iterator[tuple[Sequence[int], int]]:
        """What takes every GPU takes more on one machine than on another: the smallest first."""
        if not _is_uneven(demand):
            yield numbers, most
            return
        for number in sorted(numbers, key=lambda number: len(self.stock.gpus[number])):
            yield [number], self.ration_for(number, demand, 1)

    def _spend(self, entry: int, each: Iterable[int], count: int) -> None:
        if entry != NO_QUOTA:
            left = self.left_of[entry]
            for kind, amount in enumerate(each):
                left[kind] -= amount * count


def _is_uneven(demand: Demand) -> bool:
    """Whether it takes more on one machine than on another: all GPUs there."""
    return isinstance(demand, WithGpus) and demand.claim.every


def _most(left: Sequence[int], each: Ration, most: int) -> int:
    cpu, memory_mib, gpus, replicas = left
    a, b, c, d = each
    if a and cpu < a * most:
        most = max(0, cpu // a)
    if b and memory_mib < b * most:
        most = max(0, memory_mib // b)
    if c and gpus < c * most:
        most = max(0, gpus // c)
    return most if replicas >= d * most else max(0, replicas // d)


def _whole(amount: float, unit: int) -> int:
    """In parts, rounded to the nearest: it is counted in such already."""
    return ENDLESS if amount == inf else round(amount * unit)
