"""A database that was put back or copied, in a world where things go on meanwhile."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from moot.home import Home
from moot.model.diagnostic import Refused
from moot.model.resource import Resource
from moot.testing.world import Venue, World, kind
from moot.testing.world.memory import MemoryStore
from moot.venues_file import VenuesFile


def wish(*names, size=1):
    return [
        Resource(
            address=f"shop@north/{name}",
            type=kind("TAG"),
            venue="north",
            properties={"shape": "round", "size": size},
        )
        for name in names
    ]


@pytest.fixture
def world(tmp_path):
    made = World(1, MemoryStore(), {"north": Venue("north")}, home=home(tmp_path / "home"))
    made.wish("shop", wish("a"))
    made.process().up("shop")
    return made


def home(folder):
    folder.mkdir(exist_ok=True)
    return Home(folder, VenuesFile(folder / "venues.yaml"), str(folder / "moot.db"))


def things(world):
    return dict(world.venues["north"].things)


def test_store_that_was_put_back_touches_nothing(world):
    yesterday = world.store.copy()
    world.wish("shop", wish("a", "b", "c"))
    world.process().up("shop")
    before = things(world)
    world.store = yesterday
    world.wish("shop", wish("a", size=2))
    for act in (world.process().up, world.process().down):
        with pytest.raises(Refused, match="restored"):
            act("shop")
    assert things(world) == before


def test_copy_in_a_second_place_touches_nothing(world, tmp_path):
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    second = replace(world, store=world.store.copy(), home=home(tmp_path / "copy"))
    before = things(world)
    second.wish("shop", [])
    with pytest.raises(Refused):
        second.process().up("shop")
    assert things(world) == before
    world.process().up("shop")


def test_same_store_in_the_same_place_goes_on(world):
    world.wish("shop", wish("a", "b"))
    world.process().up("shop")
    assert len(things(world)) == 2
