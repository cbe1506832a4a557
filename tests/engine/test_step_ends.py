"""step, when things go another way: failures, pending calls, a cancel, what comes to nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from desk import Desk, create, delete, item, update, waiting_for

from moot.engine.effect import Record, Remember, Tell
from moot.engine.event import Cancelled, Continued, Withdrawn
from moot.engine.step import TRIES
from moot.model.plan import Delete, Wait
from moot.model.value import Ref

# Failure.


def test_a_failure_blocks_what_depends_on_it_and_nothing_else():
    desk = Desk(
        create("a"),
        create("b", "create a#1"),
        create("c", "gate"),
        create("d", "create c#1"),
        create("x"),
        create("y", "create x#1"),
        gates={"gate": ["create b#1", "create x#1"]},
    )
    desk.open()
    effects = desk.fail("create a#1")
    assert Record(desk.walk.changes["create a#1"], None, "InvalidRequest") in effects
    desk.done("create x#1")
    assert desk.open() == ["create y#1"]
    desk.done("create y#1")
    assert desk.walk.over
    assert {k: v for k, v in desk.walk.settled.items() if v == "blocked"}.keys() == {
        "create b#1", "create c#1", "create d#1", "gate",
    }  # fmt: skip
    assert len(desk.walk.failures) == 1


def test_a_failure_that_can_pass_is_tried_again_more_and_more_slowly():
    desk = Desk(create("a"))
    pauses = []
    for _ in range(TRIES - 1):
        desk.called.clear()
        desk.fail("create a#1", "Throttling", retryable=True)
        pauses.append(desk.called[0].at - desk.now)
    assert pauses == [0.4, 0.8, 1.6, 3.2]
    assert [call.attempt for call in desk.called] == [4]
    desk.fail("create a#1", "Throttling", retryable=True)
    assert desk.walk.settled == {"create a#1": "failed"}


def test_throttling_does_not_count_while_the_venue_answers_others():
    others = [create(f"x{n}") for n in range(2 * TRIES)]
    desk = Desk(create("a"), *others)
    for other in others:
        desk.called.clear()
        desk.done(other.key)
        desk.fail("create a#1", "Throttling", retryable=True)
        (again,) = desk.called
        assert again.at - desk.now == 0.4
    for _ in range(TRIES):
        desk.fail("create a#1", "Throttling", retryable=True)
    assert desk.walk.settled["create a#1"] == "failed"


def test_only_throttling_is_forgiven():
    others = [create(f"x{n}") for n in range(TRIES)]
    desk = Desk(create("a"), *others)
    for other in others:
        desk.done(other.key)
        desk.fail("create a#1", "ResourceConflict", retryable=True)
    assert desk.walk.settled["create a#1"] == "failed"


def test_a_venue_may_say_when_to_try_again():
    desk = Desk(create("a"))
    desk.called.clear()
    desk.fail("create a#1", "Throttling", retryable=True, retry_after=33.0)
    assert desk.called[0].at == 33.0


@pytest.mark.parametrize("code", ["ServiceTimeout", "NetworkFailure"])
def test_a_failure_that_says_nothing_of_the_effect_is_tried_again_as_the_same_attempt(code):
    desk = Desk(create("a"))
    desk.called.clear()
    desk.fail("create a#1", code, retryable=True)
    (again,) = desk.called
    assert (again.attempt, again.called) == (0, True)


@pytest.mark.parametrize("code", ["ServiceTimeout", "NetworkFailure", "OutcomeUnknown"])
@pytest.mark.parametrize(
    ("create_class", "again"), [("NAME", True), ("TOKEN", True), ("TAG", False), ("BARE", False)]
)
def test_a_create_with_an_unknown_end_is_repeated_only_where_that_makes_no_second(
    code, create_class, again
):
    desk = Desk(create("a"), delete("b"), update("c"), create_class=create_class)
    desk.called.clear()
    effects = desk.fail("create a#1", code, retryable=True)
    assert bool(desk.called) is again
    assert (Record(desk.walk.changes["create a#1"], None, code) in effects) is not again
    desk.open()
    desk.fail("delete b#1", code, retryable=True)
    desk.fail("update c#1", code, retryable=True)
    assert desk.open() == ["delete b#1", "update c#1"]


@pytest.mark.parametrize("create_class", ["TAG", "BARE"])
def test_a_definite_failure_of_any_create_is_tried_again(create_class):
    desk = Desk(create("a"), create_class=create_class)
    desk.called.clear()
    desk.fail("create a#1", "ServiceInternalError", retryable=True)
    assert [call.attempt for call in desk.called] == [1]


# Pending.


def test_a_pending_call_goes_on_where_it_was():
    desk = Desk(create("a"))
    desk.called.clear()
    effects = desk.send(Continued, "create a#1", 3.0, {"job": 7}, "pulling")
    assert Remember(desk.walk.changes["create a#1"], {"job": 7}) in effects
    (call,) = desk.called
    assert (call.at, call.resume) == (3.0, {"job": 7})
    assert not desk.walk.over


# Cancellation.


def test_after_a_cancel_what_is_in_flight_ends_and_nothing_new_starts():
    desk = Desk(
        create("a"), create("b", "create a#1"), create("c", "gate"), gates={"gate": ["create a#1"]}
    )
    desk.open()
    desk.send(Cancelled)
    assert not desk.walk.over
    effects = desk.done("create a#1")
    assert any(isinstance(e, Record) and e.outcome == "done" for e in effects)
    assert desk.open() == []
    assert desk.walk.over


def test_after_a_cancel_nobody_waits_for_health_or_tries_again():
    desk = waiting_for("healthy")
    desk.send(Cancelled)
    assert desk.walk.over
    desk = Desk(create("a"))
    desk.called.clear()
    desk.send(Cancelled)
    desk.fail("create a#1", "Throttling", retryable=True)
    assert desk.called == []
    assert desk.walk.over


def test_after_a_cancel_a_pending_call_is_remembered_and_left():
    desk = Desk(create("a"))
    desk.called.clear()
    desk.send(Cancelled)
    effects = desk.send(Continued, "create a#1", 1.0, "half", "")
    assert Remember(desk.walk.changes["create a#1"], "half") in effects
    assert desk.called == []
    assert desk.walk.over


@pytest.mark.parametrize("called", [True, False])
def test_a_withdrawn_call_is_settled_only_if_it_was_never_made(called):
    desk = Desk(create("a"))
    desk.send(Cancelled)
    effects = desk.send(Withdrawn, "create a#1", called)
    record = Record(desk.walk.changes["create a#1"], None, "withdrawn")
    assert (record in effects) is not called
    assert desk.walk.over


# What turns out to be nothing.

REF = {"port": Ref("db", "port")}


def possible(port, *, more=()):
    """`web` refers to the port of `db`, which is made anew; it was given port 5 once."""
    web = replace(item("web"), applied={"port": 5})
    desk = Desk(
        create("db", incarnation=2),
        update("app", "create db#2", properties=REF, applied={"port": 5}, possible=True),
        create("web", "create db#2", incarnation=2, replaces=web, properties=REF, possible=True),
        Delete(have=web, replaced_by="create web#2", after=(Wait("create web#2"),)),
        create("late", "delete web#1", "update app#1"),
        *more,
        items=[web, item("app", applied={"port": 5})],
    )
    desk.open()
    effects = desk.done("create db#2", properties={"port": port})
    return desk, [e.change.key for e in effects if isinstance(e, Tell) and e.phase == "dropped"]


def test_a_possible_change_is_dropped_where_the_value_is_the_same():
    desk, dropped = possible(5)
    assert dropped == ["update app#1", "create web#2", "delete web#1"]
    assert desk.open() == ["create late#1"]
    assert desk.walk.outcomes("dropped") == 3


def test_a_possible_change_is_made_where_the_value_is_another():
    desk, dropped = possible(6)
    assert dropped == []
    assert desk.open() == ["update app#1", "create web#2"]
    desk.done("create web#2")
    assert desk.open() == ["delete web#1"]


def test_a_dropped_replacement_still_meets_conditions_by_what_stands():
    ready = create("last", Wait("create web#2", "web", "healthy"))
    desk, _ = possible(5, more=[ready])
    assert desk.open() == ["create last#1", "create late#1"]


def turned(port, definite=False):
    """Stop-first: the old web goes before the new db, whose port it refers to, is there."""
    db = replace(item("db", applied={"size": 1}), properties={"port": 5})
    web = replace(item("web"), applied={"port": 5})
    db2 = create(
        "db", "delete db#1", incarnation=2, replaces=db, possible=not definite,
        properties={"size": Ref("root", "size")},
    )  # fmt: skip
    return Desk(
        Delete(have=web, replaced_by="create web#2"),
        Delete(have=db, replaced_by="create db#2", after=(Wait("delete web#1"),)),
        db2,
        create("web", "create db#2", "delete web#1", incarnation=2, replaces=web,
               properties=REF, possible=True),
        items=[db, web, item("root", properties={"size": port})],
    )  # fmt: skip


def test_stopping_first_what_may_stay_is_decided_by_all_it_refers_to():
    assert turned(1).open() == []
    assert turned(2).open() == ["delete web#1"]
    assert turned(1, definite=True).open() == ["delete web#1"]


def test_what_was_stopped_is_started_again_whatever_the_value():
    desk = turned(2)
    desk.open()
    for key in ("delete web#1", "delete db#1", "create db#2"):
        desk.done(key, **({"properties": {"port": 5}} if key == "create db#2" else {}))
    assert desk.open()[-1] == "create web#2"


def test_a_long_chain_of_possible_replacements_needs_no_deep_stack():
    items = [item("root", properties={"id": 1})]
    changes = [create("hold")]
    for n in range(3000):
        applied = {"to": f"{n - 1}" if n else 1}
        items.append(replace(item(str(n)), applied=applied, properties={"id": f"{n}"}))
        properties = {"to": Ref(f"{n - 1}" if n else "root", "id")}
        changes.append(
            create(str(n), "create hold#1", incarnation=2, replaces=items[-1],
                   properties=properties, possible=True)
        )  # fmt: skip
    last = Delete(have=items[-1], replaced_by=changes[-1].key)
    assert Desk(*changes, last, items=items).walk.settled == {last.key: "dropped"}
