"""Intents: what was about to be called, until it is known how that ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stored import INTENT, ITEM, record

from moot.store import postgresql, sqlite
from moot.store.gathered import RECALL, statements


def add(store, app="shop", at=1.0, **fields):
    with store.turn():
        return store.add_intent(app, replace(INTENT, **fields), at)


def settle(store, intent, outcome, at=2.0):
    with store.turn():
        store.settle(intent, outcome, at)


def test_an_intent_is_open_until_it_is_settled(store):
    with store.turn():
        one = store.add_intent("shop", INTENT, 1.0)
        two = store.add_intent("shop", replace(INTENT, address="b"), 1.5)
        store.put_resume(one, {"job": [7]})
    assert store.open_intents("shop") == (
        replace(INTENT, id=one, resume={"job": [7]}, app="shop", at=1.0),
        replace(INTENT, id=two, address="b", app="shop", at=1.5),
    )
    assert store.open_intents("blog") == ()
    settle(store, one, "done")
    assert [i.id for i in store.open_intents("shop")] == [two]


def test_open_intents_of_all_apps_come_oldest_first(store):
    ids = [add(store, app) for app in ("shop", "blog", "shop")]
    assert ids == sorted(set(ids))
    assert [i.id for i in store.open_intents("shop")] == [ids[0], ids[2]]
    assert [(i.id, i.app) for i in store.open_intents(None)] == list(
        zip(ids, ("shop", "blog", "shop"), strict=True)
    )


def test_the_request_and_the_last_attempt_come_back(store):
    request = {"type": "t", "properties": {"p": {"$sealed": "x"}, "q": [None, 1.5]}}
    number = add(store, request=request, attempt=1)
    with store.turn():
        store.recall(number, 2, 7.5)
    (intent,) = store.open_intents("shop")
    assert (intent.request, intent.attempt, intent.at) == (request, 2, 7.5)


@pytest.mark.parametrize("count", [1, 37, 64, 100])
def test_any_number_of_intents_is_written_in_one_turn(store, count):
    with store.turn():
        ids = [store.add_intent("shop", replace(INTENT, address=f"a{n}"), n) for n in range(count)]
    found = store.open_intents("shop")
    assert [(i.id, i.address, i.at) for i in found] == [
        (number, f"a{n}", float(n)) for n, number in enumerate(ids)
    ]


@pytest.mark.parametrize(
    ("rows", "in_sqlite", "in_postgresql"), [(1, 1, 1), (37, 1, 3), (100, 2, 3)]
)
def test_rows_are_written_in_few_statements(rows, in_sqlite, in_postgresql):
    """SQLite has a statement for every number of rows, PostgreSQL is to prepare few."""
    given = [(n, 1, float(n)) for n in range(rows)]
    for sizes, count in ((sqlite.SIZES, in_sqlite), (postgresql.SIZES, in_postgresql)):
        sent = list(statements(RECALL, given, sizes))
        assert len(sent) == count
        assert [value for _, values in sent for value in values] == [
            v for row in given for v in row
        ]
        assert all(sql.count("?") == len(values) for sql, values in sent)


def test_an_intent_is_changed_in_the_turn_that_adds_it(store):
    with store.turn():
        one = store.add_intent("shop", INTENT, 1.0)
        store.recall(one, 1, 2.0)
        store.recall(one, 2, 3.0)
        store.put_resume(one, {"job": 1})
        two = store.add_intent("shop", INTENT, 4.0)
        store.settle(two, "done", 5.0)
        (seen,) = store.open_intents("shop")  # a turn sees what it has written
    assert (seen.id, seen.attempt, seen.at, seen.resume) == (one, 2, 3.0, {"job": 1})
    assert store.open_intents("shop") == (seen,)


def test_a_request_goes_when_the_intent_is_settled(store, raw):
    number = add(store, request={"secret": "sealed"})
    assert raw("SELECT request FROM intent") == [('{"secret":"sealed"}',)]
    settle(store, number, "done")
    assert raw("SELECT request, outcome, settled_at FROM intent") == [(None, "done", 2.0)]


def test_only_definite_failures_count_as_attempts(store):
    assert store.attempts("shop", "a", 1) == 0
    first = add(store)
    with store.turn():
        store.recall(first, 0, 2.0)  # a time-out is no failure
    assert store.attempts("shop", "a", 1) == 0
    with store.turn():
        store.recall(first, 1, 3.0)
    assert store.attempts("shop", "a", 1) == 1
    settle(store, first, "AccessDenied")
    assert store.attempts("shop", "a", 1) == 2
    settle(store, add(store, attempt=2), "done")
    assert store.attempts("shop", "a", 1) == 2
    settle(store, add(store, attempt=2), "NotStabilized")
    assert store.attempts("shop", "a", 1) == 3
    for key in (("shop", "a", 2), ("shop", "b", 1), ("blog", "a", 1)):
        assert store.attempts(*key) == 0


def test_failures_recorded_before_are_known_to_whoever_opens_the_store(store, again):
    assert store.attempts("shop", "a", 1) == 0
    settle(again, add(again), "AccessDenied")
    store.release(store.claim("shop", "me", 1.0, 1.0, lambda holder: False))
    assert store.attempts("shop", "a", 1) == 1


def test_ids_rise_from_one_holder_of_an_app_to_the_next(store, again):
    def added(where, holder, now):
        lease = where.claim("shop", holder, now, 1.0, lambda holder: False)
        with where.turn(lease):
            return where.add_intent("shop", INTENT, now)

    ids = [added(store, "a", 10), added(again, "b", 20), added(store, "a", 30)]
    assert ids == sorted(set(ids))


# Where to look.


def test_kinds_are_those_of_every_intent_and_item_there_ever_was(store):
    assert store.kinds("shop") == ()
    settle(store, add(store, item=replace(INTENT.item, venue="w", type="u")), "withdrawn")
    record(store, ITEM)
    with store.turn():
        store.record("shop", ITEM.address, ITEM.incarnation, None, 2.0, "gone")
        store.add_intent("shop", INTENT, 3.0)
    assert store.kinds("shop") == (("v", "t"), ("w", "u"))
    assert store.kinds("blog") == ()


def test_a_kind_is_written_again_where_the_turn_that_wrote_it_failed(store):
    for fails in (True, False):
        try:
            with store.turn():
                store.add_intent("shop", INTENT, 1.0)
                assert not fails
        except AssertionError:
            assert store.kinds("shop") == ()
    assert store.kinds("shop") == (("v", "t"),)


@pytest.mark.parametrize("known", [False, True])
def test_when_a_complete_listing_was_had(store, known):
    if known:
        record(store, ITEM)
    assert store.listed("shop") == {}
    with store.turn():
        store.put_listed("shop", "v", "t", 5.0)
        store.put_listed("shop", "v", "u", 5.5)
        store.put_listed("shop", "v", "t", 6.0)
    assert store.listed("shop") == {("v", "t"): 6.0, ("v", "u"): 5.5}
    assert store.kinds("shop") == (("v", "t"), ("v", "u"))
