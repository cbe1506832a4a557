"""A folder with an App and a home of its own, and moot's command line in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml


class Workplace:
    """Runs `moot` as a person would, against one venue."""

    def __init__(self, folder: Path, venue: dict[str, Any]) -> None:
        self.folder = folder
        self.venues = folder / "venues.yaml"
        self.venues.write_text(yaml.safe_dump({"venues": {"far": {"provider": "host", **venue}}}))

    def app(self, text: str) -> None:
        (self.folder / "compose.yaml").write_text(text)

    def moot(self, *words: str) -> str:
        """What it prints; it must end well."""
        ran = subprocess.run(
            [sys.executable, "-m", "moot", *words],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={
                **os.environ,
                "MOOT_HOME": str(self.folder / "home"),
                "MOOT_VENUES": str(self.venues),
            },
        )
        assert ran.returncode == 0, f"moot {' '.join(words)}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def replicas(self) -> dict[str, dict[str, Any]]:
        """By its name, how `moot ps` sees each."""
        return {r["replica"]: r for r in json.loads(self.moot("ps", "--json"))["replicas"]}
