"""Write the snapshot: `python -m tools.market` beside moto and apache-libcloud (`make market`)."""

from __future__ import annotations

import gzip
import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path

from tools.market import aws, azure, gcp
from tools.market.table import Table

SNAPSHOT = Path(__file__).parents[2] / "src" / "moot" / "market" / "snapshot.json.gz"


def main() -> int:
    """Read the tables of the two packages that are installed here, and say what came of them."""
    moto, libcloud = _folder("moto"), _folder("libcloud")
    prices = json.loads((libcloud / "data" / "pricing.json").read_text())
    origin = f"apache-libcloud {importlib.metadata.version('apache-libcloud')}"
    with_types = f"moto {importlib.metadata.version('moto')}, {origin}"
    tables = [
        aws.table(moto / "ec2" / "resources", prices, with_types),
        azure.table(prices, origin),
        gcp.table(prices, origin),
    ]
    SNAPSHOT.write_bytes(packed(tables))
    for table in tables:
        print(f"{table.vendor}: {len(table.types)} types, {table.offerings()} offerings")
    print(f"{SNAPSHOT.name}: {SNAPSHOT.stat().st_size / 1024:.0f} KiB")
    return 0


def packed(tables: list[Table]) -> bytes:
    """The snapshot's bytes: the same for the same tables, whenever they are made."""
    content = {"version": 1, "vendors": [table.as_json() for table in tables]}
    return gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)


def _folder(package: str) -> Path:
    """Where a package is, without importing it and all that it needs."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"{package} is not installed here: run `make market`")
    return Path(found.submodule_search_locations[0])


if __name__ == "__main__":
    sys.exit(main())
