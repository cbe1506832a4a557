"""Azure: libcloud's Linux prices by name, with the shapes that the names of a series stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moot.market.series import BURSTABLE, GIB_PER_CPU, shape
from tools.market.table import Price, Shape, Table, millionths

# libcloud's releases stamp the whole file, but its history shows this table unchanged since then.
PRICED = "2020-08-30"
CLOSED = {"germanycentral", "germanynortheast"}  # since 2021


def table(prices: Mapping[str, Any], source: str) -> Table:
    """The types whose shape is known; their low priority price is the spot price, zones unknown."""
    found = Table(vendor="azure", currency="USD", priced=PRICED, source=source)
    listed = prices["compute"]["azure_linux"]
    for key, by_region in listed.items():
        name = _name(key.removeprefix("standard")) if key.startswith("standard") else ""
        known = shape(name)
        if known:
            spot = listed.get(key.replace("standard", "lowpriority", 1), {})
            there = {
                region: Price(millionths(hourly), millionths(spot.get(region, 0)))
                for region, hourly in by_region.items()
                if region not in CLOSED
            }
            found.add(name, Shape(cpu=known.cpu, memory_mib=known.memory_mib, arch="amd64"), there)
    return found


def _name(key: str) -> str:
    """The vendor's own name of a key such as `d4sv3`; "" where no known series has it."""
    names = {name.lower(): name for name in BURSTABLE}
    if taken := re.fullmatch(r"([a-z]+)(\d+)(.*)", key):
        for series in GIB_PER_CPU:
            if series.lower().replace("_", "") == f"{taken[1]}{{}}{taken[3]}":
                names[key] = series.format(taken[2])
    return f"Standard_{names[key]}" if key in names else ""
