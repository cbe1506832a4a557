"""Google Compute Engine: libcloud's prices of a vCPU and of a GiB, times the predefined shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.market.table import Price, Shape, Table, millionths

# libcloud's releases stamp the whole file, but its history shows this table unchanged since then.
PRICED = "2020-06-30"
GIB = 1024

# The vendor's machine types: family, name, GiB per vCPU, and how many vCPUs there are.  Families
# that share a core are left out: what they cost is not made of vCPUs and GiB.
SHAPES = (
    ("c2", "standard", 4.0, (4, 8, 16, 30, 60)),
    ("e2", "standard", 4.0, (2, 4, 8, 16)),
    ("e2", "highmem", 8.0, (2, 4, 8, 16)),
    ("e2", "highcpu", 1.0, (2, 4, 8, 16)),
    ("n1", "standard", 3.75, (1, 2, 4, 8, 16, 32, 64, 96)),
    ("n1", "highmem", 6.5, (2, 4, 8, 16, 32, 64, 96)),
    ("n1", "highcpu", 0.9, (2, 4, 8, 16, 32, 64, 96)),
    ("n2", "standard", 4.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    ("n2", "highmem", 8.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    ("n2", "highcpu", 1.0, (2, 4, 8, 16, 32, 48, 64, 80)),
    ("n2d", "standard", 4.0, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
    ("n2d", "highmem", 8.0, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    ("n2d", "highcpu", 1.0, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
)


def table(prices: Mapping[str, Any], source: str) -> Table:
    """The predefined types in every region where both vCPU and GiB have a price; zones unknown."""
    found = Table(vendor="gcp", currency="USD", priced=PRICED, source=source)
    families = prices["compute"]["gce_instances"]
    for family, kind, ratio_gib, counts in SHAPES:
        for cpu in counts:
            shape = Shape(cpu=cpu, memory_mib=round(cpu * ratio_gib * GIB), arch="amd64")
            there = dict(_prices(families[family], cpu, cpu * ratio_gib))
            found.add(f"{family}-{kind}-{cpu}", shape, there)
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
