"""App x own machines that others reach -> what of it fits there, and for how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from functools import cached_property
from math import ceil

from moot.model.app import Component
from moot.model.placement import Assignments, Placement
from moot.model.quota import UNLIMITED
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.placing.least import least
from moot.passes.placing.prepare import Basis, prepare
from moot.passes.placing.stock import Room, demand

MICRO = Decimal(10**6)
MOST_TIERS = 3

Size = tuple[int, int, int]  # thousandths of a CPU, MiB of memory, GPUs


@dataclass(frozen=True)
class Estate:
    """All of it is found when it is asked for first."""

    ground: Ground
    basis: Basis

    @classmethod
    def of(cls, ground: Ground, currency: str) -> Estate:
        """Only what is free or has a price in this currency; a budget and what is promised of the
        whole count elsewhere.
        """
        policy = replace(ground.app.policy, budget=None, availability=None, headroom=None)
        app = replace(ground.app, policy=policy)
        reached = (offering for offering in ground.offerings if reaches(offering))
        return cls._with(replace(ground, app=app), [o for o in reached if _paid_in(o, currency)])

    @classmethod
    def _with(cls, ground: Ground, offerings: Sequence[Offering]) -> Estate:
        ground = replace(ground, offerings=offerings)
        return cls(ground, prepare(ground.app, offerings, None, ground.homes, ground.absent))

    @cached_property
    def free(self) -> Sequence[Offering]:
        """The same machines as if they cost nothing: at one price a placement is found sooner."""
        zero = Decimal(0)
        return [replace(o, hourly=zero, egress=zero, disk=zero) for o in self.ground.offerings]

    def real(self, placement: Placement) -> Placement:
        """What was placed on `free` ones, on those that have a price."""
        known = {(o.venue, o.name): o for o in self.ground.offerings}
        runs = (
            replace(run, offering=known[run.offering.venue, run.offering.name])
            for run in placement.runs
        )
        return Placement(assignments=Assignments(runs))

    @cached_property
    def tiers(self) -> Sequence[Estate]:
        """All of it, then only what costs no more than the cheapest machines, and than some others;
        and what has data.
        """
        prices = sorted({o.hourly or Decimal(0) for o in self.ground.offerings})[:-1]
        some = prices[:: -(-len(prices) // MOST_TIERS) or 1]
        return [self, *(self._below(price) for price in some)]

    def _below(self, price: Decimal) -> Estate:
        homes = {*self.ground.homes.values()}
        able = (o for o in self.ground.offerings if (o.hourly or 0) <= price or o.venue in homes)
        return self._with(self.ground, list(able))

    @cached_property
    def most(self) -> Size:
        """What all of it has room for at most, as pieces are counted: CPUs in whole thousandths for
        each replica, and a whole GPU for what shares one.
        """
        cpu, memory_mib, gpus = summed(self.rooms.values())
        components = self.ground.app.components
        sharing = sum(c.replicas for c in components if 0 < c.needs.gpus < 1)
        return cpu + sum(c.replicas for c in components), memory_mib, gpus + sharing

    @cached_property
    def rooms(self) -> Mapping[str, Size]:
        """Of each venue or pool: what its machines have, or a quota leaves."""
        among: dict[str, list[Offering]] = {}
        for offering in self.ground.offerings:
            among.setdefault(offering.site, []).append(offering)
        return {site: _room(offerings) for site, offerings in among.items()}

    @cached_property
    def sizes(self) -> Mapping[str, Size]:
        """What all replicas of each component need together."""
        return {component.name: _size(component) for component in self.ground.app.components}

    def sites(self, names: Iterable[str]) -> frozenset[str]:
        """The venues and pools that each of these components fits on, by itself."""
        found = [self._sites[name] for name in names]
        return found[0].intersection(*found) if found else frozenset()

    @cached_property
    def _sites(self) -> Mapping[str, frozenset[str]]:
        stock = self.basis.stock
        return {
            name: frozenset(stock.offerings[n].site for n in stock.shelf(fits.ways).numbers)
            for name, fits in self.basis.fits.items()
        }

    @cached_property
    def micros(self) -> Mapping[str, int | None]:
        """By component what it costs there an hour at least; None where not all of it has room."""
        return {c.name: self._micros(c) for c in self.ground.app.components if c.replicas}

    def _micros(self, component: Component) -> int | None:
        stock, asked = self.basis.stock, demand(component.needs, component.name)
        room, left = Room(stock), component.replicas
        for number in stock.shelf(self.basis.fits[component.name].ways).numbers:
            left -= room.capacity(number, asked, left)
            if not left:
                paid = least(self.basis, component)
                return int((paid * MICRO).to_integral_value(ROUND_FLOOR))
        return None


def reaches(offering: Offering) -> bool:
    """Whether machines elsewhere reach what runs there."""
    return bool(offering.reach) and not offering.names


def summed(sizes: Iterable[Size]) -> Size:
    """All of them together."""
    among = list(sizes)
    cpu, memory_mib, gpus = (sum(size[n] for size in among) for n in range(3))
    return cpu, memory_mib, gpus


def _paid_in(offering: Offering, currency: str) -> bool:
    if offering.hourly is None:
        return False
    paid = offering.hourly or offering.egress or offering.disk
    return offering.currency == currency or not paid


def _room(offerings: Sequence[Offering]) -> Size:
    left = next((o.quota.left for o in offerings if o.quota), UNLIMITED)
    return (
        int(min(sum(o.cpu for o in offerings), left.cpu) * 1000 + 0.001),
        int(min(sum(o.memory_mib for o in offerings), left.memory_mib)),
        ceil(min(sum(o.gpus for o in offerings), left.gpus)),
    )


def _size(component: Component) -> Size:
    needs, count = component.needs, component.replicas
    gpus = int(needs.gpus) if needs.gpus < 1 << 20 else 1
    return int(needs.cpu * 1000) * count, needs.memory_mib * count, gpus * count
