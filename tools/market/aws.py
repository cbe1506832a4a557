"""Amazon EC2: types and zones as moto has them, Linux on-demand prices as libcloud has them."""

from __future__ import annotations

import datetime
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.market.table import Price, Shape, Table, millionths

ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}  # neither Macs nor what has only 32 bits


def table(resources: Path, prices: Mapping[str, Any], source: str) -> Table:
    """Every type that has both a place and a price.

    libcloud stamps its file when it asks Amazon anew, which is with every release.
    """
    asked = datetime.datetime.fromtimestamp(prices["updated"], datetime.UTC)
    found = Table(vendor="aws", currency="USD", priced=asked.date().isoformat(), source=source)
    types = _read(resources / "instance_types.json.gz")
    zones = _zones(resources / "instance_type_offerings" / "availability-zone")
    for name, by_region in prices["compute"]["ec2_linux"].items():
        shape = _shape(types[name]) if name in types else None
        if shape:
            there = {
                region: Price(millionths(float(hourly)), zones=tuple(sorted(zones[name, region])))
                for region, hourly in by_region.items()
                if (name, region) in zones
            }
            found.add(name, shape, there)
    return found


def _zones(folder: Path) -> dict[tuple[str, str], set[str]]:
    """By type and region the zones in which it can be had."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in sorted(folder.glob("*.json.gz")):
        region = path.name.removesuffix(".json.gz")
        for entry in _read(path):
            found.setdefault((entry["InstanceType"], region), set()).add(entry["Location"])
    return found


def _shape(entry: Mapping[str, Any]) -> Shape | None:
    known = entry["ProcessorInfo"]["SupportedArchitectures"]
    arch = next((ARCHITECTURES[each] for each in known if each in ARCHITECTURES), None)
    if arch is None:
        return None
    gpus = entry.get("GpuInfo", {}).get("Gpus", [])
    return Shape(
        cpu=entry["VCpuInfo"]["DefaultVCpus"],
        memory_mib=entry["MemoryInfo"]["SizeInMiB"],
        arch=arch,
        gpus=sum((g["Count"] or 1) * g.get("GpuPartitionSize", 1) for g in gpus),
        gpu=gpus[0]["Name"] if gpus else "",
    )


def _read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))
