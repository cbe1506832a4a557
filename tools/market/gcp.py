"""Google Compute Engine: libcloud's prices of a vCPU and of a GiB, times the predefined shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moot.market.machine_types import SERIES
from tools.market.table import Price, Shape, Table, millionths

# libcloud's releases stamp the whole file, but its history shows this table unchanged since then.
PRICED = "2020-06-30"


def table(prices: Mapping[str, Any], source: str) -> Table:
    """The predefined types in every region where both vCPU and GiB have a price; zones unknown."""
    found = Table(vendor="gcp", currency="USD", priced=PRICED, source=source)
    families = prices["compute"]["gce_instances"]
    for series in SERIES:
        for name, (cpu, memory_mib, arch, *_) in series.types():
            shape = Shape(cpu=cpu, memory_mib=memory_mib, arch=arch)
            there = dict(_prices(families[series.family], cpu, cpu * series.gib_per_cpu))
            found.add(name, shape, there)
    return found


def _prices(family: Mapping[str, Any], cpu: int, memory_gib: float) -> Iterator[tuple[str, Price]]:
    for region in family["cpu"]["on_demand"]:
        hourly, spot = (
            _sum(family, usage, region, cpu, memory_gib) for usage in ("on_demand", "preemptible")
        )
        yield region, Price(hourly, spot)


def _sum(family: Mapping[str, Any], usage: str, region: str, cpu: int, memory_gib: float) -> int:
    """What that many vCPUs and GiB cost together; 0 where the price of either was not found."""
    per_cpu, per_gib = (
        family[part][usage].get(region, {}).get("price", 0) for part in ("cpu", "ram")
    )
    return millionths(per_cpu * cpu + per_gib * memory_gib) if per_cpu and per_gib else 0
