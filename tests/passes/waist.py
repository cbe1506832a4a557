"""Both sides of the waist in few words: what is wanted, what stands, and how a plan is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from moot.model.plan import READY, Create, Plan, Wait
from moot.model.resource import ConfigurationItem, Edge, Resource, Rollout
from moot.model.value import Ref, Value, substitute
from moot.passes.differ import Facts
from moot.passes.plan import plan

# Of the type "thing": what it is called is for ever, its size can change.
FACTS = {
    "thing": Facts(
        create_only=("kind", "target"), read_only=("id", "port"), write_only=("hidden",)
    ),
    "disk": Facts(create_only=("kind",), read_only=("id",), keeps_data=True),
}


def thing(name: str, *, type: str = "thing", **more: Any) -> Resource:
    """A Resource that serves nobody in particular: `thing("net", kind="a")`."""
    fields = {key: more.pop(key) for key in list(more) if key in Resource.__dataclass_fields__}
    if "edges" in fields:
        fields["edges"] = tuple(Edge(*e) if isinstance(e, tuple) else e for e in fields["edges"])
    if "exclusive" in fields:
        fields["exclusive"] = frozenset(fields["exclusive"])
    return Resource(address=f"shop@v/{name}", type=type, venue="v", properties=more, **fields)


def main(name: str, **more: Any) -> Resource:
    """The main Resource of a replica: `main("web/0")`; healthy is what it must become."""
    made = thing(name, **{"ready": "healthy", "rollout": Rollout(), **more})
    return replace(made, address=at(name), replica=f"shop/{name}", main=True)


def backend(name: str, **more: Any) -> Resource:
    """What tells the gateway of a replica, once that is healthy; never bent to another one."""
    made = thing("-", target=Ref(at(name), "id"), edges=((at(name), "healthy"),), **more)
    return replace(made, address=f"shop/{name}@v/backend", replica=f"shop/{name}")


def at(name: str) -> str:
    """Address of a replica's main Resource."""
    return f"shop/{name}@v/process"


def standing(
    wanted: Iterable[Resource], incarnation: int = 1, **changed: Any
) -> list[ConfigurationItem]:
    """The Resources as they stand after an undisturbed apply."""
    wanted = list(wanted)
    return [replace(stands(want, incarnation), **changed) for want in wanted]


def stands(want: Resource, incarnation: int = 1, **changed: Any) -> ConfigurationItem:
    """One Resource as it stands: its id is made of address and incarnation."""
    applied = substitute(want.properties, lambda u: f"id of {u.address}#1")
    id = f"id of {want.address}#{incarnation}"
    item = ConfigurationItem(
        type=want.type,
        venue=want.venue,
        identifier=id,
        address=want.address,
        incarnation=incarnation,
        properties={**applied, "id": id},
        applied=applied,
        status="healthy" if want.main else None,
        depends_on=want.depends_on,
        on=want.on,
        replica=want.replica,
        main=want.main,
        exclusive=want.exclusive,
        keeps_data=FACTS[want.type].keeps_data,
    )
    return replace(item, **changed)


def planned(
    wanted: Iterable[Resource],
    inventory: Iterable[ConfigurationItem] = (),
    *,
    used: Mapping[str, int] | None = None,
    purge: bool = False,
) -> Plan:
    """`plan` with the types above and nothing secret."""
    return plan(wanted, inventory, FACTS.__getitem__, unsealed, used, purge)


def unsealed(type: str, properties: Mapping[str, Value]) -> Mapping[str, Value]:
    """A seal for types that have nothing to hide."""
    return properties


def keys(plan: Plan) -> set[str]:
    """What is done, whatever the order."""
    return {change.key for change in plan.changes}


def change(plan: Plan, key: str) -> Any:
    """The change with this key."""
    return next(c for c in plan.changes if c.key == key)


def waits(plan: Plan, key: str) -> set[tuple[str | None, str | None]]:
    """What a change (or gate) waits for by itself, gates opened: (change, condition) pairs."""
    found: set[tuple[str | None, str | None]] = set()
    rest = list(direct(plan, key))
    while rest:
        wait = rest.pop()
        if wait.change is not None and wait.change in plan.gates:
            rest += plan.gates[wait.change]
        else:
            found.add((wait.change or wait.address, wait.condition))
    return found


def ancestors(plan: Plan, key: str) -> set[str]:
    """Every change that is over before this one begins."""
    found: set[str] = set()
    rest = [key]
    while rest:
        for wait in direct(plan, rest.pop()):
            if wait.change is not None and wait.change not in found:
                found.add(wait.change)
                rest.append(wait.change)
    return found - plan.gates.keys()


def direct(plan: Plan, key: str) -> tuple[Wait, ...]:
    return plan.gates[key] if key in plan.gates else change(plan, key).after


def check_shape(plan: Plan) -> None:
    """What holds of every plan: nothing twice, every wait leads somewhere, order respects waits."""
    assert len(keys(plan)) == len(plan.changes), "a change appears twice"
    position = {c.key: index for index, c in enumerate(plan.changes)}
    assert READY in plan.gates
    for name in (*position, *plan.gates):
        for wait in direct(plan, name):
            assert wait.change is None or wait.change in {*position, *plan.gates}, (name, wait)
            assert wait.change or wait.address, (name, wait)
    for c in plan.changes:
        for before in ancestors(plan, c.key):
            assert position[before] < position[c.key], f"{c.key} stands before {before}"
        if isinstance(c, Create) and c.replaces:
            assert c.incarnation > c.replaces.incarnation
