"""App x own machines -> Batches: what of it is kept there or bought for, all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from functools import cached_property
from math import ceil
from typing import NamedTuple

from moot.model.app import App, Component
from moot.model.market import Vendor
from moot.model.placement import Assignments, Placement
from moot.model.quota import UNLIMITED
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.apart import apart
from moot.passes.placing.bonds import bonds
from moot.passes.placing.least import least
from moot.passes.placing.prepare import Basis, prepare
from moot.passes.placing.relate import near
from moot.passes.placing.stock import Room, demand

MICRO = Decimal(10**6)
MOST_TIERS = 3


class Batch(NamedTuple):
    """Components that cannot be parted, by name.

    On own machines they cost `micros` an hour at least, None where these cannot take them; they
    are `held` there where their data is, or where nothing that is sold can take them.
    """

    names: frozenset[str]
    micros: int | None
    held: bool = False


Size = tuple[int, int, int]  # thousandths of a CPU, MiB of memory, GPUs


@dataclass(frozen=True)
class Estate:
    """The user's own machines that machines elsewhere reach, and what of an App fits there."""

    ground: Ground
    basis: Basis

    @classmethod
    def of(cls, ground: Ground, currency: str) -> Estate:
        """Only what is free or has a price in this currency; a budget and what is promised of the
        whole count elsewhere.
        """
        policy = replace(ground.app.policy, budget=None, availability=None, headroom=None)
        app = replace(ground.app, policy=policy)
        reached = (o for o in ground.offerings if o.reach and not o.names)
        offerings = [o for o in reached if _paid_in(o, currency)]
        ground = replace(ground, app=app, offerings=offerings)
        return cls(ground, prepare(app, offerings, None, ground.homes, ground.absent))

    @cached_property
    def free(self) -> Sequence[Offering]:
        """The same machines as if they cost nothing: at one price a placement is found sooner."""
        zero = Decimal(0)
        return [replace(o, hourly=zero, egress=zero) for o in self.ground.offerings]

    def real(self, placement: Placement) -> Placement:
        """What was placed on `free` ones, on those that have a price."""
        known = {(o.venue, o.name): o for o in self.ground.offerings}
        runs = (
            replace(run, offering=known[run.offering.venue, run.offering.name])
            for run in placement.runs
        )
        return Placement(assignments=Assignments(runs))

    def tiers(self) -> list[Estate]:
        """All of it, then only what costs no more than the cheapest machines, and than some others;
        and what has data.
        """
        prices = sorted({o.hourly or Decimal(0) for o in self.ground.offerings})[:-1]
        some = prices[:: -(-len(prices) // MOST_TIERS) or 1]
        return [self, *(self._below(price) for price in some)]

    def _below(self, price: Decimal) -> Estate:
        homes = {*self.ground.homes.values()}
        offerings = [
            o for o in self.ground.offerings if (o.hourly or 0) <= price or o.venue in homes
        ]
        ground = replace(self.ground, offerings=offerings)
        return Estate(ground, prepare(ground.app, offerings, None, ground.homes, ground.absent))

    def most(self) -> Size:
        """What all of it has room for at most, as pieces are counted: CPUs in whole thousandths for
        each replica, and a whole GPU for what shares one.
        """
        cpu, memory_mib, gpus = self.room()
        components = self.ground.app.components
        sharing = sum(c.replicas for c in components if 0 < c.needs.gpus < 1)
        return cpu + sum(c.replicas for c in components), memory_mib, gpus + sharing

    def room(self, sites: Collection[str] = ()) -> Size:
        """Of all venues and pools together, or of some: what machines have, or a quota leaves."""
        found: list[Size] = []
        among: dict[str, list[Offering]] = {}
        for offering in self.ground.offerings:
            if not sites or offering.site in sites:
                among.setdefault(offering.site, []).append(offering)
        for offerings in among.values():
            left = next((o.quota.left for o in offerings if o.quota), UNLIMITED)
            found.append(
                (
                    int(min(sum(o.cpu for o in offerings), left.cpu) * 1000 + 0.001),
                    int(min(sum(o.memory_mib for o in offerings), left.memory_mib)),
                    ceil(min(sum(o.gpus for o in offerings), left.gpus)),
                )
            )
        return summed(found)

    def sites(self, names: Iterable[str]) -> frozenset[str]:
        """The venues and pools that each of these components fits on, by itself."""
        stock, fits = self.basis.stock, self.basis.fits
        found = [
            frozenset(stock.offerings[n].site for n in stock.shelf(fits[name].ways).numbers)
            for name in names
        ]
        return found[0].intersection(*found) if found else frozenset()

    def micros(self, component: Component) -> int | None:
        """What it costs there an hour at least; None where not all of it has room."""
        stock, asked = self.basis.stock, demand(component.needs, component.name)
        room, left = Room(stock), component.replicas
        for number in stock.shelf(self.basis.fits[component.name].ways).numbers:
            left -= room.capacity(number, asked, left)
            if not left:
                paid = least(self.basis, component)
                return int((paid * MICRO).to_integral_value(ROUND_FLOOR))
        return None


def _paid_in(offering: Offering, currency: str) -> bool:
    if offering.hourly is None:
        return False
    return offering.currency == currency or not (offering.hourly or offering.egress)


def batches(estate: Estate, vendor: Vendor, region: str, unsold: Iterable[str]) -> list[Batch]:
    """`unsold` is what nothing that is sold in the region can take.

    What is to be near one another stays together, and what shares a volume; and what may be only so
    far away, unless it is stated of own machines how far the region is.
    """
    app, homes = estate.ground.app, estate.ground.homes
    components = [c for c in app.components if c.replicas]
    held = {*unsold}
    held.update(c.name for c in components if any(m.source in homes for m in c.mounts))
    found: list[Batch] = []
    for members in tied(components, _ties(estate, vendor, region)):
        costs = [estate.micros(member) for member in members]
        sums = [cost for cost in costs if cost is not None]
        names = frozenset(member.name for member in members)
        micros = sum(sums) if len(sums) == len(costs) else None
        found.append(Batch(names, micros, bool(names & held)))
    return found


def tied(components: Sequence[Component], ties: Iterable[tuple[str, str]]) -> list[list[Component]]:
    """Those together of which each is tied to another by name."""
    leads: dict[str, str] = {c.name: c.name for c in components}

    def lead(name: str) -> str:
        while leads[name] != name:
            name = leads[name]
        return name

    for one, other in ties:
        if one in leads and other in leads:
            leads[lead(other)] = lead(one)
    together: dict[str, list[Component]] = {}
    for component in components:
        together.setdefault(lead(component.name), []).append(component)
    return list(together.values())


def _ties(estate: Estate, vendor: Vendor, region: str) -> Iterable[tuple[str, str]]:
    app, own = estate.ground.app, estate.ground.offerings
    for name, sharing in estate.basis.sharers.items():
        yield from ((name, other) for other, _ in sharing)
    there = sold(vendor, region)
    atlas = apart((*own, there))
    far = atlas.domain(there, "region")
    names = {component.name for component in app.components}
    for component in app.components:
        for other, within in bonds(component):
            if other in names:
                sites = estate.sites((component.name,)) | estate.sites((other,))
                regions = {atlas.domain(o, "region") for o in own if o.site in sites}
                if not all(near(atlas, far, mine, within) for mine in regions):
                    yield component.name, other


def sold(vendor: Vendor, region: str, zone: str = "", machine: str = "") -> Offering:
    """What is bought there, as if it were offered: an account with a vendor is one venue."""
    return Offering(
        venue=vendor.name,
        name=machine or region,
        cpu=0,
        memory_mib=0,
        currency=vendor.currency,
        region=region,
        zone=zone,
        vendor=vendor.name,
        machine=machine,
        egress=vendor.egress,
        reach=machine or region,
        priced=vendor.egress_day,
    )


def part(app: App, names: frozenset[str]) -> App:
    """These components alone, and of what they ask of others only what these can keep."""
    kept = tuple(
        replace(
            component,
            near=tuple(name for name in component.near if name in names),
            apart=tuple(name for name in component.apart if name in names),
            latency=tuple(each for each in component.latency if each.to in names),
            traffic=tuple(each for each in component.traffic if each.to in names),
            depends_on=tuple(d for d in component.depends_on if d.component in names),
        )
        for component in app.components
        if component.name in names
    )
    return replace(app, components=kept)


Sizes = Mapping[str, Size]


def sizes(app: App) -> Sizes:
    """What all replicas of each component need together."""
    found: dict[str, Size] = {}
    for component in app.components:
        needs, count = component.needs, component.replicas
        gpus = int(needs.gpus) if needs.gpus < 1 << 20 else 1
        found[component.name] = (
            int(needs.cpu * 1000) * count,
            needs.memory_mib * count,
            gpus * count,
        )
    return found


def summed(sizes: Sequence[Size]) -> Size:
    """All of them together."""
    cpu, memory_mib, gpus = (sum(size[n] for size in sizes) for n in range(3))
    return cpu, memory_mib, gpus
