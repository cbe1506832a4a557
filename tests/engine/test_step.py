"""step: one event in, effects out; no clock, no thread, no store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moot.engine.effect import Call, Look, Record, Remember, Seen, Tell
from moot.engine.event import Begun, Cancelled, Continued, Failed, Looked, Succeeded, Withdrawn
from moot.engine.step import FIRST_LOOK_S, TRIES, step
from moot.engine.walk import Walk
from moot.model.plan import Create, Delete, Plan, Update, Wait
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Ref


def create(name, *after, incarnation=1, **more):
    properties = more.pop("properties", {})
    want = Resource(address=name, type="t", venue="v", properties=properties)
    return Create(want=want, incarnation=incarnation, after=waits(after), **more)


def update(name, *after, properties=None, applied=None, **more):
    want = Resource(address=name, type="t", venue="v", properties=properties or {})
    have = item(name, applied=applied or {})
    return Update(want=want, have=have, after=waits(after), **more)


def delete(name, *after, incarnation=1, **more):
    return Delete(have=item(name, incarnation), after=waits(after), **more)


def waits(after):
    return tuple(w if isinstance(w, Wait) else Wait(w) for w in after)


def item(name, incarnation=1, **more):
    id = f"{name}#{incarnation}"
    return ConfigurationItem(
        type="t", venue="v", identifier=id, address=name, incarnation=incarnation, **more
    )


class Desk:
    """A walk with the events a test sends, and the calls and looks that are open."""

    def __init__(self, *changes, gates=None, items=()):
        plan = Plan(changes, {name: waits(after) for name, after in (gates or {}).items()})
        self.walk = Walk(plan=plan, items={i.address: i for i in items}, seal=lambda type, p: p)
        self.now = 0.0
        self.called: list[Call] = []
        self.looks: list[Look] = []
        self.send(Begun)

    def send(self, event, *args):
        effects = step(self.walk, event(*args, self.now))
        self.called += [e for e in effects if isinstance(e, Call)]
        self.looks += [e for e in effects if isinstance(e, Look)]
        return effects

    def open(self):
        """Keys of the calls made since the last time."""
        keys, self.called = [call.change.key for call in self.called], []
        return keys

    def done(self, key, **more):
        change = self.walk.changes[key]
        made = None if isinstance(change, Delete) else item(
            change.address, change.incarnation, **more
        )  # fmt: skip
        return self.send(Succeeded, key, made)

    def fail(self, key, code="InvalidRequest", retryable=False, retry_after=None):
        return self.send(Failed, key, code, "it broke", "", retryable, retry_after)

    def look(self, name, status, *, later=0.0, error="", gone=False, incarnation=1):
        self.now += later
        self.looks.clear()
        seen = None if gone else item(name, incarnation, status=status)
        return self.send(Looked, name, seen, error)


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


# Conditions.


def waiting_for(condition, status="starting"):
    wait = Wait("create a#1", "a", condition)
    desk = Desk(create("a"), create("b", wait))
    desk.open()
    desk.done("create a#1", status=status)
    return desk


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
