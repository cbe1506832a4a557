"""Plans of random Apps, carried out in random legal orders: no gap, no loss, no circle."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_world import World, settled
from waist import check_shape, unsealed

from moot.model.app import (
    App,
    Attachment,
    Component,
    Connection,
    Dependency,
    Healthcheck,
    Limits,
    Mount,
    Network,
    Port,
    Process,
    Update,
    Volume,
)
from moot.model.plan import Plan
from moot.model.venue import Offering
from moot.passes.connect import connect
from moot.passes.differ import Facts
from moot.passes.lower import lower as lowered
from moot.passes.place import place
from moot.passes.plan import plan
from moot.providers.fake.lowering import lower
from moot.providers.fake.schemas import schemas

SCHEMAS = schemas("NAME")
ROOM = Offering(
    venue="v", name="room", cpu=1e6, memory_mib=10**9, traits=frozenset({"runs:process"})
)
NAMES = ("db", "cache", "api", "web")
ORDERS = st.sampled_from(["start-first", "stop-first"])


@dataclass(frozen=True)
class Part:
    """What a component is like in one revision."""

    replicas: int
    mode: str
    memory_mib: int
    checked: bool
    published: int | None
    order: str
    parallelism: int
    needs: frozenset[str]
    condition: str
    volume: bool


PARTS = st.builds(
    Part,
    replicas=st.integers(0, 3),
    mode=st.sampled_from("ab"),
    memory_mib=st.sampled_from([64, 128]),
    checked=st.booleans(),
    published=st.sampled_from([None, None, 8080, 8081]),
    order=ORDERS,
    parallelism=st.integers(0, 2),
    needs=st.frozensets(st.sampled_from(NAMES)),
    condition=st.sampled_from(["started", "healthy"]),
    volume=st.booleans(),
)
APPS = st.builds(
    lambda parts, internal: app(parts, internal),
    st.dictionaries(st.sampled_from(NAMES), PARTS, max_size=4),
    st.booleans(),
)


def app(parts: dict[str, Part], internal: bool) -> App:
    """An App of these parts; a part needs only those before it, and a port is published once."""
    ports: set[int | None] = {None}
    components, connections = [], []
    for number, name in enumerate(n for n in NAMES if n in parts):
        part = parts[name]
        earlier = [c.name for c in components if c.name in part.needs]
        connections += [Connection(source=name, target=e, network="default") for e in earlier]
        published = part.published if part.published not in ports else None
        ports.add(published)
        components.append(
            Component(
                name=name,
                replicas=part.replicas,
                process=Process(command=(name, str(number))),
                environment={"MODE": part.mode},
                ports=(Port(target=80, published=published),) if published else (),
                expose=() if published else (80,),
                limits=Limits(memory_mib=part.memory_mib),
                healthcheck=Healthcheck(test=("CMD", "true")) if part.checked else None,
                networks=(Attachment(network="default"),),
                depends_on=tuple(
                    Dependency(component=e, condition=part.condition) for e in earlier
                ),
                mounts=(Mount(kind="volume", source="data", target="/data"),) * part.volume,
                update=Update(parallelism=part.parallelism, order=part.order),
            )
        )
    return App(
        name="shop",
        components=tuple(components),
        connections=tuple(connections),
        networks=(Network(name="default", internal=internal),),
        volumes=(Volume(name="data"),),
    )


def facts(type: str) -> Facts:
    schema = SCHEMAS[type]
    return Facts(schema.create_only, schema.read_only, schema.write_only, schema.keeps_data)


def planned(app: App, world: World) -> Plan:
    shares = connect(app, place(app, [ROOM])).shares
    wanted = lowered(app, shares, {"v": lower})
    used: dict[str, int] = {}
    for address, incarnation in world.things:
        used[address] = max(used.get(address, 0), incarnation)
    made = plan(wanted, world.things.values(), facts, unsealed, used)
    check_shape(made)
    return made


def steady(before: App, after: App) -> list[tuple[Component, int]]:
    """Components that stay, with how many of their replicas must be ready all the time.

    None where the data of another is taken over: its old replicas may have needed that other.
    """
    old = {c.name: c for c in before.components}
    keeping = {c.name for c in after.components if c.mounts and c.replicas}
    given_up = {n for n, c in old.items() if c.mounts and c.replicas} - keeping
    found = []
    for new in after.components:
        if new.name not in old:
            continue
        count = min(new.replicas, old[new.name].replicas)
        both = (old[new.name], new)
        stops = any(c.update.order == "stop-first" or c.mounts for c in both)
        if stops:
            count = max(0, count - new.update.parallelism) if new.update.parallelism else 0
        if given_up and new.mounts:
            count = 0
        found.append((new, count))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(APPS, APPS, st.integers(0, 10**9))
def test_any_change_in_any_order(before, after, seed):
    world = World(random.Random(seed))
    assert not world.carry_out(planned(before, world)).failures
    for key, thing in world.things.items():
        world.things[key] = settled(thing)
    asked = steady(before, after)
    published = {c.name for c in before.components if c.ports and c.replicas}
    through_gateway = {c.name for c, _ in asked if c.ports and c.name in published}

    def watch():
        for component, count in asked:
            ready = world.ready(component.name)
            assert len(ready) >= count, f"{component.name}: only {sorted(ready)} of {count}"
            if component.name in through_gateway:
                served = world.served(component.name)
                assert len(served) >= count, f"{component.name}: only {sorted(served)} reached"

    walk = world.carry_out(planned(after, world), watch)
    assert not walk.failures
    assert not planned(after, world).changes
    disks = [address for address, _ in world.things if "/volume/" in address]
    assert len(disks) == any(c.replicas and c.mounts for a in (before, after) for c in a.components)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(APPS, st.integers(0, 10**9))
def test_down_in_any_order(before, seed):
    world = World(random.Random(seed))
    world.carry_out(planned(before, world))
    assert not world.carry_out(planned(App(name="shop"), world)).failures
    assert {thing.type for thing in world.things.values()} <= {"fake.volume"}
