"""A world of a few rules that carries out a plan in whatever legal order chance picks.

It knows what exists, what uses what and what is claimed, and nothing of how a plan is made.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from waist import unsealed

from moot.engine.effect import Call, Effect, Look
from moot.engine.event import Begun, Event, Looked, Succeeded
from moot.engine.item import expected, joined
from moot.engine.step import step
from moot.engine.walk import Walk
from moot.model.plan import Create, Delete, Plan
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON, is_list, is_mapping, unknowns

PATIENCE = 20_000  # events; a plan that needs more is going round in circles


@dataclass
class World:
    """Things by (address, incarnation).  `watch` is called after everything that happened."""

    chance: random.Random
    things: dict[tuple[str, int], ConfigurationItem] = field(default_factory=dict)
    numbers: int = 0

    def carry_out(self, plan: Plan, watch=lambda: None) -> Walk:
        """Every change of the plan, one at a time, in an order that its waits allow."""
        newest = sorted(self.things.values(), key=lambda item: item.incarnation)
        walk = Walk(plan=plan, items={str(i.address): i for i in newest}, seal=unsealed)
        bag: list[Call | Look] = []
        event: Event = Begun(0.0)
        for _ in range(PATIENCE):
            bag += [e for e in step(walk, event) if isinstance(e, Call | Look)]
            watch()
            if walk.over:
                return walk
            assert bag, f"stuck: {set(walk.changes) - walk.settled.keys()}"
            event = self.happen(walk, bag.pop(self.chance.randrange(len(bag))), event.now)
        raise AssertionError("it never ends")

    def happen(self, walk: Walk, effect: Effect, now: float) -> Event:
        match effect:
            case Call(change, _, at):
                return Succeeded(change.key, self.perform(walk, change), max(now, at))
            case Look(item, at):
                return Looked(str(item.address), self.look(item), "", max(now, at))
            case _:
                raise AssertionError(effect)

    def look(self, item: ConfigurationItem) -> ConfigurationItem | None:
        """What it is like now; sooner or later a starting thing is ready."""
        key = str(item.address), item.incarnation
        if key in self.things and self.chance.random() < 0.4:
            self.things[key] = settled(self.things[key])
        return self.things.get(key)

    def perform(self, walk: Walk, change) -> ConfigurationItem | None:
        key = change.address, change.incarnation
        if isinstance(change, Delete):
            users = [a for (a, n), t in self.things.items() if self.uses(t, change.have.identifier)]
            assert not users, f"{key} is deleted while {users} stand on it"
            del self.things[key]
            return None
        want = replace(change.want, properties=walk.resolved(change.want))
        assert not unknowns(want.properties), f"{key} is made before what it refers to"
        others = {k: t for k, t in self.things.items() if k != key}
        for other, held in others.items():
            clash = held.exclusive & want.exclusive
            if other[0] != key[0]:  # replicas may share a volume, old and new of one may not
                clash = {claim for claim in clash if claim.startswith("port:")}
            assert not clash, f"{key} is made while {other} holds {sorted(clash)}"
        self.check_refers_to_what_exists(change.want, want)
        if isinstance(change, Create):
            assert key not in self.things, f"{key} is made twice"
        self.things[key] = self.made(change, want)
        return self.things[key]

    def check_refers_to_what_exists(self, asked: Resource, want: Resource) -> None:
        ids = {thing.identifier for thing in self.things.values()}
        for name, value in asked.properties.items():
            if any(u.attribute == "id" for u in unknowns(value)):
                used = set(strings(want.properties[name]))
                assert used & ids, f"{asked.address} is given {name} {used}, which is gone"

    def made(self, change, want: Resource) -> ConfigurationItem:
        if isinstance(change, Create):
            self.numbers += 1
            id = f"{want.type}-{self.numbers}"
            given: JSON = {"id": id}
            if want.main:
                given |= {
                    "address": f"10.0.0.{self.numbers}",
                    "ports": {str(t): 20_000 + self.numbers for t in want.properties["listens"]},
                }
        else:
            old = self.things[change.address, change.incarnation]
            id, given = old.identifier, dict(old.properties)
        status = ("starting" if isinstance(change, Create) else old.status) if want.main else None
        seen = ConfigurationItem(
            type=want.type,
            venue=want.venue,
            identifier=id,
            properties={**given, **want.properties},
            status=status,
        )
        known = expected(change.want, change.incarnation, want.properties)
        keeps_data = want.type == "fake.volume"
        return replace(joined(known, seen, 0.0), keeps_data=keeps_data)

    def uses(self, thing: ConfigurationItem, id: str) -> bool:
        mine = {k: v for k, v in thing.properties.items() if k != "id"}
        return id in set(strings(mine))

    def ready(self, component: str) -> set[str]:
        """Replicas of a component of which one copy is healthy."""
        return {
            str(thing.replica)
            for thing in self.things.values()
            if thing.main and f"/{component}/" in str(thing.replica) and healthy(thing)
        }

    def served(self, component: str) -> set[str]:
        """Replicas that the gateway leads to, and that are healthy."""
        up = {t.identifier for t in self.things.values() if t.main and healthy(t)}
        gateways = {t.identifier for t in self.things.values() if t.type == "fake.gateway"}
        return {
            str(thing.replica)
            for thing in self.things.values()
            if thing.type == "fake.backend"
            and f"/{component}/" in str(thing.replica)
            and thing.properties["process"] in up
            and thing.properties["gateway"] in gateways
        }


def healthy(thing: ConfigurationItem) -> bool:
    return thing.has_reached("healthy")


def settled(thing: ConfigurationItem) -> ConfigurationItem:
    """The thing once it has started."""
    if thing.status != "starting":
        return thing
    return replace(thing, status="healthy" if thing.properties["healthcheck"] else "running")


def strings(value: JSON) -> Iterable[str]:
    """Every string inside a value."""
    if isinstance(value, str):
        yield value
    elif is_mapping(value):
        for item in value.values():
            yield from strings(item)
    elif is_list(value):
        for item in value:
            yield from strings(item)
