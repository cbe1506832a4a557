"""The store: what is written is there after a crash, and one writer per App writes it."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from moot.model.diagnostic import Failure
from moot.model.resource import ConfigurationItem
from moot.model.value import Ref, Secret, Text
from moot.store import Intent, LeaseHeld, PortTaken, Store
from moot.store.migrate import VERSION

ITEM = ConfigurationItem(
    type="t",
    venue="v",
    identifier="x",
    address="shop/web/0@v/process",
    incarnation=2,
    properties={"a": [1, {"b": None}]},
    applied={"s": Secret("p", "1"), "t": Text(("x", Ref("shop@v/y", "id")))},
    depends_on=("shop@v/net",),
    exclusive=frozenset({"port:1", "port:2"}),
    status="running",
    since=5.0,
)


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "moot.db")
    yield made
    made.close()


def record(store, item, at=1.0, cause="test", app="shop"):
    with store.turn():
        store.record(app, item.address, item.incarnation, item, at, cause)


# Items and their versions.


def test_an_item_comes_back_as_it_was(store):
    record(store, ITEM)
    (back,) = store.inventory("shop")
    assert back == ITEM
    assert store.inventory() == (ITEM,)
    assert store.inventory("blog") == ()


def test_a_version_is_written_only_where_the_content_changed(store):
    record(store, ITEM, at=1.0)
    record(store, replace(ITEM, observed_at=99.0), at=2.0)  # looked at again: no content
    record(store, replace(ITEM, exclusive=frozenset({"port:2", "port:1"})), at=3.0)
    record(store, replace(ITEM, status="failed"), at=4.0, cause="it broke")
    with store.turn():
        for at in (5.0, 6.0):
            store.record("shop", ITEM.address, 2, None, at, "gone")
    versions = store.history(ITEM.address)
    assert [(v.at, v.cause, v.item and v.item.status) for v in versions] == [
        (5.0, "gone", None),
        (4.0, "it broke", "failed"),
        (1.0, "test", "running"),
    ]
    assert store.inventory("shop") == ()


def test_incarnations_stand_side_by_side(store):
    record(store, ITEM)
    record(store, replace(ITEM, incarnation=3))
    assert [i.incarnation for i in store.inventory("shop")] == [2, 3]
    with store.turn():
        store.record("shop", ITEM.address, 2, None, 1.0, "gone")
    assert [i.incarnation for i in store.inventory("shop")] == [3]


def test_apps_are_those_with_items_or_open_intents(store):
    assert store.apps() == ()
    record(store, ITEM, app="shop")
    with store.turn():
        intent = store.add_intent("blog", INTENT, 1.0)
    assert store.apps() == ("blog", "shop")
    with store.turn():
        store.settle(intent, "done", 2.0)
    assert store.apps() == ("shop",)


# Revisions, placement, identity.


def test_a_revision_is_written_only_where_it_differs(store):
    bodies = [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}, {"a": 1, "b": 2}]
    with store.turn():
        numbers = [store.add_revision("shop", body, 1.0, "up") for body in bodies]
        assert store.add_revision("blog", bodies[0], 1.0, "up") == 1
    assert numbers == [1, 1, 2, 3]


def test_a_placement_is_replaced_or_removed(store):
    with store.turn():
        store.put_placement("shop", {"a": 1})
        store.put_placement("shop", {"a": 2})
        store.put_placement("blog", {"a": 3})
    assert store.placement("shop") == {"a": 2}
    with store.turn():
        store.put_placement("shop", None)
    assert (store.placement("shop"), store.placement("blog")) == (None, {"a": 3})


def test_a_uid_is_for_ever_and_incarnations_only_rise(store):
    with store.turn():
        for uid, incarnation in (("u1", 0), ("u2", 3), ("u3", 2)):
            store.put_identity("shop", "a", uid, incarnation)
    assert store.identities("shop") == {"a": ("u1", 3)}
    assert store.identities("blog") == {}


# Ports.


def test_ports_are_reserved_exactly_and_never_twice(store):
    with store.turn():
        store.put_ports("shop", {"web": 80, "db": 81})
        store.put_ports("shop", {"web": 80})
        store.put_ports("blog", {"web": 81})
    assert set(store.ports()) == {("shop", "web", 80), ("blog", "web", 81)}
    with pytest.raises(PortTaken), store.turn():
        store.put_ports("blog", {"x": 90, "web": 80})
    assert set(store.ports()) == {("shop", "web", 80), ("blog", "web", 81)}


# Intents.

INTENT = Intent(
    change="create a#1", verb="create", address="a", incarnation=1, token="t", body={"venue": "v"}
)


def test_an_intent_is_open_until_it_is_settled(store):
    with store.turn():
        one = store.add_intent("shop", INTENT, 1.0)
        two = store.add_intent("shop", replace(INTENT, address="b"), 1.0)
        store.put_resume(one, {"job": [7]})
    assert store.open_intents("shop") == (
        replace(INTENT, id=one, resume={"job": [7]}),
        replace(INTENT, id=two, address="b"),
    )
    assert store.open_intents("blog") == ()
    with store.turn():
        store.settle(one, "done", 2.0)
    assert [i.id for i in store.open_intents("shop")] == [two]


# Transactions and leases.


def test_a_turn_that_raises_leaves_nothing(store):
    class Stop(BaseException):
        pass

    with pytest.raises(Stop), store.turn():
        store.put_placement("shop", {"a": 1})
        raise Stop
    assert store.placement("shop") is None
    with store.turn():
        store.put_placement("shop", {"a": 2})
    assert store.placement("shop") == {"a": 2}


def alive(holder):
    return False


def test_a_lease_is_held_until_it_is_released(store):
    lease = store.claim("shop", "me", 100.0, 30.0, alive)
    assert (lease.epoch, lease.expires_at) == (1, 130.0)
    with pytest.raises(LeaseHeld) as held:
        store.claim("shop", "you", 129.0, 30.0, alive)
    assert held.value.lease.holder == "me"
    assert store.claim("blog", "you", 129.0, 30.0, alive).epoch == 1
    store.release(lease)
    assert store.claim("shop", "you", 129.0, 30.0, alive).epoch == 2


def test_a_holder_renews_its_lease_in_the_same_epoch(store):
    store.claim("shop", "me", 100.0, 30.0, alive)
    assert store.claim("shop", "me", 120.0, 30.0, alive).epoch == 1
    with pytest.raises(LeaseHeld):
        store.claim("shop", "you", 149.0, 30.0, alive)


@pytest.mark.parametrize(("now", "gone"), [(131.0, False), (101.0, True)])
def test_a_lease_is_taken_over_where_it_expired_or_its_holder_is_gone(store, now, gone):
    old = store.claim("shop", "me", 100.0, 30.0, alive)
    new = store.claim("shop", "you", now, 30.0, lambda holder: gone and holder == "me")
    assert new.epoch == old.epoch + 1
    with store.turn(new):
        store.put_placement("shop", {"a": 1})
    with pytest.raises(LeaseHeld) as held, store.turn(old):
        store.put_placement("shop", {"a": 2})
    assert held.value.lease.holder == "you"
    assert store.placement("shop") == {"a": 1}


def test_an_old_holder_is_noticed_also_after_the_new_one_is_done(store):
    old = store.claim("shop", "me", 100.0, 30.0, alive)
    store.release(store.claim("shop", "you", 200.0, 30.0, alive))
    store.release(old)  # too late: it is not its own any more
    with pytest.raises(LeaseHeld), store.turn(old):
        pass
    again = store.claim("shop", "me", 300.0, 30.0, alive)
    assert again.epoch == 3
    with pytest.raises(LeaseHeld), store.turn(old):
        pass


def test_a_lease_nobody_ever_took_proves_nothing(store):
    lease = store.claim("shop", "me", 1.0, 1.0, alive)
    with pytest.raises(LeaseHeld), store.turn(replace(lease, app="blog")):
        pass


# Another name for a venue.


def test_a_venue_is_renamed_wherever_it_is_named(store):
    other = replace(ITEM, venue="w", address="shop/db/0@w/process", depends_on=("shop@v/net",))
    for item in (replace(ITEM, depends_on=("shop@v/net",)), other):
        record(store, item)
    with store.turn():
        store.put_identity("shop", ITEM.address, "uid", 2)
        store.put_identity("shop", "shop@vv/net", "uid2", 1)
        store.put_placement("shop", {"a": 1})
        store.rename_venue("v", "new", "renamed", 9.0)
    db, web = store.inventory("shop")
    assert (web.address, web.venue, web.marked_as) == (
        "shop/web/0@new/process",
        "new",
        ITEM.address,
    )
    assert web.applied["t"] == Text(("x", Ref("shop@new/y", "id")))
    assert (db.address, db.venue, db.depends_on) == (other.address, "w", ("shop@new/net",))
    assert db.marked_as is None
    assert store.identities("shop") == {web.address: ("uid", 2), "shop@vv/net": ("uid2", 1)}
    assert store.history(ITEM.address)[0].item is None
    with store.turn():
        store.rename_venue("new", "newer", "renamed", 10.0)
    assert store.inventory("shop")[1].marked_as == ITEM.address  # what it carries never changes


# The file.


def test_only_the_user_can_read_it(tmp_path):
    Store(tmp_path / "deep" / "moot.db").close()
    assert stat.S_IMODE((tmp_path / "deep" / "moot.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


def test_a_database_of_a_newer_moot_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "moot.db"
    Store(path).close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    with pytest.raises(Failure) as failure:
        Store(path)
    assert "newer moot" in failure.value.diagnostics[0].summary
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)
    db.close()


def test_what_is_there_survives_opening_it_again(tmp_path):
    first = Store(tmp_path / "moot.db")
    record(first, ITEM)
    first.close()
    second = Store(tmp_path / "moot.db")
    assert second.inventory() == (ITEM,)
    second.close()


OPEN_AND_WRITE = """
    import sys
    from pathlib import Path
    from moot.store import Store
    store = Store(Path(sys.argv[1]))
    for number in range(10):
        with store.turn():
            store.put_identity(sys.argv[2], f"a{number}", "uid", number)
    print("done")
"""


def start(script, *args):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, args)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )


def test_two_processes_may_make_the_same_database_at_once(tmp_path):
    path = tmp_path / "moot.db"
    processes = [start(OPEN_AND_WRITE, path, app) for app in ("one", "two", "three")]
    assert [p.communicate(timeout=60)[0] for p in processes] == ["done\n"] * 3
    store = Store(path)
    assert all(len(store.identities(app)) == 10 for app in ("one", "two", "three"))
    store.close()


WRITE_FOR_EVER = """
    import itertools, sys
    from pathlib import Path
    from moot.store import Store
    store = Store(Path(sys.argv[1]))
    for number in itertools.count():
        with store.turn():
            store.put_identity("shop", "a", "uid", number)
            store.put_placement("shop", {"number": number})
        print(number, flush=True)
"""


def test_after_a_kill_all_that_was_committed_is_there_and_nothing_half(tmp_path):
    path = tmp_path / "moot.db"
    writer = start(WRITE_FOR_EVER, path)
    seen = [int(writer.stdout.readline()) for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    seen += [int(line) for line in writer.communicate()[0].split()]
    store = Store(path)
    (_, number) = store.identities("shop")["a"]
    assert number >= seen[-1]
    assert store.placement("shop") == {"number": number}
    with store.turn():
        store.put_placement("shop", {"number": -1})
    store.close()
