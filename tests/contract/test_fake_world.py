"""The law of the fake world, its settings and its moods."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from moot.model.resource import Resource
from moot.provider import Done, Env, Marks, Operation, Pending, ProviderError, Scope
from moot.providers.fake import FakeProvider
from moot.providers.fake.world import Unlawful, World

MOUNT = {"kind": "volume", "source": "data", "target": "/data", "read_only": False}


@pytest.fixture
def world():
    return World(None)


def process(world, name, replica="shop/web/0", **properties):
    return world.make("fake.process", name, {}, {"replica": replica, **properties}, now=0)


def refused(law, call):
    with pytest.raises(Unlawful) as refusal:
        call()
    assert refusal.value.law == law


def test_names_are_unique_within_a_type(world):
    world.make("fake.network", "front", {}, {}, now=0)
    world.make("fake.volume", "front", {}, {}, now=0)
    refused("name taken", lambda: world.make("fake.network", "front", {}, {}, now=0))


def test_what_is_used_must_exist(world):
    refused("missing", lambda: process(world, "p", networks=["front"]))
    assert world.things() == ()


def test_what_is_used_cannot_be_removed(world):
    network = world.make("fake.network", "front", {}, {}, now=0)
    volume = world.make("fake.volume", "data", {}, {}, now=0)
    user = process(world, "p", networks=[network.id], mounts=[{**MOUNT, "source": volume.id}])
    refused("in use", lambda: world.remove(network.id))
    refused("in use", lambda: world.remove(volume.id))
    assert world.remove(user.id)
    assert world.remove(network.id)
    assert world.remove(volume.id)


def test_backend_needs_its_gateway_and_its_process(world):
    gateway = world.make("fake.gateway", "g", {}, {}, now=0)
    serving = process(world, "p")
    lead = {"gateway": gateway.id, "process": serving.id}
    backend = world.make("fake.backend", "b", {}, lead, now=0)
    refused("in use", lambda: world.remove(gateway.id))
    refused("in use", lambda: world.remove(serving.id))
    other = {"gateway": gateway.id, "process": "process:none"}
    refused("missing", lambda: world.make("fake.backend", "c", {}, other, now=0))
    assert world.remove(backend.id)


@pytest.mark.parametrize(
    ("one", "other", "free"),
    [
        ("0.0.0.0", "0.0.0.0", False),
        ("0.0.0.0", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.2", True),
    ],
)
def test_port_has_one_holder(world, one, other, free):
    process(world, "p", publish=[{"address": one, "port": 80, "protocol": "tcp"}])
    wanted = {"publish": [{"address": other, "port": 80, "protocol": "tcp"}]}
    if free:
        process(world, "q", **wanted)
    else:
        refused("occupied", lambda: process(world, "q", **wanted))


def test_gateway_holds_its_ports_like_anything_else(world):
    listeners = {"listeners": [{"name": "web-80", "binds": [["0.0.0.0", 80]]}]}
    gateway = world.make("fake.gateway", "g", {}, listeners, now=0)
    refused("occupied", lambda: world.make("fake.gateway", "h", {}, listeners, now=0))
    world.change(gateway.id, {"listeners": []})
    world.make("fake.gateway", "h", {}, listeners, now=0)


def test_replicas_may_share_a_volume_but_not_old_and_new_of_one(world):
    world.make("fake.volume", "data", {}, {}, now=0)
    process(world, "p", mounts=[MOUNT])
    process(world, "q", replica="shop/web/1", mounts=[MOUNT])
    refused("occupied", lambda: process(world, "p#2", mounts=[MOUNT]))
    process(world, "r", mounts=[{**MOUNT, "read_only": True}])


def test_accident_asks_no_law_and_leaves_the_users_behind(world):
    network = world.make("fake.network", "front", {}, {}, now=0)
    user = process(world, "p", networks=[network.id])
    world.destroy(network.id)
    assert [thing.id for thing in world.things()] == [user.id]


def test_refused_change_changes_nothing(world):
    thing = process(world, "p", networks=[])
    refused("missing", lambda: world.change(thing.id, {"replica": "r", "networks": ["none"]}))
    assert world.get(thing.id) == thing


def test_token_makes_one_thing_and_is_spent_with_it():
    world = World(None, unique_names=False)
    first = world.make("fake.network", "front", {}, {}, now=0, token="t")
    again = world.make("fake.network", "front", {}, {}, now=5, token="t")
    assert again.id == first.id
    different = {"internal": True}
    refused(
        "token spent", lambda: world.make("fake.network", "front", {}, different, now=0, token="t")
    )
    world.remove(first.id)
    refused("token spent", lambda: world.make("fake.network", "front", {}, {}, now=0, token="t"))


def test_two_processes_share_one_world(tmp_path):
    one, other = World(tmp_path / "w.sqlite3"), World(tmp_path / "w.sqlite3")
    made = one.make("fake.network", "front", {}, {}, now=0)
    assert other.get(made.id) == made
    refused("name taken", lambda: other.make("fake.network", "front", {}, {}, now=0))


WANT = Resource(address="shop@toy/network/front", type="fake.network", venue="toy")


def provider(tmp_path, sleep=lambda seconds: None, **settings):
    return FakeProvider("toy", settings, Env(home=tmp_path, sleep=sleep))


def attempt(resume=None):
    marks = Marks(
        installation="i", generation=1, app="shop", address=WANT.address, uid="u", incarnation=1
    )
    return Operation(token="t", marks=marks, deadline=0, resume=resume)


def test_world_is_in_a_file_of_the_home_unless_it_is_in_memory(tmp_path):
    provider(tmp_path).create(WANT, attempt())
    assert provider(tmp_path).read(WANT) is not None
    assert (tmp_path / "fake" / "toy.sqlite3").exists()
    provider(tmp_path / "other", world="memory").create(WANT, attempt())
    assert not (tmp_path / "other").exists()


def test_making_a_provider_touches_nothing(tmp_path):
    made = provider(tmp_path)
    made.identity(), made.offerings(), made.types()
    assert list(tmp_path.iterdir()) == []


def test_memory_is_one_world_for_all_threads(tmp_path):
    made = provider(tmp_path, world="memory")
    worlds = []
    threads = [threading.Thread(target=lambda: worlds.append(made.world)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(world) for world in worlds}) == 1


def test_slow_venue_answers_pending_and_takes_its_time(tmp_path):
    slept = []
    slow = provider(tmp_path, slept.append, pending=2, pending_s=3, latency_s=0.5)
    first = slow.create(WANT, attempt())
    assert isinstance(first, Pending)
    assert first.seconds == 3
    second = slow.create(WANT, attempt(first.resume))
    assert isinstance(second, Pending)
    assert isinstance(slow.create(WANT, attempt(second.resume)), Done)
    assert slept == [0.5, 0.5, 0.5]


def test_fault_strikes_before_or_after_the_effect_and_as_often_as_told(tmp_path):
    early = {"address": "shop@*", "code": "Throttling", "times": 1}
    late = {"verb": "delete", "code": "NetworkFailure", "late": True}
    moody = provider(tmp_path, faults=[early, late])
    with pytest.raises(ProviderError, match="Throttling"):
        moody.create(WANT, attempt())
    assert moody.read(WANT) is None
    item = moody.create(WANT, attempt()).item
    with pytest.raises(ProviderError, match="NetworkFailure"):
        moody.delete(item, attempt())
    assert moody.read(WANT) is None


def test_lagging_list_shows_a_thing_later(tmp_path):
    now = [100.0]
    lagging = FakeProvider("toy", {"list_lag_s": 5}, Env(home=tmp_path, now=lambda: now[0]))
    lagging.create(WANT, attempt())
    everything = Scope(installation=None)
    assert lagging.list("fake.network", everything, None).items == ()
    now[0] = 105.0
    assert len(lagging.list("fake.network", everything, None).items) == 1


def test_offerings_are_as_configured(tmp_path):
    room = {"name": "small", "cpu": 2, "memory_mib": 512, "hourly": 0.05, "traits": ["eu"]}
    (offering,) = provider(tmp_path, offerings=[room]).offerings()
    assert (offering.cpu, offering.memory_mib, str(offering.hourly)) == (2, 512, "0.05")
    assert offering.traits == {"eu", "runs:process", "runs:container"}


USED_AT_THE_END = """
import atexit, sys
from pathlib import Path
from moot.providers.fake.world import World

atexit.register(lambda: print(world.make("fake.network", "late", {}, {}, now=0).name))  # the last
world = World(Path(sys.argv[1]))
"""


def test_a_world_is_not_closed_under_calls_that_outlive_the_command(tmp_path):
    command = [sys.executable, "-c", USED_AT_THE_END, str(tmp_path / "world")]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "late\n", "")
