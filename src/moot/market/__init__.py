"""The market as it was on a day: a snapshot of vendors' offerings that comes with moot."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from moot.model.market import Kind, Vendor

SNAPSHOT = Path(__file__).with_name("snapshot.json.gz")


def snapshot(path: Path = SNAPSHOT) -> tuple[Vendor, ...]:
    """All vendors; `tools/market` makes the file, and NOTICE beside it says from what."""
    content = json.loads(gzip.decompress(path.read_bytes()))
    return tuple(_vendor(entry) for entry in content["vendors"])


def _vendor(entry: dict[str, Any]) -> Vendor:
    return Vendor(
        name=entry["vendor"],
        currency=entry["currency"],
        priced=entry["priced"],
        source=entry["source"],
        regions=entry["regions"],
        kinds=[Kind._make(kind) for kind in entry["types"]],
    )
