"""What a file of ours remembers about an image, because an image cannot: where it came from.

A lost note costs a drift that is not noticed, and leaves what was built; the marks are at the
Engine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Notes:
    """One small file per image name, replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> Mapping[str, Any]:
        """The note, empty where there is none or it cannot be read."""
        return self._read(self._path(name))

    def have(self, wanted: Mapping[str, Any]) -> bool:
        """Whether some note says all of this."""
        notes = (self._read(path) for path in self._folder.glob("*.json"))
        return any(wanted.items() <= note.items() for note in notes)

    def put(self, name: str, note: Mapping[str, Any]) -> None:
        """Remember."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as fresh:
            json.dump(note, fresh)
        Path(fresh.name).replace(path)

    def forget(self, name: str) -> None:
        """Remove the note."""
        with contextlib.suppress(FileNotFoundError):
            self._path(name).unlink()

    @staticmethod
    def _read(path: Path) -> Mapping[str, Any]:
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _path(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"
