"""Offerings -> in which failure domains they stand, and how many of a level that comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from moot.model.app import Component, Policy
from moot.model.availability import LEVELS, Level
from moot.model.venue import Offering

Path = tuple[str, ...]  # the names of the domains around something, from the vendor inwards
Spread = Mapping[Level, int]  # in how many domains of a level replicas are, or are to be

PLURALS: Mapping[Level, str] = {
    "vendor": "vendors",
    "venue": "venues",
    "region": "regions",
    "zone": "zones",
    "host": "machines",
}


def apart(offerings: Iterable[Offering]) -> Atlas:
    """Where each of these stands: two venues on one machine are in the same domains."""
    homes: dict[str, Path] = {}
    on_machines = (offering for offering in offerings if offering.machine)
    for offering in sorted(on_machines, key=lambda o: (not o.pool, o.venue, o.name)):
        homes.setdefault(offering.machine, _around(offering))
    return Atlas(homes)


def wanted(policy: Policy, component: Component) -> Spread:
    """What `x-moot.spread` asks of a component: no more than it has replicas, the widest first."""
    least: dict[Level, int] = {}
    for level in PLURALS:
        count = min(policy.spread.get(level, 1), component.replicas)
        if count > 1:
            least[level] = count
    return least


@dataclass(frozen=True, slots=True)
class Atlas:
    """`homes` is by machine where that stands."""

    homes: Mapping[str, Path]

    def path(self, offering: Offering) -> Path:
        """Vendor, then venue or pool, region, zone and host; what is not stated is "" there."""
        return self.homes.get(offering.machine) or _around(offering)

    def domain(self, offering: Offering, level: Level) -> Path:
        """The domain of that level it is in: a zone is one of its region, and that of its venue."""
        return self.path(offering)[: LEVELS.index(level) + 1]

    def counts(self, offerings: Iterable[Offering], levels: Iterable[Level]) -> Spread:
        """In how many domains of these levels the offerings are."""
        among = tuple(offerings)
        return {level: len({self.domain(o, level) for o in among}) for level in levels}

    def lacks(self, offerings: Iterable[Offering], least: Spread) -> Spread:
        """How many domains of each level are missing."""
        found = self.counts(offerings, least)
        return {level: n - found[level] for level, n in least.items() if n > found[level]}


def _around(offering: Offering) -> Path:
    host = offering.machine or f"{offering.venue}/{offering.name}"
    vendor = offering.vendor or offering.site
    return vendor, offering.site, offering.region, offering.zone, host
