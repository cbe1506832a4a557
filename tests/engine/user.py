"""What a user has for a turn: venues, an App in a folder, and a home for what moot keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from moot.service import Moot, Selection


def moot_in(
    folder: Path,
    venues: Mapping[str, object],
    text: str,
    *,
    app: str = ".",
    chosen: Sequence[str] = (),
) -> Moot:
    """moot as it is told by these files, which are written anew; the home stays."""
    (folder / "venues.yaml").write_text(yaml.safe_dump({"venues": dict(venues)}))
    place = folder / app
    place.mkdir(exist_ok=True)
    file = place / "compose.yaml"
    file.write_text(text)
    environ = {
        "HOME": str(folder),
        "MOOT_HOME": str(folder / "home"),
        "MOOT_VENUES": str(folder / "venues.yaml"),
    }
    return Moot(Selection(files=(str(file),), folder=str(place), venues=tuple(chosen)), environ)


def quiet(_: object) -> None:
    """Nobody listens."""
