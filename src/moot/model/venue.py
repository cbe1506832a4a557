"""Where things can run: a configured Venue, and an Offering of room in it at a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from moot.model.availability import Sla
from moot.model.diagnostic import Diagnostic
from moot.model.overcommit import Overcommit, told
from moot.model.quota import Quota
from moot.model.spot import Spot
from moot.model.value import JSON

Ways = tuple[tuple[str, Decimal], ...]  # milliseconds there and back, to a venue or venue/region


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """One configured place with credentials: an entry of `venues.yaml`, or one machine of a pool.

    `pool` names the entry whose `hosts` this machine is one of, "" where it is none of any; `index`
    says which of them names it, and `own` which settings it has from there.
    `sla` is what is stated of how often it is up, None where nothing is; `egress` the price of a GB
    that leaves it, `disk` that of a GiB of disk for a month, and `latency` how far away in ms other
    venues are, or regions of them.
    `overcommit` says how many times its room is given away; `quota` how much of it, all machines of
    its entry together, all Apps may have, None where nothing is stated.
    `built_in` is one that nobody has configured.
    `priced` is the day (ISO 8601) of the prices that are stated, "" where they are those of today.
    `spot` says how often its machines are taken back, None where that does not happen.
    `wrong` is what its entry says that cannot be used: it is there to be told of, not to be used.
    """

    name: str
    provider: str
    configuration: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    pool: str = ""
    index: int = field(default=0, compare=False)
    own: frozenset[str] = field(default=frozenset(), compare=False)
    sla: Sla | None = None
    built_in: bool = field(default=False, compare=False)
    egress: Decimal = Decimal(0)
    disk: Decimal = Decimal(0)
    overcommit: Overcommit = field(default_factory=Overcommit)
    quota: Quota | None = None
    latency: Ways = ()
    priced: str = ""
    spot: Spot | None = None
    wrong: tuple[Diagnostic, ...] = ()

    @property
    def vendor(self) -> str:
        """Whom it stands or falls with: its provider, where it states how often a vendor is up."""
        return self.provider if self.sla and "vendor" in self.sla.levels else ""

    @property
    def entry(self) -> str:
        """The name that it stands under in `venues.yaml`: that of its pool, or its own."""
        return self.pool or self.name

    def path(self, *setting: str | int) -> tuple[str | int, ...]:
        """What leads to a setting in `venues.yaml`, from the name of its entry on."""
        inside = ("hosts", self.index) if self._is_own(setting) else ()
        return (self.entry, *inside, *setting)

    def whose(self, *setting: str | int) -> str:
        """The name of what has a setting: this machine, or all that its entry stands for."""
        return self.name if self._is_own(setting) else self.entry

    def _is_own(self, setting: tuple[str | int, ...]) -> bool:
        return bool(setting) and setting[0] in self.own


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """Room at a price, existing or obtainable.  `hourly` is in `currency`; None is unknown.
    `priced` is the day of that price (ISO 8601), "" where nobody has said it.

    What `connect` must know of the network there:
    `machine` identifies the machine (equal for two venues on one), "" where it is not one machine;
    `names`: components find one another there by name (DNS) and keep their declared ports;
    `host_name`: how a replica there names its own machine;
    `host_address`: where on that machine a listener must be bound for replicas there to reach it;
    `reach`: the address at which other machines reach it, "" where they cannot.

    `pool` is the venue's: machines of one pool take the replicas of a component together.
    `vendor` is whom the venue stands or falls with, "" where it states nothing of a vendor;
    `egress` and `latency` are what the venue states of its ways to others, `disk` is what it states
    a GiB of disk to cost a month; it is in `currency`, too.
    Where its venue overcommits it gives away more than there is: `own_cpu` and `own_memory_mib` are
    what it has, and the most that one replica may need.
    `quota` is the one that all offerings of its venue or pool share; it says what to give whom, and
    not what the offering is, so it is not compared.
    `gpus_left` are the thousandths that are free of each of its `gpus`; empty: all of each.
    Where it is `spot` it may be taken back, and `hourly` is the price for that; a provider need not
    know, as the venue may state it.
    """

    venue: str
    name: str
    cpu: float
    memory_mib: int
    disk_mib: int = 0
    gpus: int = 0
    gpus_left: tuple[int, ...] = ()
    hourly: Decimal | None = Decimal(0)
    currency: str = "EUR"
    region: str = ""
    zone: str = ""
    traits: frozenset[str] = frozenset()
    stands_on: str | None = None
    machine: str = ""
    names: bool = False
    host_name: str = "127.0.0.1"
    host_address: str = "127.0.0.1"
    reach: str = ""
    pool: str = ""
    vendor: str = ""
    segmented: bool = False
    egress: Decimal = Decimal(0)
    disk: Decimal = Decimal(0)
    latency: Ways = ()
    own_cpu: float | None = None
    own_memory_mib: int | None = None
    spot: Spot | None = None
    priced: str = field(default="", compare=False)
    quota: Quota | None = field(default=None, compare=False)

    @property
    def site(self) -> str:
        """Where all replicas of a component stay together: the pool, else the venue by itself."""
        return self.pool or self.venue

    @property
    def counted(self) -> str:
        """What it has and is given away more than once, in words; "" where that is nothing."""
        parts = [
            f"{own:g} {what} counted {told(given / own)}"
            for own, given, what in (
                (self.own_cpu, self.cpu, "CPUs"),
                (self.own_memory_mib, self.memory_mib, "MiB of memory"),
            )
            if own
        ]
        return " and ".join(parts)

    @property
    def is_machine(self) -> bool:
        """Whether it is one machine, and what its venue states is said of that."""
        return bool(self.pool or self.machine)

    @property
    def where(self) -> str:
        """What has ports of its own: the machine, or a venue that is not one machine."""
        return self.machine or self.venue
