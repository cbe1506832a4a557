"""What can be had at what price: Quotes, the Wish that chooses among them, and who sells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from moot.model.availability import Sla
from moot.model.report import Stale

VENDORS = ("aws", "azure", "gcp")  # of the market
ORDERS = ("price", "spot", "per-cpu", "per-gib", "cpu", "memory")

Standing = Literal["offered", "obtainable", "not configured"]
Outcome = Literal["refreshed", "unchanged", "failed"]
Order = Literal["price", "spot", "per-cpu", "per-gib", "cpu", "memory"]

# By region what a type costs there in millionths per hour, as spot (0: unknown), and its zones.
Prices = Mapping[str, tuple[int, int, int]]


class Quote(NamedTuple):
    """One type in one region, or what a configured venue offers; a tuple, as there are 100,000.

    `venue` is "" where no venue was asked.  `hourly` and `spot` are in `currency`, None where
    unknown, as they were on the day `priced` (ISO 8601); as spot it is taken back `interruptions`
    times a month, None where nobody says it; `spot_priced` is the day of that price, "" where there
    is none.  `gpus` may be part of one, `gpu` is the
    maker's name of it.  `zones` are those in which it can be had; none where that is not known.
    Where its venue overcommits it, `own_cpu` and `own_memory_mib` are what it has.
    """

    vendor: str
    venue: str
    standing: Standing
    region: str
    zones: tuple[str, ...]
    type: str
    cpu: float
    memory_mib: int
    arch: str
    gpus: float
    gpu: str
    hourly: Decimal | None
    spot: Decimal | None
    currency: str
    priced: str
    own_cpu: float | None = None
    own_memory_mib: int | None = None
    interruptions: float | None = None
    spot_priced: str = ""

    @property
    def per_cpu(self) -> Decimal | None:
        """What one of its CPUs costs per hour, with all that comes with it."""
        return self.hourly / Decimal(self.cpu) if self.hourly is not None and self.cpu else None

    @property
    def per_gib(self) -> Decimal | None:
        """What one GiB of its memory costs per hour, with all that comes with it."""
        if self.hourly is None or not self.memory_mib:
            return None
        return self.hourly * 1024 / self.memory_mib


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody looks for: at least so much, a known price of spot where that is asked for, and
    names that match these patterns.

    A pattern is a word with * and ?; of several one must match, and none at all matches everything.
    """

    cpu: float = 0.0
    memory_mib: int = 0
    gpu: bool = False
    spot: bool = False
    arch: str = ""
    vendors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class Kind(NamedTuple):
    """One type of a vendor."""

    name: str
    cpu: float
    memory_mib: int
    arch: str
    gpus: float
    gpu: str
    prices: Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """All that one vendor sells, with the day of the prices and where they were taken from.

    `regions` has the zones of each; a price has a bit for every one of them.  `days` are those of
    regions whose prices are of another day than `priced`, `spot_days` the same of spot; there a
    type is taken back so many times a month at most, by `interruptions`.  `egress` is the price of
    a GB that leaves it, `disk` that of a GiB of disk for a month, in `currency`, each of its day.
    """

    name: str
    currency: str
    priced: str
    source: str
    regions: Mapping[str, Sequence[str]]
    kinds: Sequence[Kind]
    days: Mapping[str, str] = field(default_factory=dict[str, str])
    spot_days: Mapping[str, str] = field(default_factory=dict[str, str])
    interruptions: Mapping[str, Mapping[str, float]] = field(
        default_factory=dict[str, Mapping[str, float]]
    )
    egress: Decimal = Decimal(0)
    egress_day: str = ""
    disk: Decimal = Decimal(0)
    disk_day: str = ""
    sla: Sla | None = None

    def day(self, region: str) -> str:
        """The day of the prices in a region."""
        return self.days.get(region, self.priced)

    def spot_day(self, region: str) -> str:
        """The day of the prices of spot in a region."""
        return self.spot_days.get(region) or self.day(region)

    def zones(self, region: str, bits: int) -> tuple[str, ...]:
        """The zones that these bits stand for."""
        return tuple(zone for n, zone in enumerate(self.regions[region]) if bits >> n & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What `offerings` answers: the first quotes of `total`, and the venues that do not answer.

    `vendors` are those of the market that were looked at.
    """

    quotes: tuple[Quote, ...]
    total: int
    vendors: tuple[Vendor, ...] = ()
    stale: tuple[Stale, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What came of asking a vendor for its prices in one region; "" is all of them.

    `types` were listed at the prices of the day `priced`; where it failed, `reason` says why, and
    `remedy` what can be done.
    """

    vendor: str
    region: str
    outcome: Outcome
    priced: str = ""
    types: int = 0
    reason: str = ""
    remedy: str = ""
