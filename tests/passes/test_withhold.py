"""withhold: what needs a silent venue waits, and nothing waits for it."""

from __future__ import annotations

from moot.model.plan import READY, Create, Delete, Plan, Update, Wait
from moot.model.resource import ConfigurationItem, Edge, Resource
from moot.model.value import Ref, Text, Value
from moot.passes.withhold import withhold


def want(address: str, *edges: Edge, **properties: Value) -> Resource:
    venue = address.partition("@")[2].partition("/")[0]
    return Resource(address=address, type="t", venue=venue, edges=edges, properties=properties)


def have(address: str) -> ConfigurationItem:
    venue = address.partition("@")[2].partition("/")[0]
    return ConfigurationItem(type="t", venue=venue, identifier=address, address=address)


HERE, THERE = "shop/web/0@lab:h1/process", "shop/web/0@lab:h2/process"


def test_without_silent_venues_a_plan_is_what_it_was():
    plan = Plan((Create(want=want(THERE)),))
    assert withhold(plan, ()) == (plan, ())
    assert withhold(plan, {"lab:h1"}) == (plan, ())


def test_changes_on_a_silent_venue_wait_whatever_they_are():
    changes = (
        Create(want=want(HERE)),
        Update(want=want("shop/db/0@lab:h1/process"), have=have("shop/db/0@lab:h1/process")),
        Delete(have=have("shop@lab:h1/gateway")),
        Create(want=want(THERE)),
    )
    possible, left_out = withhold(Plan(changes), {"lab:h1"})
    assert possible.changes == changes[3:]
    assert left_out == changes[:3]


def test_what_waits_for_a_thing_there_waits_and_keeps_what_it_replaces():
    address = "shop/db/0@lab:h2/backend/1"
    made = Create(
        want=want(address, Edge("shop/db/0@lab:h1/process", "healthy")),
        incarnation=2,
        replaces=have(address),
    )
    ended = Delete(have=have(address), replaced_by=made.key)
    possible, left_out = withhold(Plan((made, ended)), {"lab:h1"})
    assert possible.changes == ()
    assert left_out == (made, ended)


def test_what_refers_to_a_thing_that_is_not_made_is_not_begun_either():
    first = Create(want=want("shop@lab:h2/network", Edge(HERE, "healthy")))
    url = Text(("http://", Ref(first.address, "address")))
    second = Create(want=want("shop/web@lab:h2/image", build={"arguments": [url]}))
    third = Update(want=want(THERE, image=Ref(second.address, "id")), have=have(THERE))
    other = Create(want=want("shop/db/0@lab:h2/process", peer=Ref(THERE, "port")))
    possible, left_out = withhold(Plan((first, second, third, other)), {"lab:h1"})
    assert left_out == (first, second, third)
    assert possible.changes == (other,)


def test_nothing_else_waits_for_what_is_left_out():
    gone = Delete(have=have(HERE))
    seen = Wait(None, HERE, "healthy")
    other = Wait(None, THERE, "healthy")
    made = Create(want=want(THERE), after=(Wait(gone.key), seen, Wait("gate shop/db healthy")))
    gates = {"gate shop/db healthy": (seen, other), READY: (seen,)}
    possible, _ = withhold(Plan((gone, made), gates), {"lab:h1"})
    assert possible.changes[0].after == (Wait("gate shop/db healthy"),)
    assert possible.gates == {"gate shop/db healthy": (other,), READY: ()}
