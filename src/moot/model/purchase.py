"""Machines that could be bought for an App: what needs room, what is sold, what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from moot.model.availability import Outlook
from moot.model.placement import Placement

MILLIONTH = Decimal("0.000001")
NEVER = 1 << 62  # the price of what nobody sells
SPOT = " spot"  # ends the type of what may be taken back


class Piece(NamedTuple):
    """Things that are alike, each of which needs room on one machine; `names` has one for each.

    A piece is a replica (`web`), or all replicas that share data (`db+db+backup`).  At most `most`
    of these may be on one machine; None is as many as it holds.
    """

    names: tuple[str, ...]
    millicpu: int
    memory_mib: int
    gpus: int = 0
    traits: frozenset[str] = frozenset()
    most: int | None = None

    @property
    def amount(self) -> int:
        """How many there are."""
        return len(self.names)


Lot = tuple[Piece, ...]  # what one domain must have room for


class Ware(NamedTuple):
    """A type at a price, in millionths an hour; `traits` only as far as a piece asks for them."""

    type: str
    millicpu: int
    memory_mib: int
    gpus: int
    traits: frozenset[str]
    micros: int

    def holds(self, piece: Piece) -> bool:
        """Whether one of these has room there, where nothing else is."""
        return (
            self.millicpu >= piece.millicpu
            and self.memory_mib >= piece.memory_mib
            and self.gpus >= piece.gpus
            and self.traits >= piece.traits
        )


Content = Mapping[int, int]  # by the index of a Piece in its Lot, how many


class Bought(NamedTuple):
    """One machine, with the names of what is on it."""

    type: str
    micros: int
    names: tuple[str, ...]

    @property
    def is_spot(self) -> bool:
        """Whether it may be taken back."""
        return self.type.endswith(SPOT)


class Purchase(NamedTuple):
    """Machines for a Lot."""

    machines: tuple[Bought, ...]
    least: int  # no way of buying for this Lot here costs less; in millionths an hour

    @property
    def micros(self) -> int:
        """What they cost an hour, in millionths."""
        return sum(machine.micros for machine in self.machines)


@dataclass(frozen=True, slots=True)
class Site:
    """Where machines would be bought, and which: `zone` is "" where none is asked for, or known."""

    vendor: str
    region: str
    zone: str
    machines: tuple[Bought, ...]

    @property
    def counted(self) -> tuple[tuple[str, int], ...]:
        """How many of each type, those first that cost most."""
        sums: Counter[str] = Counter()
        for machine in self.machines:
            sums[machine.type] += machine.micros
        counts = Counter(machine.type for machine in self.machines)
        return tuple((type, counts[type]) for type in sorted(counts, key=lambda t: (-sums[t], t)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What an App would cost on these vendors, an hour; without sites `reason` says why it cannot.

    It `is_mixed` where a part of it is `kept` on the user's own venues, whose price is in it.
    `egress` is the part of it that traffic between venues costs, `disk` what its disk does.
    `least` is a sum below which no way of buying there gets.  `priced` is the day of the oldest
    price in it.  `outlook` says how available it would be by what vendors promise.
    """

    vendors: tuple[str, ...]
    is_mixed: bool = False
    sites: tuple[Site, ...] = ()
    kept: Placement | None = None
    hourly: Decimal = Decimal(0)
    egress: Decimal = Decimal(0)
    disk: Decimal = Decimal(0)
    least: Decimal = Decimal(0)
    currency: str = ""
    priced: str = ""
    outlook: Outlook | None = field(default=None, compare=False)
    reason: str = ""

    @property
    def keeps(self) -> bool:
        """Whether it is possible, and as available as is promised."""
        return not self.reason and (self.outlook is None or self.outlook.kept)

    @property
    def gap(self) -> float:
        """By which part of the cheapest possible it may be dearer; bounds are whole millionths."""
        over = self.hourly - self.least
        return float(over / self.least) if self.least and over >= MILLIONTH else 0.0
