"""An installation with two venues, and plans of all that are compared with plans of what moved."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from moot.engine.journal import Journal
from moot.engine.propose import propose
from moot.engine.reconcile import reconcile, retire
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.turn import Hands, Turn, World
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.app import (
    App,
    Attachment,
    Component,
    Connection,
    Dependency,
    Network,
    Process,
    Volume,
)
from moot.model.diagnostic import Refused
from moot.model.finding import Finding
from moot.model.plan import Create, Delete, Plan, Update, Wait
from moot.model.value import JSON
from moot.model.venue import Venue
from moot.provider import Env
from moot.providers.fake import FakeProvider
from moot.store import open_store

LONG_S = 1e9
CHEAP = {"toy": 0, "other": 1}


def talkative(subject):
    """A rule that has something to say of a few replicas."""
    if str(subject.replica).endswith("/1"):
        yield Finding(rule="talkative", address=subject.address, problem="is second", remedy="-")


@dataclass
class Site:
    """One installation with two fake venues whose prices and faults can be changed."""

    home: Path
    prices: Mapping[str, float] = field(default_factory=lambda: CHEAP)
    faults: list[JSON] = field(default_factory=list)
    provider: type[FakeProvider] = FakeProvider
    starts_within_s: float = 0.0

    def __post_init__(self) -> None:
        self.env = Env(home=self.home, environ={})
        self.store = open_store(str(self.home / "moot.db"))
        self.slots = Slots(share=1)

    def world(self, max_age_s: float = 0.0) -> World:
        configured = {
            name: Venue(name=name, provider="fake", configuration=self.settings(name, hourly))
            for name, hourly in self.prices.items()
        }
        venues = Venues(configured, self.env, {"fake": lambda: self.provider})
        return World(
            venues=venues,
            store=self.store,
            seal=Seal(b"key", lambda type: venues.schema("toy", type).sensitive),
            slots=self.slots,
            installation="i",
            generation=1,
            allowed=tuple(configured),
            rules=(talkative,),
            max_age_s=max_age_s,
        )

    def settings(self, name: str, hourly: float) -> JSON:
        return {
            "world": str(self.home / f"{name}.world"),
            "offerings": [
                {"name": "small", "hourly": hourly, "cpu": 4},
                {"name": "large", "hourly": hourly + 2, "names": name == "other"},
            ],
            "faults": self.faults,
            "starts_within_s": self.starts_within_s,
        }

    def up(self, app: App, observer=lambda step: None) -> tuple[Turn, Walk]:
        world, hands = self.world(), replace(HANDS, observer=observer)
        return reconcile(app, world, self.journal(world), hands, lambda turn: None)

    def drain(self) -> None:
        """Wait until no call is on its way any more."""
        for venue in self.prices:
            idle = threading.Event()
            self.slots.submit(venue, idle.set)
            assert idle.wait(60), "a call never came back"

    def down(self, app: App) -> None:
        world = self.world()
        retire(app.name, world, self.journal(world), HANDS, lambda turn: None, purge=False)

    def journal(self, world: World) -> Journal:
        lease = self.store.claim("shop", "test", self.env.now(), 1e6, lambda holder: True)
        return Journal(
            store=self.store,
            lease=lease,
            installation="i",
            generation=1,
            cause="test",
            now=self.env.now,
            seal=world.seal,
        )

    def plan(self, app: App, max_age_s: float = 0.0) -> Turn | str:
        try:
            return propose(app, self.world(max_age_s))
        except Refused as refused:
            return str(refused.diagnostics)


HANDS = Hands({}, lambda step: None, threading.Event(), lambda: None)


def shop(*components: Component, **more) -> App:
    names = {c.name for c in components}
    given = {
        "name": "shop",
        "components": components,
        "networks": (Network(name="front"), Network(name="back")),
        "volumes": (Volume(name="data"),),
        **more,
    }
    connections = (
        Connection(source=c.name, target=d.component, network="front")
        for c in components
        for d in c.depends_on
        if d.component in names
    )
    return App(**given, connections=tuple(connections))


def part(name: str, *needs: str, **more) -> Component:
    given = {
        "replicas": 2,
        "process": Process(command=(name,)),
        "expose": (80,),
        "networks": (Attachment(network="front"),),
        "depends_on": tuple(Dependency(component=n, condition="healthy") for n in needs),
        **more,
    }
    return Component(name=name, **given)


def same(narrow: Turn | str, full: Turn | str) -> None:
    """Both say the same, whatever they looked at."""
    if isinstance(narrow, str) or isinstance(full, str):
        assert narrow == full
        return
    assert told(narrow.plan) == told(full.plan)
    assert narrow.placement == full.placement
    assert narrow.shares == full.shares
    assert narrow.ports == full.ports
    assert narrow.findings == full.findings
    assert narrow.warnings == full.warnings
    assert ready(narrow.plan) == ready(full.plan)


def told(plan: Plan) -> dict[str, object]:
    """Everything about the changes but the order of those that do not wait for each other."""
    return {change.key: _told(change, plan) for change in plan.changes}


def _told(change: Create | Update | Delete, plan: Plan) -> object:
    wanted = None if isinstance(change, Delete) else change.want
    had = None if isinstance(change, Create) else change.have
    possible = None if isinstance(change, Delete) else change.possible
    replaced = change.replaces if isinstance(change, Create) else None
    unseen = {"observed_at": 0.0}
    return (
        wanted,
        had and replace(had, **unseen),
        replaced and replace(replaced, **unseen),
        possible,
        change.reason,
        waits(change.after, plan),
    )


def ready(plan: Plan) -> object:
    return waits(plan.gates["gate ready"], plan)


def waits(many: tuple[Wait, ...], plan: Plan) -> frozenset:
    """What a change waits for, through all gates: an empty one holds nobody up."""
    found: set[Wait] = set()
    left, entered = list(many), set()
    while left:
        wait = left.pop()
        if wait.change in plan.gates:
            if wait not in entered:
                entered.add(wait)
                left += plan.gates[wait.change]
        else:
            found.add(wait)
    return frozenset(found)
