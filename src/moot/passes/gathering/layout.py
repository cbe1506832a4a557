"""How many of each component are on each machine, and which share of the traffic stays there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from moot.passes.gathering.release import Mover, Released
from moot.passes.gathering.weights import Weights
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Room, demand

Move = tuple[Mover, int, int]  # so many more replicas on a machine; fewer, where it is negative
Spots = Mapping[Mover, Mapping[int, int]]  # of each by machine how many

_Key = TypeVar("_Key")

LEAST = 1e-9  # of all traffic: less is a rounding error


@dataclass(frozen=True, slots=True)
class Mark:
    """What it can be taken back to."""

    moves: int
    gained: float


class Layout:
    """What is gained between two components on a machine is their traffic times the smaller of the
    shares of their replicas there: it can be kept there if each replica has as much to do.  So it
    is defined in "Resource Allocation with Service Affinity in Large-Scale Cloud Environments"
    (ICDE 2024).  `looks` counts what was asked and done, so that there is an end.
    """

    def __init__(self, basis: Basis, released: Released, weights: Weights) -> None:
        self.weights = weights
        self.totals = {c.name: c.replicas for c in basis.app.components}
        self.room = Room(basis.stock, basis.recorded)
        self.scales = _scales(basis)
        self.movers = released.movers
        self.on: dict[int, dict[str, int]] = {}  # by machine
        self.of: dict[int, dict[Mover, int]] = {}  # by machine
        self.at: dict[Mover, dict[int, int]] = {mover: {} for mover in self.movers}
        self.spots: dict[str, dict[int, int]] = {name: {} for name in self.totals}
        self.gained = 0.0
        self.looks = 0
        self.moves: list[Move] = []
        needs = {c.name: demand(c.needs, c.name) for c in basis.app.components}
        machines = basis.stock.domains("host")
        for name, stands in released.settled.items():
            self.room.take_all(stands, needs[name])
            for _, count, number in stands:
                offering = basis.stock.offerings[number]
                if offering.machine or offering.pool:
                    self.gained += self.worth(name, machines[number], count)
                    self.count(name, machines[number], count)

    def put(self, mover: Mover, machine: int, count: int) -> None:
        """So many more of them there, or fewer; whether there is room is for the caller to know."""
        name = mover.component
        if name in self.weights:
            self.gained += self.worth(name, machine, count)
        self.count(name, machine, count)
        number = mover.numbers[machine]
        self.room.take_all(((0, count, number),), mover.demand)
        _add(self.at[mover], machine, count)
        _add(self.of.setdefault(machine, {}), mover, count)
        self.moves.append((mover, machine, count))

    def count(self, name: str, machine: int, count: int) -> None:
        _add(self.on.setdefault(machine, {}), name, count)
        _add(self.spots[name], machine, count)

    def worth(self, name: str, machine: int, count: int) -> float:
        """What is gained by so many more of a component there, or lost by fewer."""
        self.looks += 1
        on = self.on.get(machine)
        if not on:
            return 0.0
        totals = self.totals
        total, had = totals[name], on.get(name, 0)
        before, after = had / total, (had + count) / total
        gained = 0.0
        for other, weight in self.weights.get(name, ()):
            if there := on.get(other):
                share = there / totals[other]
                gained += weight * (
                    (after if after < share else share) - (before if before < share else share)
                )
        return gained

    def capacity(self, mover: Mover, machine: int, most: int) -> int:
        """How many more there is room for, up to so many."""
        if mover.shy and not mover.shy.isdisjoint(self.on.get(machine, ())):
            return 0
        return self.room.capacity(mover.numbers[machine], mover.demand, most)

    def step(self, mover: Mover, machine: int, most: int) -> int:
        """How many more there is room for that each gain as much as the first of them."""
        name, on = mover.component, self.on.get(machine, {})
        total, had = self.totals[name], on.get(name, 0)
        for other, _ in self.weights[name]:
            ahead = on.get(other, 0) * total // self.totals[other] - had
            if 0 < ahead < most:
                most = ahead
        return self.capacity(mover, machine, most)

    def size(self, mover: Mover) -> float:
        """How much one replica takes: what is scarcer counts for more."""
        (cpu, memory_mib, disk_mib), (per_cpu, per_mib, per_disk) = mover.demand, self.scales
        return cpu * per_cpu + memory_mib * per_mib + disk_mib * per_disk

    def traffic(self, mover: Mover) -> float:
        """Its share of all there is."""
        return sum(weight for _, weight in self.weights.get(mover.component, ()))

    def lacking(self, mover: Mover) -> int:
        """How many of it have no machine."""
        return mover.count - sum(self.at[mover].values())

    def partners(self, mover: Mover) -> Sequence[int]:
        """The machines it may be on where somebody is with whom it talks."""
        found: dict[int, None] = {}
        for other, _ in self.weights.get(mover.component, ()):
            found.update(dict.fromkeys(self.spots[other]))
        return [machine for machine in found if machine in mover.numbers]

    def lift(self, movers: Iterable[Mover]) -> None:
        """All of these off their machines."""
        for mover in movers:
            for machine, count in [*self.at[mover].items()]:
                self.put(mover, machine, -count)

    def lay(self, spots: Spots) -> None:
        """Each as it is said, and nothing else."""
        self.lift(self.movers)
        for mover, counts in spots.items():
            for machine, count in counts.items():
                self.put(mover, machine, count)

    def laid(self) -> Spots:
        """What gives this again."""
        return {mover: dict(counts) for mover, counts in self.at.items()}

    def mark(self) -> Mark:
        return Mark(len(self.moves), self.gained)

    def better(self, mark: Mark) -> bool:
        return self.gained > mark.gained + LEAST

    def back(self, mark: Mark) -> None:
        """Undo everything since."""
        for mover, machine, count in reversed(self.moves[mark.moves :]):
            self.put(mover, machine, -count)
        del self.moves[mark.moves :]
        self.gained = mark.gained


def _add(counts: dict[_Key, int], key: _Key, count: int) -> None:
    """What is at nought is taken out."""
    left = counts.get(key, 0) + count
    if left:
        counts[key] = left
    else:
        counts.pop(key, None)


def _scales(basis: Basis) -> Sequence[float]:
    """Of CPUs, memory and disk: how much of all is needed, for each unit of what there is."""
    needed = [0, 0, 0]
    for component in basis.app.components:
        for dimension, part in enumerate(demand(component.needs)):
            needed[dimension] += part * component.replicas
    totals = map(sum, basis.stock.sizes)
    return [n / t**2 if t else 0.0 for n, t in zip(needed, totals, strict=True)]
