"""A yard: an App of plain resources, turned again and again by processes that may be killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from moot.engine.hold import hold
from moot.engine.propose import difference
from moot.engine.reconcile import converge
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.turn import Hands, Observation, Turn, World
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.resource import Resource
from moot.model.value import JSON
from moot.model.venue import Venue
from moot.provider import Env, ProviderError
from moot.providers.fake import FakeProvider
from moot.providers.fake.world import World as FakeWorld
from moot.store import Intent, open_store

KEY = b"key of the yard"


class Killed(BaseException):
    """The process is gone."""


class KillingProvider(FakeProvider):
    """Kills the process that calls it, right after the call has had its effect."""

    yard: ClassVar[Yard]

    def create(self, want, op):
        return self._mortal("create", want.address, super().create, want, op)

    def update(self, item, want, op):
        return self._mortal("update", want.address, super().update, item, want, op)

    def delete(self, item, op):
        return self._mortal("delete", item.address, super().delete, item, op)

    def _mortal(self, verb, address, call, *args):
        assert not self.yard.dead, "the dead make no calls"
        self.yard.calls.append((verb, address))
        self.yard.sleep(self.yard.slow.get((verb, address), 0.0))
        try:
            return call(*args)
        finally:
            if self.yard.deadly == (verb, address):
                self.yard.dead = True
                raise ProviderError("OutcomeUnknown", "nobody is there to hear the answer")


@dataclass
class Yard:
    """One installation and one fake venue.  Its clock jumps where somebody would sleep.

    `slow` calls take so many seconds before they are made.
    """

    home: Path
    settings: dict[str, JSON]
    ahead: float = 0.0
    dead: bool = False
    deadly: tuple[str, str] | None = None
    generation: int = 1
    slow: dict[tuple[str, str], float] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.env = Env(home=self.home, environ={}, now=self.now, sleep=self.sleep)

    def now(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds

    def turn(
        self,
        *wanted: Resource,
        kill: tuple[str, str] | None = None,
        faults: Sequence[JSON] = (),
        secrets=None,
    ) -> tuple[Turn, Walk]:
        """What `moot up` does to make these stand, and `moot down` where there are none.

        Killed where `kill` names a call: its effect is there, and nobody saw its end.
        """
        self.dead, self.deadly = False, kill
        self.calls.clear()
        me = f"process {self.now()}"
        with (
            self.process(faults) as world,
            hold("shop", "test", world, me, gone=lambda holder: True) as journal,
        ):

            def wants(observed: Observation) -> Turn:
                plan = difference(wanted, observed, world, "shop")
                return Turn(app="shop", plan=plan, observed=observed, begun_at=0, ports={})

            hands = Hands(secrets or {}, self._tell, threading.Event(), journal.renew)
            return converge("shop", wants, world, journal, hands, lambda turn: None)

    @contextmanager
    def process(self, faults: Sequence[JSON] = ()) -> Iterator[World]:
        """What one process works with."""
        settings = {"world": str(self.home / "world"), **self.settings, "faults": list(faults)}
        venue = Venue(name="toy", provider="fake", configuration=settings)
        mortal = type("Mortal", (KillingProvider,), {"yard": self})
        venues = Venues({"toy": venue}, self.env, {"fake": lambda: mortal})
        store = open_store(str(self.home / "moot.db"))
        write = store.turn

        @contextmanager
        def turn(lease=None):
            if self.dead:
                raise Killed
            with write(lease):
                yield

        store.turn = turn
        try:
            yield World(
                venues=venues,
                store=store,
                seal=Seal(KEY, venues.sensitive),
                slots=Slots(share=1),
                installation="i",
                generation=self.generation,
                allowed=("toy",),
                rules=(),
            )
        finally:
            store.close()

    def things(self) -> list[str]:
        """Names of what there really is, in the order in which it was made."""
        return [thing.name for thing in self.world().things()]

    def world(self) -> FakeWorld:
        """What there really is, as of now."""
        settings = {**self.settings, "world": str(self.home / "world")}
        world = FakeProvider("toy", settings, self.env).world
        world.arrive(self.now())
        return world

    def open_intents(self) -> dict[str, Intent]:
        with self.process() as world:
            return {intent.change: intent for intent in world.store.open_intents("shop")}

    def items(self):
        with self.process() as world:
            return {str(item.address): item for item in world.store.inventory("shop")}

    def _tell(self, step) -> None:
        self.steps.append((step.phase, step.address))
