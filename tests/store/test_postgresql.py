"""PostgreSQL goes away, comes back, loses a word: everything is recorded exactly once."""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import signal
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from faulty_line import Line
from stored import INTENT, ITEM, record

from moot.model.diagnostic import BadInput, Failure
from moot.store import LeaseHeld, PortTaken, open_store
from moot.store.connection import PASSING
from moot.store.items import AS_OF
from moot.store.postgresql import PostgreSQL

pytestmark = pytest.mark.postgresql


@pytest.fixture
def address(postgresql):
    return postgresql.database()


@pytest.fixture
def line(postgresql):
    with tempfile.TemporaryDirectory(prefix="moot-line-") as folder:
        made = Line(Path(folder), postgresql.folder)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def over_line(line, address, postgresql):
    made = open_store(address.replace(str(postgresql.folder), str(line.folder)))
    yield made
    made.close()


def lease(store, app="shop", holder="me", now=1.0):
    return store.claim(app, holder, now, 10.0, lambda holder: False)


def steps(store, held, numbers):
    """As an apply does: each turn settles what the one before it began; returns the ids."""
    ids = []
    for number in numbers:
        with store.turn(held):
            if ids:
                store.settle(ids[-1], "done", float(number))
            intent = replace(INTENT, address=f"a{number}")
            ids.append(store.add_intent("shop", intent, float(number)))
            item = replace(ITEM, address=f"a{number}")
            store.record("shop", item.address, item.incarnation, item, float(number), "up")
    return ids


@pytest.mark.parametrize("way", ["there", "back"])
def test_a_commit_of_which_nothing_was_heard_is_made_exactly_once(over_line, again, line, way):
    held = lease(over_line)
    for number in range(3):
        line.breaks = way
        steps(over_line, held, range(2 * number, 2 * number + 2))
    assert line.broken == 3
    assert [i.address for i in again.inventory("shop")] == [f"a{n}" for n in range(6)]
    assert all(len(again.history(f"a{number}")) == 1 for number in range(6))
    assert [i.address for i in again.open_intents("shop")] == ["a1", "a3", "a5"]


@pytest.mark.parametrize("way", ["there", "back"])
def test_nor_does_it_matter_which_transaction_it_is(over_line, again, line, way):
    line.breaks = way
    held = lease(over_line)
    line.breaks = way
    with over_line.turn(held):
        over_line.put_ports("shop", {"web": 80})
        over_line.put_placement("shop", {"a": 1})
    line.breaks = way
    with over_line.turn():
        over_line.put_meta("installation", "one")
    assert line.broken == 3
    assert again.ports() == (("shop", "web", 80),)
    assert (again.placement("shop"), again.meta("installation")) == ({"a": 1}, "one")
    with pytest.raises(LeaseHeld):
        lease(again, holder="you")


def test_whoever_lost_the_lease_meanwhile_still_learns_what_he_committed(over_line, again, line):
    held = lease(over_line)
    with over_line.turn(held):
        over_line.put_placement("shop", {"a": 1})
        line.breaks = "back"
    with pytest.raises(LeaseHeld), over_line.turn(held):
        over_line.put_placement("shop", {"a": 2})
        lease(again, holder="you", now=99.0)
    assert again.placement("shop") == {"a": 1}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stop", "crash"])
def test_a_server_that_is_restarted_meanwhile_is_waited_for(postgresql, store, how):
    held = lease(store)
    ids, done, enough = [], threading.Semaphore(0), threading.Event()

    def work():
        for number in itertools.count():
            if enough.is_set():
                return
            ids.extend(steps(store, held, [number]))
            done.release()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        for _ in range(2):
            for _ in range(5):
                assert done.acquire(timeout=60)
            postgresql.stop(how)
            time.sleep(0.3)
            postgresql.start()  # by this thread: the server ends with the thread that started it
        enough.set()
        working.result(60)
    assert len(ids) >= 10
    assert [i.id for i in store.open_intents("shop")] == ids
    assert all(len(store.history(f"a{number}")) == 1 for number in range(len(ids)))


def cut(postgresql, address):
    """End every connection to the database but the one that asks."""
    name = address.partition("?")[0].rpartition("/")[2]
    postgresql.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )


@pytest.mark.parametrize("state", sorted(PASSING))
def test_what_passes_is_tried_again_whatever_class_the_error_is_of(store, state):
    """25P03 is said to who slept too long inside a transaction, 25006 after a fail-over."""
    link = store._database._link
    refusals = iter([f"DO $$ BEGIN RAISE 'not now' USING ERRCODE = '{state}'; END $$"])

    def act():
        for refusal in refusals:
            link.rows(refusal, ())
        return link.rows("SELECT 1", ())

    assert link.persist(act) == [(1,)]


def test_a_turn_goes_on_where_nothing_it_has_read_is_different(postgresql, address, store):
    held = lease(store)
    with store.turn(held):
        store.put_ports("shop", {"web": 80})
        number = store.add_intent("shop", INTENT, 1.0)
        assert [i.id for i in store.open_intents("shop")] == [number]
        cut(postgresql, address)
        store.put_placement("shop", {"a": 1})
    assert store.ports() == (("shop", "web", 80),)
    assert store.placement("shop") == {"a": 1}
    assert [i.id for i in store.open_intents("shop")] == [number]


def test_a_turn_ends_where_what_it_has_read_is_different(postgresql, address, store, again):
    held = lease(store)
    with pytest.raises(Failure) as failure, store.turn(held):
        store.put_ports("shop", {"web": 80})
        cut(postgresql, address)
        with again.turn():
            again.put_ports("blog", {"web": 80})
    assert "changed" in failure.value.diagnostics[0].summary
    assert again.ports() == (("blog", "web", 80),)
    with pytest.raises(PortTaken), store.turn(held):
        store.put_ports("shop", {"web": 80})


def test_who_renews_a_lease_learns_that_it_was_taken_meanwhile(
    postgresql, address, store, again, monkeypatch
):
    """The connection is lost when the renewal was answered and is not committed yet."""
    lease(store)
    commit = store._database.commit

    def late():
        monkeypatch.undo()
        cut(postgresql, address)
        lease(again, holder="you", now=99.0)
        commit()

    monkeypatch.setattr(store._database, "commit", late)
    with pytest.raises(LeaseHeld) as held:
        lease(store, now=2.0)
    assert held.value.lease.holder == "you"


def test_of_two_who_want_a_port_at_once_one_gets_it(postgresql, address, store, again):
    def other():
        with again.turn(lease(again, "blog")):
            again.put_ports("blog", {"web": 80})

    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        held = lease(store)
        with store.turn(held):
            store.put_ports("shop", {"web": 80})
            asked = pool.submit(other)
            while not asked.done() and postgresql.psql(waits) == "0":
                time.sleep(0.02)
        with pytest.raises(PortTaken):
            asked.result(60)
    assert again.ports() == (("shop", "web", 80),)


def test_a_lease_is_proven_when_it_counts(store, again):
    held = lease(store)
    with pytest.raises(LeaseHeld), store.turn(held):
        store.put_placement("shop", {"a": 1})
        taken = lease(again, holder="you", now=99.0)
        with again.turn(taken):
            again.put_placement("shop", {"a": 2})
    assert store.placement("shop") == {"a": 2}


def test_a_server_that_stays_away_is_a_failure_that_says_so(postgresql, store, monkeypatch):
    monkeypatch.setattr("moot.store.connection.RETRY_S", 0.2)
    held = lease(store)
    postgresql.stop()
    try:
        for _ in range(2):
            with pytest.raises(Failure) as failure, store.turn(held):
                store.put_placement("shop", {"a": 1})
            assert "does not answer" in failure.value.diagnostics[0].summary
        with pytest.raises(Failure):
            store.inventory("shop")
    finally:
        postgresql.start()
    assert store.placement("shop") is None
    with store.turn(held):
        store.put_placement("shop", {"a": 2})
    assert store.placement("shop") == {"a": 2}


def test_where_no_server_is_the_user_is_told_at_once(tmp_path):
    with pytest.raises(Failure) as failure:
        open_store(f"postgresql://me:hidden@/nowhere?host={tmp_path}")
    (said,) = failure.value.diagnostics
    assert str(tmp_path) in said.detail
    assert "hidden" not in f"{said.detail} {said.remedy}"


def test_without_its_library_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadInput) as failure:
        open_store("postgresql:///moot")
    assert "moot[postgresql]" in failure.value.diagnostics[0].remedy


def test_what_others_keep_in_the_database_is_left_alone(postgresql, address):
    name = address.partition("?")[0].rpartition("/")[2]
    postgresql.psql("CREATE TABLE item (mine TEXT); INSERT INTO item VALUES ('x')", name)
    store = open_store(address)
    record(store, ITEM)
    store.close()
    assert postgresql.psql("SELECT mine FROM item", name) == "x"
    assert postgresql.psql("SELECT count(*) FROM moot.item", name) == "1"


def test_what_is_acknowledged_is_on_disk_whatever_the_server_does_for_others(postgresql, address):
    name = address.partition("?")[0].rpartition("/")[2]
    postgresql.psql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = open_store(address)
    assert store._database.read("SHOW synchronous_commit") == [("on",)]
    store.close()


def test_history_is_not_read_as_a_whole_for_one_type(address):
    """However many things its statistics make the server expect."""
    with contextlib.closing(PostgreSQL(address)) as database:
        database.begin(None)
        database.write(
            "INSERT INTO item (id, app, address, incarnation, venue, type) SELECT n, 'shop', "
            "'a' || n, 1, 'toy', 'type' || mod(n, 2) FROM generate_series(1, 20000) n",
            [()],
        )
        database.write(
            "INSERT INTO version (item, at, cause, body) "
            "SELECT mod(n, 20000) + 1, n, 'up', '{}' FROM generate_series(1, 60000) n",
            [()],
        )
        database.define("ANALYZE")
        database.commit()
        explained = database.read(f"EXPLAIN {AS_OF.format('type = ?')}", (30_000.0, "type1"))
    steps = "\n".join(row[0] for row in explained)
    assert "Index Scan using version_pkey on version former" in steps, steps
