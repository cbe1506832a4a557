"""What one vendor offers, as the snapshot keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

MILLION = 1_000_000


class Price(NamedTuple):
    """Of one type in one region, in millionths of the currency per hour; `spot` 0 is unknown.

    `zones` are those of the region in which it can be had; none where that is not known.
    """

    hourly: int
    spot: int = 0
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one type is: `gpus` may be part of one, `gpu` is the maker's name of it."""

    cpu: float
    memory_mib: int
    arch: str
    gpus: float = 0.0
    gpu: str = ""


@dataclass(slots=True, kw_only=True)
class Table:
    """All types of a vendor with their prices by region."""

    vendor: str
    currency: str
    priced: str
    source: str
    types: dict[str, tuple[Shape, dict[str, Price]]] = field(default_factory=dict)

    def add(self, name: str, shape: Shape, prices: Mapping[str, Price]) -> None:
        """A type, unless nothing of it has a price: 0 stands for one that was not found."""
        known = {region: price for region, price in sorted(prices.items()) if price.hourly > 0}
        if known:
            self.types[name] = (shape, known)

    def offerings(self) -> int:
        """Types x the zones in which each can be had; a region of unknown zones counts as one."""
        prices = (price for _, prices in self.types.values() for price in prices.values())
        return sum(max(1, len(price.zones)) for price in prices)

    def as_json(self) -> dict[str, object]:
        """The zones of a region are numbered: a price has a bit for each where it can be had."""
        zones: dict[str, set[str]] = {}
        for _, prices in self.types.values():
            for region, price in prices.items():
                zones.setdefault(region, set()).update(price.zones)
        numbered = {region: sorted(names) for region, names in sorted(zones.items())}
        return {
            "vendor": self.vendor,
            "currency": self.currency,
            "priced": self.priced,
            "source": self.source,
            "regions": numbered,
            "types": [
                [name, s.cpu, s.memory_mib, s.arch, s.gpus, s.gpu, _prices(prices, numbered)]
                for name, (s, prices) in sorted(self.types.items())
            ],
        }


def millionths(price: float) -> int:
    """A price as the snapshot keeps it."""
    return round(price * MILLION)


def _prices(
    prices: Mapping[str, Price], zones: Mapping[str, Sequence[str]]
) -> dict[str, list[int]]:
    return {
        region: [
            price.hourly,
            price.spot,
            sum(1 << number for number, zone in enumerate(zones[region]) if zone in price.zones),
        ]
        for region, price in prices.items()
    }
