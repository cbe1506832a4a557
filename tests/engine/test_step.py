"""step, in what order and when: one event in, effects out; no clock, no thread, no store."""

from __future__ import annotations

import pytest
from desk import Desk, create, delete, item, waiting_for

from moot.engine.effect import Call, Record, Seen, Tell
from moot.engine.step import FIRST_LOOK_S
from moot.model.plan import Wait

# Order.


def test_what_waits_for_nothing_is_called_at_once_and_the_rest_when_it_may():
    desk = Desk(create("a"), create("b", "create a#1"), create("c"))
    assert desk.open() == ["create a#1", "create c#1"]
    desk.done("create c#1")
    assert desk.open() == []
    desk.done("create a#1")
    assert desk.open() == ["create b#1"]
    assert not desk.walk.over
    desk.done("create b#1")
    assert desk.walk.over
    assert desk.walk.outcomes("done") == 3


def test_a_result_is_recorded_before_what_it_makes_ready_is_called():
    desk = Desk(create("a"), create("b", "create a#1"))
    kinds = [type(e) for e in desk.done("create a#1")]
    assert kinds.index(Record) < kinds.index(Call)


def test_a_gate_opens_when_all_it_lists_is_done():
    desk = Desk(create("a"), create("b"), create("c", "gate"), gates={
        "gate": ["create a#1", "create b#1"], "empty": [],
    })  # fmt: skip
    desk.open()
    desk.done("create a#1")
    assert desk.open() == []
    desk.done("create b#1")
    assert desk.open() == ["create c#1"]


def test_a_delete_takes_away_only_the_incarnation_it_is_for():
    desk = Desk(delete("a", incarnation=1), items=[item("a", 2)])
    desk.done("delete a#1")
    assert desk.walk.items["a"].incarnation == 2
    desk = Desk(delete("a", incarnation=1), items=[item("a", 1)])
    desk.done("delete a#1")
    assert "a" not in desk.walk.items


def test_a_pause_between_turns_is_kept():
    desk = Desk(create("a"), create("b", Wait("create a#1", delay_s=7.0)))
    desk.now = 100.0
    desk.open()
    desk.done("create a#1")
    assert [call.at for call in desk.called] == [107.0]


@pytest.mark.parametrize("kind", ["changes", "gates"])
def test_a_chain_of_five_thousand_needs_no_deep_stack(kind):
    count = 5000
    if kind == "changes":
        desk = Desk(*(create(str(n), *[f"create {n - 1}#1"] * bool(n)) for n in range(count)))
        desk.fail("create 0#1")
        assert desk.walk.outcomes("blocked") == count - 1
    else:
        gates = {str(n): [str(n - 1)] if n else ["create a#1"] for n in range(count)}
        desk = Desk(create("a"), create("b", str(count - 1)), gates=gates)
        desk.open()
        desk.done("create a#1")
        assert desk.open() == ["create b#1"]


# How much waits for a change.


def test_the_rank_is_the_longest_chain_behind_and_gates_count_nothing():
    desk = Desk(
        create("a"),
        create("b", "create a#1"),
        create("c", "gate", "create a#1"),
        create("d", "second"),
        create("e"),
        create("f", "create e#1"),
        gates={"gate": ["create b#1", "create e#1"], "second": ["gate"]},
    )
    assert desk.walk.rank == {
        "create a#1": 2, "create b#1": 1, "create c#1": 0, "create d#1": 0,
        "create e#1": 1, "create f#1": 0, "gate": 1, "second": 1,
    }  # fmt: skip


def test_what_stands_already_is_no_link_of_the_chain():
    wait = Wait(None, "old", "healthy")
    desk = Desk(create("a", wait), create("b", "create a#1"), items=[item("old")])
    assert desk.walk.rank == {"create a#1": 1, "create b#1": 0}


# Conditions.


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("started", "running"),
        ("started", "unhealthy"),
        ("started", "completed"),
        ("healthy", "healthy"),
        ("healthy", "running"),
        ("healthy", "completed"),
        ("completed", "completed"),
        ("started", None),
    ],
)
def test_a_condition_that_is_met_already_needs_no_look(condition, status):
    desk = waiting_for(condition, status)
    assert desk.open() == ["create b#1"]
    assert desk.looks == []


def test_a_condition_is_waited_for_by_looking():
    desk = waiting_for("healthy")
    assert [look.at for look in desk.looks] == [FIRST_LOOK_S]
    desk.look("a", "unhealthy", later=1.0)
    assert desk.open() == []
    (again,) = desk.looks
    assert again.at > 1.0 + FIRST_LOOK_S
    assert any(isinstance(e, Seen) for e in desk.look("a", "healthy", later=1.0))
    assert desk.open() == ["create b#1"]
    assert desk.looks == []


def test_looks_become_rarer_but_never_rarer_than_a_second():
    desk = waiting_for("healthy")
    pauses = []
    for _ in range(20):
        desk.look("a", "starting", later=1.0)
        pauses.append(desk.looks[0].at - desk.now)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1.0


def test_a_long_wait_is_told_once_by_what_it_holds_up():
    wait = Wait("create a#1", "a", "healthy")
    desk = Desk(create("a"), create("b", "gate"), gates={"gate": [wait]})
    desk.done("create a#1", status="starting")
    told = [
        effect
        for _ in range(8)
        for effect in desk.look("a", "unhealthy", later=1.0)
        if isinstance(effect, Tell)
    ]
    (tell,) = told
    assert (tell.change.key, tell.phase) == ("create b#1", "waiting")
    assert tell.note == "waiting for a to be healthy; it is unhealthy"


def test_an_unchanged_status_is_not_written_down_again():
    assert not any(isinstance(e, Seen) for e in waiting_for("healthy").look("a", "starting"))


def test_one_look_serves_all_that_wait():
    waits = [Wait("create a#1", "a", c) for c in ("started", "healthy")]
    desk = Desk(create("a"), create("b", waits[0]), create("c", waits[1]), create("d", waits[1]))
    desk.open()
    desk.done("create a#1", status="starting")
    assert len(desk.looks) == 1
    desk.look("a", "unhealthy")
    assert desk.open() == ["create b#1"]
    desk.look("a", "healthy")
    assert desk.open() == ["create c#1", "create d#1"]


def test_a_thing_that_stands_already_is_watched_from_the_start():
    desk = Desk(create("b", Wait(None, "a", "healthy")), items=[item("a", status="starting")])
    assert len(desk.looks) == 1
    desk.look("a", "healthy")
    assert desk.open() == ["create b#1"]


def test_patience_ends_with_the_time_a_thing_is_given():
    desk = waiting_for("healthy")
    desk.look("a", "starting", later=59.0)
    assert desk.walk.failures == []
    desk.look("a", "starting", later=2.0)
    assert "did not become healthy within 60 s" in desk.walk.failures[0].summary
    assert desk.walk.settled["create b#1"] == "blocked"
    assert desk.walk.over


def test_a_job_that_must_complete_is_given_all_the_time_it_takes():
    desk = waiting_for("completed", "running")
    desk.look("a", "running", later=10_000.0)
    assert desk.walk.failures == []
    desk.look("a", "completed")
    assert desk.open() == ["create b#1"]


@pytest.mark.parametrize("condition", ["healthy", "completed"])
def test_what_has_failed_is_not_waited_for(condition):
    desk = waiting_for(condition)
    desk.look("a", "failed")
    assert "moot logs a" in desk.walk.failures[0].remedy
    assert desk.walk.settled["create b#1"] == "blocked"


def test_what_is_gone_is_not_waited_for():
    desk = waiting_for("healthy")
    desk.look("a", None, gone=True)
    assert desk.walk.failures[0].summary == "a is gone"
    assert desk.walk.over


def test_a_venue_that_does_not_answer_a_look_is_asked_again_until_patience_ends():
    desk = waiting_for("healthy")
    desk.look("a", None, error="no route", gone=True, later=10.0)
    assert len(desk.looks) == 1
    assert desk.walk.failures == []
    desk.look("a", None, error="no route", gone=True, later=60.0)
    assert len(desk.walk.failures) == 1


def test_time_counts_from_the_end_of_the_create():
    desk = Desk(create("a"), create("b", Wait("create a#1", "a", "healthy")))
    desk.now = 1000.0
    desk.done("create a#1", status="starting")
    desk.look("a", "starting", later=30.0)
    assert desk.walk.failures == []


def test_the_end_of_an_old_incarnation_does_not_disturb_who_watches_the_new():
    desk = Desk(
        create("a", incarnation=2),
        delete("a"),
        create("b", Wait("create a#2", "a", "healthy")),
        items=[item("a", 1)],
    )
    desk.done("create a#2", status="starting")
    desk.done("delete a#1")
    desk.look("a", "healthy", incarnation=2)
    assert desk.open()[-1] == "create b#1"
