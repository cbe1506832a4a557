"""A user with one App on a fake venue whose world outlives the database, driven by the commands."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moot.cli.run import run
from moot.provider import Env
from moot.providers.fake import FakeProvider

COMPOSE = """\
name: shop
services:
  web:
    image: web
    ports: ["8080:8080", "80"]
    deploy: {replicas: 2}
    environment: {MODE: "${MODE:-a}"}
    depends_on: [db]
  db:
    image: db
    expose: ["5432"]
    volumes: ["data:/data"]
    secrets: [token]
volumes: {data: {}}
secrets: {token: {file: ./token}}
"""


@dataclass
class House:
    """`home` is MOOT_HOME, with the database; the venue's world lies elsewhere."""

    folder: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        self.world = self.folder / "world.sqlite3"
        self.configure()
        (self.folder / "compose.yaml").write_text(COMPOSE)
        (self.folder / "token").write_text("a token of its own")
        self.patch.chdir(self.folder)
        self.patch.setenv("MOOT_VENUES", str(self.folder / "venues.yaml"))
        self.live_in(self.folder / "home")

    def configure(self, **settings: Any) -> None:
        """Venues that are always there are fake too: what this machine has is not the question."""
        toy = {"provider": "fake", "world": str(self.world), **settings}
        other = {"provider": "fake", "world": "memory"}
        venues = {"toy": toy, "laptop": other, "docker": other}
        (self.folder / "venues.yaml").write_text(json.dumps({"venues": venues}))

    def live_in(self, home: Path) -> None:
        self.home = home
        self.patch.setenv("MOOT_HOME", str(home))

    def moot(self, *words: str, **environ: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command."""
        with self.patch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            code = run(list(words))
        shown = self.capture.readouterr()
        return code, shown.out, shown.err

    def json(self, *words: str, code: int = 0, **environ: str) -> dict[str, Any]:
        """What a command answers, after it has exited with `code`."""
        got, out, err = self.moot("--json", *words, **environ)
        assert got == code, out + err
        return json.loads(out)

    def up(self, **environ: str) -> None:
        self.json("--venue", "toy", "up", **environ)

    def pending(self, **environ: str) -> list[tuple[str, str]]:
        """What the next `up` would do: (verb, address)."""
        found = self.json("--venue", "toy", "plan", **environ)
        return [(change["verb"], change["address"]) for change in found["changes"]]

    def provider(self) -> FakeProvider:
        return FakeProvider("toy", {"world": str(self.world)}, Env(home=self.folder))

    def things(self) -> dict[str, str]:
        """Identifier -> installation of everything there really is."""
        return {
            thing.id: thing.tags.get("moot.installation", "")
            for thing in self.provider().world.things()
        }

    def lose_database(self) -> None:
        for path in self.home.glob("moot.db*"):
            path.unlink()

    def saved(self) -> Path:
        """A copy of the database as it is now."""
        (backup := self.folder / "backup").mkdir(exist_ok=True)
        for path in self.home.glob("moot.db*"):
            shutil.copy(path, backup)
        return backup

    def restore(self, backup: Path) -> None:
        self.lose_database()
        for path in backup.iterdir():
            shutil.copy(path, self.home)
