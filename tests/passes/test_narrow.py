"""narrow: what a fingerprint tells apart, and which components a plan has to look at."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal

import pytest

from moot.model.app import App, Component, Process
from moot.model.placement import SHARED, Assignments, Placement, Run, Share, component_of
from moot.model.plan import Create, Delete, Plan, Update
from moot.model.position import Position
from moot.model.resource import ConfigurationItem, Edge, Resource
from moot.model.value import Ref, Secret, Text
from moot.model.venue import Offering
from moot.passes.fingerprint import fingerprint
from moot.passes.narrow import Rested, Touch, narrow
from moot.passes.thin import FEW, thin

ROOM = Offering(venue="toy", name="room", cpu=4, memory_mib=4096)


def run(component: str, count: int, first: int = 0, offering: Offering = ROOM) -> Run:
    return Run("shop", component, first, count, offering, "process")


def part(name: str, **more) -> Component:
    return Component(name=name, **{"process": Process(command=(name,)), **more})


def thing(address: str, *needs: str, **properties) -> Resource:
    return Resource(
        address=address,
        type="fake.process",
        venue="toy",
        properties=properties,
        edges=tuple(Edge(n) for n in needs),
    )


def item(address: str) -> ConfigurationItem:
    return ConfigurationItem(type="fake.process", venue="toy", identifier="x", address=address)


def prints(resources, runs=()) -> dict[str, str]:
    app = App(name="shop", components=(part("a"), part("b")))
    placement = Placement(assignments=Assignments(runs))
    return fingerprint(app, placement, resources, "1", lambda b: hashlib.sha256(b).hexdigest())


A, B, NET = "shop/a/0@toy/process", "shop/b/0@toy/process", "shop@toy/network/front"


# Few stand for all.


def test_of_what_is_not_looked_at_a_few_replicas_are_left():
    app = App(name="shop", components=(part("a"), part("b"), part("c")))
    runs = (run("a", 5), run("b", 1), run("b", 4, 1, replace(ROOM, name="other")), run("c", 1))
    share = Share(app=app, venue="toy", assignments=Assignments(runs))
    (left,) = thin([share])
    assert [(r.component, r.first, r.count) for r in left.runs] == [
        ("a", 0, FEW),
        ("b", 0, 1),
        ("b", 1, FEW - 1),
        ("c", 0, 1),
    ]
    (whole,) = thin([share], {"a", "b"})
    assert whole == share


# Fingerprints.


def test_each_component_has_a_fingerprint_of_its_own():
    before = prints([thing(A, LEVEL="1"), thing(B, LEVEL="1")])
    after = prints([thing(A, LEVEL="2"), thing(B, LEVEL="1")])
    assert set(before) == {SHARED, "a", "b"}
    assert {name for name in before if before[name] != after[name]} == {"a"}


@pytest.mark.parametrize(
    "other",
    [
        thing(A, x=Ref(B, "id")),
        thing(A, x=Secret("a", "1")),
        thing(A, x=Text(("a", Ref(B, "id")))),
        thing(A, x=["1"]),
        thing(A, x=None),
        thing(A, y="1"),
        thing(A, B, x="1"),
        replace(thing(A, x="1"), exclusive=frozenset({"port:0.0.0.0:80/tcp"})),
        replace(thing(A, x="1"), order="stop-first"),
    ],
)
def test_whatever_is_wanted_otherwise_shows(other):
    assert prints([other])["a"] != prints([thing(A, x="1")])["a"]


def test_what_is_the_apps_own_belongs_to_no_component():
    assert prints([thing(A), thing(NET, internal=True)]) == prints([thing(A)])


def test_more_replicas_show_although_few_are_lowered():
    assert prints([thing(A)], [run("a", 3)])["a"] != prints([thing(A)], [run("a", 4)])["a"]


def test_another_room_shows_and_another_price_does_not():
    dear = replace(ROOM, hourly=Decimal(5), cpu=1.0, memory_mib=1, disk_mib=1)
    moved = replace(ROOM, name="other")
    before, dearer, elsewhere = (prints([], [run("a", 3, 0, o)]) for o in (ROOM, dear, moved))
    assert before == dearer
    assert before["a"] != elsewhere["a"]


def test_nothing_depends_on_the_order_in_which_something_is_said():
    claims = [f"port:0.0.0.0:{number}/tcp" for number in range(80, 99)]
    first = replace(thing(A, x="1", y="2"), exclusive=frozenset(claims))
    second = replace(thing(A, y="2", x="1"), exclusive=frozenset(reversed(claims)))
    assert prints([first]) == prints([second])


def test_where_something_is_declared_shows_nowhere():
    placed = part("a", place=Position("compose.yaml", 3, 1))
    assert thing(A, x=placed) == thing(A, x=part("a"))
    assert prints([thing(A, x=placed)]) == prints([thing(A, x=part("a"))])


# At rest.

NOW = {SHARED: "s", "a": "1", "b": "1", "c": "1"}


@pytest.mark.parametrize(
    ("before", "moved"),
    [
        (NOW, set()),
        ({**NOW, "a": "0"}, {"a"}),
        ({**NOW, "a": ""}, {"a"}),
        ({name: d for name, d in NOW.items() if name != "b"}, {"b"}),
        ({**NOW, "gone": "1"}, {"gone"}),
        ({**NOW, "gone": ""}, {"gone"}),
        ({**NOW, SHARED: ""}, None),
        ({**NOW, SHARED: "other"}, None),
        ({}, None),
    ],
)
def test_what_is_not_as_it_came_to_rest(before, moved):
    assert Rested(NOW, before, Touch()).moved == moved


# What a plan touches.

LOWERED = [
    thing("shop/a/0@toy/process", "shop/b", net=Ref(NET, "id")),
    thing("shop/b/0@toy/process", "shop/c"),
    thing("shop/c/0@toy/process", net=Ref(NET, "id")),
    thing("shop/d/0@toy/process"),
    thing(NET),
]


def create(address: str) -> Create:
    return Create(want=thing(address))


@pytest.mark.parametrize(
    ("moved", "changes", "reached"),
    [
        ((), [], ""),
        (("d",), [], "d"),
        (("b",), [], "abc"),  # who needs it, and what it needs
        (("c",), [], "bc"),
        ((), [create("shop/b/7@toy/process")], "abc"),
        ((), [Delete(have=item("shop/b/7@toy/process"))], "abc"),
        ((), [Update(want=thing(B), have=item(B))], "bc"),  # nobody sees it change
        ((), [create(NET)], "ac"),
        ((), [Update(want=thing(NET), have=item(NET))], "ac"),  # may stand for another now
        (("d",), [create("shop/a/0@toy/process")], "abd"),
    ],
)
def test_what_a_plan_touches(moved, changes, reached):
    assert Touch.of(LOWERED).reach(moved, Plan(tuple(changes))) == set(reached)


def test_all_is_looked_at_where_nothing_can_be_said():
    assert narrow(Rested(NOW, {}, Touch.of(LOWERED))) is None
    assert narrow(Rested(NOW, NOW, Touch.of(LOWERED))) == set()
    assert narrow(Rested(NOW, {**NOW, "b": ""}, Touch.of(LOWERED))) == set("abc")
    plan = Plan((create("shop/d/0@toy/process"),))
    assert narrow(Rested(NOW, {**NOW, "c": ""}, Touch.of(LOWERED)), plan) == set("bcd")


# Whose an address is.


@pytest.mark.parametrize(
    ("address", "component"),
    [
        ("shop/web/0@laptop/process", "web"),
        ("shop/web/0@laptop/backend/80", "web"),
        ("shop/web@laptop/image", "web"),
        ("shop/web", "web"),
        ("shop@laptop/network/front", SHARED),
        ("shop@laptop/gateway", SHARED),
    ],
)
def test_whose_an_address_is(address, component):
    assert component_of(address) == component
