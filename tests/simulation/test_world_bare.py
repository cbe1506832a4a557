"""What cannot be marked: a crash is not cured there, but it is told, and nothing is made twice."""

from __future__ import annotations

from contextlib import suppress

import pytest

from moot.model.diagnostic import Failure
from moot.model.resource import Resource
from moot.testing.world import Crash, Once, Venue, World, kind
from moot.testing.world.memory import MemoryStore


@pytest.fixture
def world():
    made = World(1, MemoryStore(), {"north": Venue("north")}, settles_within_s=2.0)
    made.wish("shop", [bare("a")])
    return made


def bare(name):
    return Resource(
        address=f"shop@north/{name}",
        type=kind("BARE"),
        venue="north",
        properties={"shape": "round", "size": 1},
    )


def call(world):
    """The number of the boundary at which the first call is made."""
    process = world.copy().process()
    process.up("shop")
    return process.fates.passed.index("call")


def crashed(world, fate):
    with suppress(Crash, Failure):
        world.process(Once(call(world), fate)).up("shop")


def test_quiet_run_makes_it_once(world):
    world.process().up("shop")
    world.process().up("shop")
    assert len(world.venues["north"].things) == 1


@pytest.mark.parametrize("fate", ["die during", "die after", "deaf", "late"])
def test_what_may_have_been_made_is_not_made_again(world, fate):
    crashed(world, fate)
    world.advance(world.settles_within_s)
    _, walk = world.process().up("shop")
    assert len(world.venues["north"].things) == 1
    (thing,) = world.venues["north"].things.values()
    assert thing.id in walk.failures[0].detail
    assert "moot adopt" in walk.failures[0].remedy


@pytest.mark.parametrize("fate", ["die before", "lost"])
def test_what_was_not_made_is_made_by_a_later_run(world, fate):
    crashed(world, fate)
    world.advance(world.settles_within_s)
    world.process().up("shop")
    assert len(world.venues["north"].things) == 1
