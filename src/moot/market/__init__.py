"""The market as it was on a day: what vendors sell, as last refreshed or as it is shipped."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from moot.market.facts import DISK, DISK_DAY, EGRESS, EGRESS_DAY, SLAS
from moot.market.kept import SHIPPED, content
from moot.model.market import Kind, Vendor


def snapshot(kept: Path = SHIPPED) -> tuple[Vendor, ...]:
    """All vendors, by the file of the last refresh; where there is none, as they are shipped.

    `tools/market` makes what is shipped, and NOTICE beside it says from what.  Failure where the
    file cannot be read.
    """
    return tuple(_vendor(entry) for entry in content(kept)["vendors"])


def _vendor(entry: dict[str, Any]) -> Vendor:
    return Vendor(
        name=entry["vendor"],
        currency=entry["currency"],
        priced=entry["priced"],
        source=entry["source"],
        regions=entry["regions"],
        kinds=[Kind._make(kind) for kind in entry["types"]],
        days={region: day for region, (day, _) in entry.get("lists", {}).items()},
        spot_days={region: day for region, (day, _) in entry.get("spots", {}).items()},
        interruptions=entry.get("interruptions", {}),
        egress=EGRESS.get(entry["vendor"], Decimal(0)),
        egress_day=EGRESS_DAY if entry["vendor"] in EGRESS else "",
        disk=DISK.get(entry["vendor"], Decimal(0)),
        disk_day=DISK_DAY if entry["vendor"] in DISK else "",
        sla=SLAS.get(entry["vendor"]),
    )
