"""Lanes: what may begin now, and what has to wait for its time, its turn or its venue's rate."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from desk import create, delete, item

from moot.engine.effect import Call, Look
from moot.engine.event import Continued, Failed, Looked, Succeeded
from moot.engine.governor import FEW
from moot.engine.lanes import AHEAD, ENOUGH, Lanes
from moot.engine.slots import Slots
from moot.engine.walk import Walk
from moot.model.plan import Create, Plan
from moot.model.resource import Resource
from moot.provider import TypeSchema


@dataclass
class Types:
    """All that lanes ask of venues: to which API a type belongs."""

    apis: dict[str, str] = field(default_factory=dict)

    def schema(self, venue, type):
        return TypeSchema(type=type, api=self.apis.get(type, ""))


def lanes_of(*changes, share=16, create_class="NAME", apis=None):
    walk = Walk(
        plan=Plan(changes),
        items={},
        seal=lambda type, properties: properties,
        create_class=lambda want: create_class,
    )
    return Lanes(walk, Types(apis or {}), Slots(share=share))


def call(change, at=0.0):
    return Call(change, 0, at)


def names(due):
    return [e.change.address if isinstance(e, Call) else "look" for _, e in due]


def throttled(change, now, retry_after=None):
    return Failed(change.key, "Throttling", "too many", "", True, retry_after, now)


def test_nothing_is_given_out_before_its_time():
    lanes = lanes_of(create("a"), create("b"))
    a, b = lanes.walk.changes.values()
    lanes.add(call(b, at=3.0))
    lanes.add(call(a, at=5.0))
    assert lanes.due(2.0) == []
    assert lanes.pause_s(2.0) == 1.0
    assert names(lanes.due(3.0)) == ["b"]
    assert names(lanes.due(9.0)) == ["a"]
    assert lanes.pause_s(9.0) == float("inf")


def test_a_clock_that_is_set_back_holds_nothing_up():
    lanes = lanes_of(create("a"))
    (a,) = lanes.walk.changes.values()
    lanes.add(call(a, at=3.0))
    assert lanes.due(2.0) == []
    assert lanes.pause_s(-5000.0) == 1.0
    assert names(lanes.due(-4999.0)) == ["a"]


def test_the_longest_chain_comes_first_and_a_look_before_it():
    changes = [create("a"), create("b"), create("c", "create b#1"), create("d", "create c#1")]
    lanes = lanes_of(*changes)
    for change in changes:
        lanes.add(call(change))
    lanes.add(Look(item("x"), 0.0))
    assert names(lanes.due(1.0)) == ["look", "b", "c", "a", "d"]


def test_only_a_few_more_are_given_out_than_can_be_made():
    changes = [create(str(n)) for n in range(3 * AHEAD)]
    lanes = lanes_of(*changes, share=1)
    for change in changes:
        lanes.add(call(change))
    out = lanes.due(1.0)
    assert len(out) == AHEAD
    assert lanes.due(1.0) == []
    assert lanes.pause_s(1.0) == float("inf")
    for number, effort in out[:3]:
        lanes.back(number, Succeeded(effort.change.key, None, 1.0), 1.0)
    assert len(lanes.due(1.0)) == 3


def test_there_is_plenty_only_while_no_venue_is_about_to_run_out_of_calls():
    many = [create(str(n)) for n in range(ENOUGH + 1)]
    lone = Create(want=Resource(address="lone", type="t", venue="there"))
    lanes = lanes_of(*many, lone, share=1)
    for change in many:
        lanes.add(call(change))
    assert not lanes.plenty()
    (number, first), *_ = lanes.due(1.0)
    assert lanes.plenty()
    lanes.back(number, Succeeded(first.change.key, None, 1.0), 1.0)
    assert not lanes.plenty()
    lanes.add(call(many[0]))
    lanes.due(1.0)
    assert lanes.plenty()
    lanes.add(call(lone))
    lanes.due(1.0)
    assert not lanes.plenty()


def test_what_was_given_up_is_nobody_s_any_more():
    lanes = lanes_of(create("a"))
    (a,) = lanes.walk.changes.values()
    lanes.add(call(a))
    ((number, _),) = lanes.due(0.0)
    lost = Failed(a.key, "OutcomeUnknown", "", "", False, None, 1.0)
    assert lanes.back(number, lost, 1.0)
    assert not lanes.back(number, Succeeded(a.key, None, 2.0), 2.0)


@pytest.mark.parametrize("kind", ["call", "look"])
def test_a_complaint_holds_back_the_calls_of_that_api_alone(kind):
    changes = [create("a"), create("b"), create("c")]
    lanes = lanes_of(*changes, apis={"t": "compute"})
    lanes.add(call(changes[0]) if kind == "call" else Look(item("a"), 0.0))
    ((number, _),) = lanes.due(10.0)
    complaint = throttled(changes[0], 10.1, 5.0)
    if kind == "look":
        complaint = Looked("a", None, "too many", 10.1, "Throttling")
    lanes.back(number, complaint, 10.1)
    lanes.add(call(changes[1]))
    assert lanes.due(10.1) == []
    wait_s = lanes.pause_s(10.1)
    assert wait_s == (5.0 if kind == "call" else 2 / FEW)
    assert names(lanes.due(10.1 + wait_s)) == ["b"]
    lanes.venues.apis["t"] = "storage"
    lanes.add(call(changes[2]))
    assert names(lanes.due(10.1)) == ["c"]


def test_what_was_given_out_before_a_complaint_had_better_come_back():
    changes = [create("a"), create("b")]
    lanes = lanes_of(*changes)
    lanes.add(call(changes[0]))
    lanes.add(call(changes[1]))
    (first, _), (second, b) = lanes.due(10.0)
    assert not lanes.overtaken(second)
    lanes.back(first, throttled(changes[0], 10.1), 10.1)
    assert lanes.overtaken(second)
    lanes.back(second, b, 10.2)
    assert lanes.due(10.2) == []
    assert names(lanes.due(13.0)) == ["b"]


def test_creates_of_which_a_second_could_not_be_told_apart_are_made_one_by_one():
    changes = [create("a"), create("b"), delete("c"), delete("d")]
    lanes = lanes_of(*changes, create_class="BARE")
    for change in changes:
        lanes.add(call(change))
    out = lanes.due(0.0)
    assert names(out) == ["a", "c", "d"]
    lanes.back(out[0][0], Continued(changes[0].key, 1.0, {}, "", 0.0), 0.0)
    assert names(lanes.due(0.0)) == ["b"]


def test_once_cleared_nothing_is_left_but_what_was_given_out():
    changes = [create(str(n)) for n in range(AHEAD + 2)]
    lanes = lanes_of(*changes, share=1)
    for change in changes:
        lanes.add(call(change))
    (first, effort), *_ = lanes.due(0.0)
    lanes.add(call(changes[0], at=99.0))
    lanes.add(Look(item("x"), 99.0))
    left = lanes.clear()
    assert {c.change.address for c in left} == {str(AHEAD), str(AHEAD + 1), "0"}
    lanes.back(first, Succeeded(effort.change.key, None, 1.0), 1.0)
    assert lanes.due(200.0) == []
