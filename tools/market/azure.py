"""Azure: libcloud's Linux prices by name, with the shapes that the names of a series stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tools.market.table import Price, Shape, Table, millionths

# libcloud's releases stamp the whole file, but its history shows this table unchanged since then.
PRICED = "2020-08-30"
GIB = 1024
CLOSED = {"germanycentral", "germanynortheast"}  # since 2021

# The number in these names is of vCPUs, each with so many GiB: the price table has no sizes, and
# series whose names do not tell are left out.
GIB_PER_CPU = {
    **dict.fromkeys(
        ("D{}_v3", "D{}s_v3", "D{}_v4", "D{}s_v4", "D{}d_v4", "D{}ds_v4", "D{}a_v4", "D{}as_v4"),
        4,
    ),
    **dict.fromkeys(
        ("E{}_v3", "E{}s_v3", "E{}_v4", "E{}s_v4", "E{}d_v4", "E{}ds_v4", "E{}a_v4", "E{}as_v4"),
        8,
    ),
    **dict.fromkeys(("F{}", "F{}s", "F{}s_v2", "A{}_v2"), 2),
    **dict.fromkeys(("A{}m_v2", "L{}s", "L{}s_v2"), 8),
}
# The largest have less than their series would give them, and one size has a little more.
EXCEPTIONS_GIB = {
    **{f"E64{kind}_v3": 432 for kind in ("", "s")},
    **{f"E64{kind}_v4": 504 for kind in ("", "s", "d", "ds")},
    **{f"E96{kind}_v4": 672 for kind in ("a", "as")},
}
BURSTABLE = {  # vCPUs and GiB
    "B1ls": (1, 0.5),
    "B1s": (1, 1),
    "B1ms": (1, 2),
    "B2s": (2, 4),
    "B2ms": (2, 8),
    "B4ms": (4, 16),
    "B8ms": (8, 32),
    "B12ms": (12, 48),
    "B16ms": (16, 64),
    "B20ms": (20, 80),
}


def table(prices: Mapping[str, Any], source: str) -> Table:
    """The types whose shape is known; their low priority price is the spot price, zones unknown."""
    found = Table(vendor="azure", currency="USD", priced=PRICED, source=source)
    listed = prices["compute"]["azure_linux"]
    for key, by_region in listed.items():
        known = _shape(key.removeprefix("standard")) if key.startswith("standard") else None
        if known:
            name, shape = known
            spot = listed.get(key.replace("standard", "lowpriority", 1), {})
            there = {
                region: Price(millionths(hourly), millionths(spot.get(region, 0)))
                for region, hourly in by_region.items()
                if region not in CLOSED
            }
            found.add(f"Standard_{name}", shape, there)
    return found


def _shape(key: str) -> tuple[str, Shape] | None:
    """The vendor's own name and the shape, of a key such as `d4sv3`."""
    for name, (cpu, gib) in BURSTABLE.items():
        if name.lower() == key:
            return name, Shape(cpu=cpu, memory_mib=round(gib * GIB), arch="amd64")
    taken = re.fullmatch(r"([a-z]+)(\d+)(.*)", key)
    if taken is None:
        return None
    letter, count, rest = taken.groups()
    for series, ratio_gib in GIB_PER_CPU.items():
        if series.lower().replace("_", "") == f"{letter}{{}}{rest}":
            name, cpu = series.format(count), int(count)
            gib = EXCEPTIONS_GIB.get(name, cpu * ratio_gib)
            return name, Shape(cpu=cpu, memory_mib=gib * GIB, arch="amd64")
    return None
