"""Recovery: whatever is interrupted, and however it lands, what was asked for exists once."""

from __future__ import annotations

import pytest
from workshop import net
from yard import KEY, Killed, Yard

from moot.engine import request
from moot.engine.vault import Vault
from moot.model.diagnostic import Failure
from moot.model.resource import Edge, Resource
from moot.model.value import Secret

NAME, TOKEN, TAG, BARE = ({"create_class": c} for c in ("NAME", "TOKEN", "TAG", "BARE"))
MARKED = pytest.mark.parametrize("kind", [NAME, TOKEN, TAG], ids=["name", "token", "tag"])


def late(seconds: float, verb: str = "create", address: str = "a") -> dict:
    """A request that is stuck on its way: its caller gives up, and it lands after all."""
    return {
        "verb": verb,
        "address": address,
        "code": "OutcomeUnknown",
        "times": 1,
        "lands_after_s": seconds,
    }


def killed(yard: Yard, *wanted: Resource, at: tuple[str, str] = ("create", "a"), faults=()):
    with pytest.raises(Killed):
        yard.turn(*wanted, kill=at, faults=faults)


def process(name: str, **environment) -> Resource:
    return Resource(
        address=name,
        type="fake.process",
        venue="toy",
        properties={"replica": name, "environment": environment, "command": ["serve"]},
    )


def volume(name: str) -> Resource:
    return Resource(address=name, type="fake.volume", venue="toy", properties={"options": {}})


# Killed between a call and its record.


@MARKED
def test_what_was_made_is_found_and_made_no_second_time(tmp_path, kind):
    yard = Yard(tmp_path, kind)
    killed(yard, net("a"), net("b"))
    _, walk = yard.turn(net("a"), net("b"))
    assert walk.failures == []
    assert sorted(yard.things()) == ["a", "b"]
    assert set(yard.items()) == {"a", "b"}
    turn, _ = yard.turn(net("a"), net("b"))
    assert turn.plan.changes == ()
    assert yard.open_intents() == {}


@MARKED
def test_what_nobody_wants_any_more_is_ended(tmp_path, kind):
    yard = Yard(tmp_path, kind)
    killed(yard, net("a"))
    yard.turn(net("b"))
    assert yard.things() == ["b"]
    yard.turn()
    assert yard.things() == []
    assert yard.open_intents() == {}


@MARKED
def test_what_was_lost_meanwhile_is_made_again(tmp_path, kind):
    """With a token it is spent: that is a definite failure, and the next attempt has another."""
    yard = Yard(tmp_path, kind)
    killed(yard, net("a"))
    world = yard.world()
    world.destroy(world.things()[0].id)
    _, walk = yard.turn(net("a"))
    assert walk.failures == []
    assert yard.things() == ["a"]


@MARKED
def test_a_killed_delete_is_done(tmp_path, kind):
    yard = Yard(tmp_path, kind)
    yard.turn(net("a"))
    killed(yard, at=("delete", "a"))
    yard.turn()
    assert (yard.things(), yard.items(), yard.open_intents()) == ([], {}, {})


@MARKED
def test_a_killed_delete_does_not_hit_what_has_the_address_now(tmp_path, kind):
    yard = Yard(tmp_path, {**kind, "settles_within_s": 5})
    yard.turn(net("a"))
    killed(yard, at=("delete", "a"), faults=[late(3, "delete")])
    yard.turn(net("a"))
    yard.sleep(10)
    assert len(yard.things()) == 1
    turn, _ = yard.turn(net("a"))
    assert turn.plan.changes == ()


# Requests that land late, or never.


@MARKED
@pytest.mark.parametrize("seconds", [1, 4, 1000], ids=["soon", "at last", "never"])
def test_a_late_create_makes_no_second_thing(tmp_path, kind, seconds):
    yard = Yard(tmp_path, {**kind, "settles_within_s": 5})
    killed(yard, net("a"), faults=[late(seconds)])
    assert yard.things() == []
    _, walk = yard.turn(net("a"))
    assert walk.failures == []
    assert ("failed", "a") not in yard.steps, "nothing is tried in doubt"
    yard.sleep(5)
    assert yard.things() == ["a"]
    turn, _ = yard.turn(net("a"))
    assert turn.plan.changes == ()
    assert yard.open_intents() == {}


@MARKED
def test_a_late_create_that_nobody_wants_is_waited_for_and_ended(tmp_path, kind):
    """`moot down` right after `moot up` was killed leaves nothing."""
    yard = Yard(tmp_path, {**kind, "settles_within_s": 5})
    killed(yard, net("a"), faults=[late(4)])
    _, walk = yard.turn()
    assert walk.failures == []
    yard.sleep(10)
    assert yard.things() == []
    assert yard.open_intents() == {}


def test_what_lands_while_other_things_are_ended_is_ended_too(tmp_path):
    """By the time the walk is over nothing can land any more, but something has."""
    yard = Yard(tmp_path, {**NAME, "settles_within_s": 5})
    yard.turn(net("b"))
    killed(yard, net("a"), net("b"), faults=[late(3)])
    yard.slow["delete", "b"] = 10
    yard.turn()
    assert yard.things() == []
    assert yard.open_intents() == {}


def test_what_has_a_name_is_planned_again_at_once(tmp_path):
    yard = Yard(tmp_path, {**NAME, "settles_within_s": 500})
    killed(yard, net("a"), faults=[late(4)])
    before = yard.ahead
    yard.turn(net("a"))
    assert yard.ahead == before
    assert yard.things() == ["a"]


def test_something_else_under_the_same_name_gets_a_name_of_its_own(tmp_path):
    """The late request would otherwise pass for the new one, with its old secrets inside."""
    yard = Yard(tmp_path, {**NAME, "settles_within_s": 5})
    killed(yard, process("a", MODE="old"), faults=[late(4)])
    yard.slow["create", "a"] = 10
    _, walk = yard.turn(process("a", MODE="new"))
    yard.sleep(10)
    yard.turn(process("a", MODE="new"))
    world = yard.world()
    assert walk.failures == []
    assert [t.properties["environment"] for t in world.things()] == [{"MODE": "new"}]


def test_a_late_request_of_an_answered_create_is_undone_with_it(tmp_path):
    """The first request is stuck, the second makes it; deleted, the first could make it again."""
    yard = Yard(tmp_path, {**NAME, "settles_within_s": 5})
    stuck = {**late(4), "code": "ServiceTimeout"}
    _, walk = yard.turn(net("a"), faults=[stuck])
    assert walk.failures == []
    yard.turn()
    yard.sleep(10)
    assert yard.things() == []


def test_a_late_update_is_overruled(tmp_path):
    yard = Yard(tmp_path, {**NAME, "settles_within_s": 5})
    yard.turn(net("a", options={"x": 1}))
    killed(yard, net("a", options={"x": 2}), at=("update", "a"), faults=[late(4, "update")])
    yard.turn(net("a", options={"x": 3}))
    yard.sleep(10)
    assert [t.properties["options"] for t in yard.world().things()] == [{"x": 3}]


# Types that carry nothing but marks.


def test_the_oldest_of_several_is_kept(tmp_path):
    """The list lags: by the time the second is made, nobody can know of the first."""
    yard = Yard(tmp_path, {**TAG, "list_lag_s": 30})
    killed(yard, net("a"), net("b"))
    yard.turn(net("a"), net("b"))
    assert sorted(yard.things()) == ["a", "a", "b"]
    first = next(t for t in yard.world().things() if t.name == "a")
    kept = yard.items()["a"].identifier
    yard.sleep(60)
    _, walk = yard.turn(net("a"), net("b"))
    assert walk.failures == []
    assert sorted(yard.things()) == ["a", "b"]
    assert kept != first.id, "what is known and may be used by others is the one to keep"
    assert [t.id for t in yard.world().things() if t.name == "a"] == [kept]


def test_of_several_that_nobody_knows_the_oldest_is_kept(tmp_path):
    yard = Yard(tmp_path, TAG)
    killed(yard, net("a"))
    world = yard.world()
    (first,) = world.things()
    twin = world.make(first.type, first.name, first.tags, first.properties, now=yard.now())
    yard.turn(net("a"))
    assert [t.id for t in world.things()] == [first.id]
    assert yard.items().keys() == {"a"}
    assert ("delete", "a") in yard.calls
    assert twin.id != first.id


def test_a_twin_of_what_keeps_data_goes_as_well(tmp_path):
    yard = Yard(tmp_path, TAG)
    killed(yard, volume("a"))
    world = yard.world()
    (first,) = world.things()
    world.make(first.type, first.name, first.tags, first.properties, now=yard.now())
    yard.turn(volume("a"))
    assert [t.id for t in world.things()] == [first.id]


def test_what_only_a_list_can_tell_is_not_made_while_the_list_is_silent(tmp_path):
    yard = Yard(tmp_path, TAG)
    killed(yard, net("a"))
    silent = {"verb": "list", "code": "ServiceInternalError"}
    dependant = Resource(
        address="c",
        type="fake.network",
        venue="toy",
        properties=net("c").properties,
        edges=(Edge("a"),),
    )
    _, walk = yard.turn(net("a"), net("b"), dependant, faults=[silent])
    assert [f.summary for f in walk.failures] == ["it is not known whether a has been made"]
    assert sorted(yard.things()) == ["a", "b"]
    _, walk = yard.turn(net("a"), net("b"), dependant)
    assert walk.failures == []
    assert sorted(yard.things()) == ["a", "b", "c"]


def test_a_lost_answer_is_looked_for_by_the_same_turn(tmp_path):
    yard = Yard(tmp_path, TAG)
    lost = {"verb": "create", "address": "a", "code": "OutcomeUnknown", "times": 1, "late": True}
    _, walk = yard.turn(net("a"), net("b"), faults=[lost])
    assert walk.failures == []
    assert sorted(yard.things()) == ["a", "b"]
    assert walk.outcomes("done") == 1, "b was made, a was found"


def test_a_lost_request_is_made_again_by_the_same_turn(tmp_path):
    yard = Yard(tmp_path, TAG)
    lost = {"verb": "create", "address": "a", "code": "OutcomeUnknown", "times": 1}
    _, walk = yard.turn(net("a"), net("b"), faults=[lost])
    assert walk.failures == []
    assert sorted(yard.things()) == ["a", "b"]
    assert walk.outcomes("done") == 2


# Types that carry nothing at all.


def test_what_may_have_been_made_without_marks_is_shown_to_a_human(tmp_path):
    yard = Yard(tmp_path, BARE)
    yard.turn(net("old"))
    killed(yard, net("old"), net("a"))
    (_, made) = yard.world().things()
    _, walk = yard.turn(net("old"), net("a"), net("b"))
    (failure,) = walk.failures
    assert made.id in failure.detail
    assert f"moot adopt a fake.network {made.id}" in failure.remedy
    assert sorted(yard.things()) == ["a", "b", "old"]
    assert set(yard.open_intents()) == {"create a#1"}


def test_nothing_is_made_without_marks_while_nobody_knows_what_is_there(tmp_path):
    silent = {"verb": "list", "address": "*", "code": "AccessDenied"}
    yard = Yard(tmp_path, BARE)
    _, walk = yard.turn(net("a"), faults=[silent])
    assert "does not list" in walk.failures[0].detail
    assert yard.things() == []
    assert ("create", "a") not in yard.calls


def test_what_was_not_made_without_marks_is_made_again(tmp_path):
    yard = Yard(tmp_path, {**BARE, "settles_within_s": 5})
    killed(yard, net("a"), faults=[late(1000)])
    _, walk = yard.turn(net("a"))
    assert walk.failures == []
    assert yard.things() == ["a"]


# Tokens and requests.


def test_a_token_is_asked_for_the_same_request_whatever_is_wanted_now(tmp_path):
    yard = Yard(tmp_path, TOKEN)
    killed(yard, process("a", MODE="old"))
    _, walk = yard.turn(process("a", MODE="new"))
    assert walk.failures == []
    assert yard.calls[0] == ("create", "a")
    assert [t.properties["environment"] for t in yard.world().things()] == [{"MODE": "new"}]


def test_without_its_secret_a_request_is_waited_for(tmp_path):
    yard = Yard(tmp_path, {**TOKEN, "settles_within_s": 5})
    secret = Secret("password", "1")
    with pytest.raises(Killed):
        yard.turn(
            process("a", PASSWORD=secret),
            kill=("create", "a"),
            faults=[late(4)],
            secrets={secret: b"geheim"},
        )
    before = yard.ahead
    _, walk = yard.turn()
    assert walk.failures == []
    assert yard.ahead > before + 4
    assert yard.things() == []


def test_a_busy_venue_does_not_change_the_token_of_what_may_be_made_already(tmp_path):
    yard = Yard(tmp_path, TOKEN)
    lost = {"verb": "create", "address": "a", "code": "ServiceTimeout", "times": 1, "late": True}
    busy = {"verb": "create", "address": "a", "code": "Throttling", "times": 1}
    _, walk = yard.turn(net("a"), faults=[lost, busy])
    assert walk.failures == []
    assert yard.things() == ["a"]


def test_the_request_is_kept_word_for_word_and_nobody_can_read_it(tmp_path):
    yard = Yard(tmp_path, TOKEN)
    secret = Secret("password", "1")
    wanted = process("a", MODE="treasure", PASSWORD=secret)
    with pytest.raises(Killed):
        yard.turn(wanted, kill=("create", "a"), secrets={secret: b"geheim"})
    content = b"".join(path.read_bytes() for path in tmp_path.glob("moot.db*"))
    assert b"treasure" not in content
    assert b"geheim" not in content
    (intent,) = yard.open_intents().values()
    assert request.read(intent.request["want"], Vault(KEY)) == wanted


# Which things are ours.


def test_a_thing_of_a_later_generation_stops_every_change(tmp_path):
    yard = Yard(tmp_path, NAME)
    yard.turn(net("a"), net("b"))
    yard.generation = 2
    yard.turn(net("a"), net("b"), net("c"))
    yard.generation = 1
    with pytest.raises(Failure) as failed:
        yard.turn(net("a"))
    assert "moot recover" in failed.value.diagnostics[0].remedy
    assert sorted(yard.things()) == ["a", "b", "c"]


def test_what_landed_after_everything_was_taken_down_goes_with_the_next_turn(tmp_path):
    """Nobody waited for it: the venue promised that it cannot be so late."""
    yard = Yard(tmp_path, NAME)
    killed(yard, net("a"), faults=[late(50)])
    yard.turn()
    assert yard.open_intents() == {}
    yard.sleep(60)
    assert yard.things() == ["a"]
    yard.turn()
    assert yard.things() == []


def test_what_this_store_does_not_explain_is_left_alone(tmp_path):
    yard = Yard(tmp_path, NAME)
    yard.turn(net("a"))
    world = yard.world()
    (known,) = world.things()
    world.make(known.type, "a#9", {**known.tags, "moot.incarnation": "9"}, {}, now=yard.now())
    world.make(known.type, "z", {**known.tags, "moot.uid": "another"}, {}, now=yard.now())
    turn, _ = yard.turn()
    assert sorted(yard.things()) == ["a#9", "z"]
    assert len(turn.observed.warnings) == 2
