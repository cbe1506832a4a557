"""An engine on a bench: a real store, real threads, fake venues, and a hook into every call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from moot.engine.apply import Apply
from moot.engine.journal import Journal
from moot.engine.observe import observe
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.turn import Observation, World
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.plan import Create, Plan, Wait
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Venue
from moot.provider import Env
from moot.providers.fake import FakeProvider
from moot.store import open_store

Hook = Callable[..., None]


class HookedProvider(FakeProvider):
    """A fake venue that tells of every call before it is made; what a hook raises is the answer."""

    hooks: ClassVar[dict[str, Hook]]

    def create(self, want, op):
        self.hooks.get("create", nothing)(want.address, op)
        return super().create(want, op)

    def update(self, item, want, op):
        self.hooks.get("update", nothing)(want.address, op)
        return super().update(item, want, op)

    def delete(self, item, op):
        self.hooks.get("delete", nothing)(item.address, op)
        return super().delete(item, op)

    def read(self, key):
        self.hooks.get("read", nothing)(key.address)
        return super().read(key)

    def list(self, type, scope, cursor):
        self.hooks.get("list", nothing)(self.venue, type)
        page = super().list(type, scope, cursor)
        return self.hooks.get("page", lambda venue, page: page)(self.venue, page)


def nothing(*args) -> None:
    pass


@dataclass
class Workshop:
    """One App, `shop`, of one installation.  `speed` is how fast its clock runs."""

    home: Path
    hooks: dict[str, Hook] = field(default_factory=dict)
    speed: float = 1.0
    settings: dict[str, JSON] = field(default_factory=dict)
    max_age_s: float = 0.0

    def __post_init__(self) -> None:
        started = time.time()
        self.env = Env(
            home=self.home,
            environ={},
            now=lambda: started + (time.time() - started) * self.speed,
            sleep=lambda seconds: time.sleep(seconds / self.speed),
        )
        names = ("toy", "other")
        self.configured = {
            name: Venue(name=name, provider="fake", configuration=self.settings) for name in names
        }
        self.store = open_store(self.home / "moot.db")
        self.slots = Slots()
        self.venues = self.fresh_venues()
        self.steps: list[tuple[str, str]] = []

    def fresh_venues(self) -> Venues:
        hooked = type("Hooked", (HookedProvider,), {"hooks": self.hooks})
        return Venues(self.configured, self.env, {"fake": lambda: hooked})

    def journal(self) -> Journal:
        lease = self.store.claim("shop", "test", self.env.now(), 1e6, lambda holder: True)
        return Journal(
            store=self.store,
            lease=lease,
            installation="i",
            generation=1,
            cause="test",
            now=self.env.now,
            seal=self.seal,
        )

    def apply(self, *changes, cancelled: threading.Event | None = None, secrets=None) -> Walk:
        """Do it, on what the store knows."""
        walk = Walk(
            plan=Plan(tuple(changes)),
            items={str(i.address): i for i in self.store.inventory("shop")},
            seal=self.seal,
        )
        return Apply(
            walk=walk,
            venues=self.venues,
            journal=self.journal(),
            slots=self.slots,
            secrets=secrets or {},
            observer=lambda step: self.steps.append((step.phase, step.address)),
            cancelled=cancelled or threading.Event(),
            renew=lambda: None,
        ).run()

    def observe(self, write: bool = True) -> Observation:
        journal = self.journal() if write else None
        return observe("shop", self.world, journal)

    @property
    def seal(self) -> Seal:
        return Seal(b"key", lambda type: self.venues.schema("toy", type).sensitive)

    @property
    def world(self) -> World:
        return World(
            venues=self.venues,
            store=self.store,
            seal=self.seal,
            slots=self.slots,
            installation="i",
            generation=1,
            allowed=tuple(self.configured),
            rules=(),
            max_age_s=self.max_age_s,
        )

    def things(self, venue: str = "toy") -> list[str]:
        """Names of what there really is."""
        return [thing.name for thing in self.venues.provider(venue).world.things()]

    def items(self) -> dict[str, ConfigurationItem]:
        return {str(item.address): item for item in self.store.inventory("shop")}


def net(name: str, venue: str = "toy", **properties) -> Resource:
    """A network: the simplest thing there is."""
    given = {"internal": False, "options": {}, **properties}
    return Resource(address=name, type="fake.network", venue=venue, properties=given)


def create(
    name: str, *after: str | Wait, venue: str = "toy", incarnation=1, **properties
) -> Create:
    waits = tuple(w if isinstance(w, Wait) else Wait(f"create {w}#1") for w in after)
    return Create(want=net(name, venue, **properties), incarnation=incarnation, after=waits)
