"""One user with a pool of fake machines, of which some may be silent, beside a fake laptop."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from user import moot_in, quiet

from moot.model.report import Outcome, Proposal
from moot.service import Moot

COMPOSE = """
name: shop
services:
  db:
    x-moot: {process: {command: [db]}}
    expose: [5432]
    healthcheck: {test: "true"}
    volumes: [data:/data]
  api:
    x-moot: {process: {command: [api]}}
    expose: [8000]
    healthcheck: {test: "true"}
    deploy: {replicas: 2}
    depends_on: {db: {condition: service_healthy}}
  web:
    x-moot: {process: {command: [web]}}
    deploy: {replicas: 3}
    ports: ["8080:80"]
    depends_on: {api: {condition: service_healthy}}
volumes: {data: {}}
"""


@dataclass
class Lab:
    """One user with a pool of fake machines beside a fake laptop."""

    folder: Path
    silent: set[str] = field(default_factory=set)
    machines: Sequence[str] = ("h1", "h2", "h3", "h4")
    pool: str = "lab"

    def moot(self, *venues: str, app: str = "shop", text: str = COMPOSE) -> Moot:
        hosts = [self.entry(host) for host in self.machines]
        # Dearer than a pool for nothing: nothing goes there of itself.
        dear = [{"name": "room", "hourly": 1, "machine": "mine"}]
        entries = {
            self.pool: {"provider": "fake", "hosts": hosts},
            "laptop": {"provider": "fake", "world": str(self.folder / "l"), "offerings": dear},
            "docker": {"provider": "fake", "world": "memory", "silent": True},
        }
        text = text.replace("name: shop", f"name: {app}")
        return moot_in(self.folder, entries, text, app=app, chosen=venues)

    def entry(self, host: str) -> dict[str, object]:
        world = str(self.folder / f"{host}.world")
        return {"host": host, "world": world, "silent": host in self.silent}

    def up(self, *venues: str, **more: str) -> Outcome:
        return self.moot(*venues, **more).up(quiet, quiet, threading.Event())

    def down(self, volumes: bool = True) -> Outcome:
        return self.moot().down(
            volumes=volumes, observer=quiet, announce=quiet, cancelled=threading.Event()
        )

    def plan(self, *venues: str, **more: str) -> Proposal:
        return self.moot(*venues, **more).plan()

    def where(self) -> dict[str, str]:
        replicas, _ = self.moot().ps()
        return {r.replica: r.venue for r in replicas if r.status != "stale"}

    def has(self, address: str) -> bool:
        items, _ = self.moot().inventory()
        return any(item.address == address for item in items)
