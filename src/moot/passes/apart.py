"""Offerings -> in which failure domains they stand, how many there are, and how far apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from moot.model.app import Component, Policy
from moot.model.availability import LEVELS, Level
from moot.model.venue import Offering, Ways

Path = tuple[str, ...]  # the names of the domains around something, from the vendor inwards
Spread = Mapping[Level, int]  # in how many domains of a level replicas are, or are to be
Distances = Mapping[tuple[Path, Path], Decimal]  # of regions, in ms there and back

WITHIN_MS = Decimal(2)  # one region, where its venue states nothing of it
PLURALS: Mapping[Level, str] = {
    "vendor": "vendors",
    "venue": "venues",
    "region": "regions",
    "zone": "zones",
    "host": "machines",
}


def apart(offerings: Iterable[Offering]) -> Atlas:
    """Where each of these stands: two venues on one machine are in the same domains."""
    known = tuple(offerings)
    homes: dict[str, Path] = {}
    on_machines = (offering for offering in known if offering.machine)
    for offering in sorted(on_machines, key=lambda o: (not o.pool, o.venue, o.name)):
        homes.setdefault(offering.machine, _around(offering))
    atlas = Atlas(homes)
    if not any(offering.latency for offering in known):
        return atlas
    return Atlas(homes, _distances(known, atlas))


def wanted(policy: Policy, component: Component) -> Spread:
    """What is asked of a component: no more than it has replicas, the widest first."""
    least: dict[Level, int] = {}
    for level in PLURALS:
        asked = max(policy.spread.get(level, 1), component.spread.get(level, 1))
        count = min(asked, component.replicas)
        if count > 1:
            least[level] = count
    return least


@dataclass(frozen=True, slots=True)
class Atlas:
    """`homes` is by machine where that stands, `distances` what is stated of pairs of regions."""

    homes: Mapping[str, Path]
    distances: Distances = field(default_factory=dict[tuple[Path, Path], Decimal])

    def path(self, offering: Offering) -> Path:
        """Vendor, then venue or pool, region, zone and host; what is not stated is "" there."""
        return self.homes.get(offering.machine) or _around(offering)

    def domain(self, offering: Offering, level: Level) -> Path:
        """The domain of that level it is in: a zone is one of its region, and that of its venue."""
        return self.path(offering)[: LEVELS.index(level) + 1]

    def distance_ms(self, region: Path, other: Path) -> Decimal | None:
        """From one region to another, there and back; None where nobody states it."""
        return self.distances.get((region, other), WITHIN_MS if region == other else None)

    def counts(self, offerings: Iterable[Offering], levels: Iterable[Level]) -> Spread:
        """In how many domains of these levels the offerings are."""
        among = tuple(offerings)
        return {level: len({self.domain(o, level) for o in among}) for level in levels}

    def lacks(self, offerings: Iterable[Offering], least: Spread) -> Spread:
        """How many domains of each level are missing."""
        found = self.counts(offerings, least)
        return {level: n - found[level] for level, n in least.items() if n > found[level]}


def _around(offering: Offering) -> Path:
    """Where no vendor is stated it is one by itself, whatever vendor has the name of its venue."""
    host = offering.machine or f"{offering.venue}/{offering.name}"
    vendor = offering.vendor or f":{offering.site}"
    return vendor, offering.site, offering.region, offering.zone, host


def _distances(offerings: Iterable[Offering], atlas: Atlas) -> Distances:
    """What is said of a region counts for more than what is said of its venue, and of two who say
    something of one another the larger.  Of itself a venue says how far apart its regions are.
    """
    named: dict[str, dict[Path, None]] = {}
    stated: dict[tuple[Path, Ways], None] = {}
    for offering in offerings:
        region = atlas.domain(offering, "region")
        for name in (offering.site, f"{offering.site}/{offering.region}"):
            named.setdefault(name, {})[region] = None
        stated[region, offering.latency] = None
    found: dict[tuple[Path, Path], Decimal] = {}
    for region, latency in stated:
        for other, ms in _stated_of(region, latency, named).items():
            for pair in ((region, other), (other, region)):
                found[pair] = max(ms, found.get(pair, ms))
    return found


def _stated_of(
    region: Path, latency: Ways, named: Mapping[str, Iterable[Path]]
) -> Mapping[Path, Decimal]:
    found: dict[Path, Decimal] = {}
    for name, ms in sorted(latency, key=lambda stated: "/" in stated[0]):
        inside = "/" in name or not region[-1]
        found |= dict.fromkeys((r for r in named.get(name, ()) if r != region or inside), ms)
    return found
