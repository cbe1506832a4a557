"""The file that keeps the market: read whole, and written whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moot.model.diagnostic import Diagnostic, Failure

SHIPPED = Path(__file__).with_name("snapshot.json.gz")
VERSION = 1


def content(path: Path) -> dict[str, Any]:
    """What the file holds; what is shipped where it is not there.  Failure where it is damaged."""
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        packed = SHIPPED.read_bytes()
    try:
        found = json.loads(gzip.decompress(packed))
        if found["version"] != VERSION:
            raise ValueError(f"it has version {found['version']}")
        _ = found["vendors"]
    except (OSError, EOFError, ValueError, LookupError, TypeError, zlib.error) as error:
        raise Failure(_damaged(path, error)) from None
    return found


def keep(path: Path, market: Mapping[str, Any]) -> None:
    """Put this in the place of what the file holds; who is killed meanwhile leaves what was."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    text = json.dumps(market, separators=(",", ":"))
    try:
        with draft.open("wb") as file:
            file.write(gzip.compress(text.encode(), mtime=0))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _damaged(path: Path, error: Exception) -> Diagnostic:
    return Diagnostic(
        summary="the prices of the last refresh cannot be read",
        detail=f"{path}: {error}",
        remedy="moot offerings refresh --forget goes back to those that come with moot",
    )
