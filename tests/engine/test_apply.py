"""apply: what is told is done, written down before and after, and no venue holds up another."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from workshop import Workshop, create, net

from moot.engine.apply import PATIENCE_S
from moot.engine.lanes import AHEAD, ENOUGH
from moot.engine.slots import SHARE
from moot.model.plan import Delete, Update, Wait
from moot.model.resource import ConfigurationItem
from moot.model.value import Secret
from moot.provider import ProviderError
from moot.store import LeaseHeld, open_store

FAST = 30.0  # a time-out of a minute is over in two seconds


@pytest.fixture
def shop(tmp_path):
    made = Workshop(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def hurried(tmp_path):
    made = Workshop(tmp_path, speed=FAST)
    yield made
    made.store.close()


def open_intents(shop) -> set[str]:
    return {intent.change for intent in shop.store.open_intents("shop")}


# The journal.


def test_the_intent_is_on_disk_before_the_call_and_the_result_after_it(shop):
    seen = {}

    def look(address, op):
        other = open_store(shop.home / "moot.db")
        intents = {i.change: i.token for i in other.open_intents("shop")}
        seen[address] = (intents, [i.address for i in other.inventory("shop")], op.token)
        other.close()

    shop.hooks["create"] = look
    walk = shop.apply(create("a"), create("b", "a"))
    assert not walk.failures
    assert seen["a"] == ({"create a#1": seen["a"][2]}, [], seen["a"][2])
    assert seen["b"] == ({"create b#1": seen["b"][2]}, ["a"], seen["b"][2])
    assert open_intents(shop) == set()
    assert set(shop.items()) == {"a", "b"}


def test_a_result_and_what_it_makes_ready_are_one_transaction(shop):
    turns = []
    inner = shop.store.turn
    shop.store.turn = lambda lease=None: turns.append(1) or inner(lease)
    shop.apply(create("a"), create("b", "a"), create("c", "a"), create("d", "b"))
    assert len(turns) <= 1 + 1 + 4  # the lease, the first intent, four results


def test_a_result_waits_for_others_only_while_there_are_calls_enough(shop):
    naps, company = [], threading.Event()
    shop.venues.env = replace(shop.env, sleep=lambda s: naps.append(s) or company.set())
    shop.apply(*(create(f"few{n}") for n in range(SHARE)))
    assert naps == []
    shop.hooks["create"] = lambda address, op: address == "many0" or company.wait(1.0)
    shop.apply(*(create(f"many{n}") for n in range(2 * ENOUGH * SHARE)))
    assert set(naps) == {PATIENCE_S}


def test_what_was_made_is_updated_and_deleted(shop):
    shop.apply(create("a"), create("b"))
    have = shop.items()
    walk = shop.apply(
        Update(want=net("a", options={"x": 1}), have=have["a"]), Delete(have=have["b"])
    )
    assert walk.outcomes("done") == 2
    assert shop.items()["a"].applied["options"] == {"x": 1}
    assert set(shop.items()) == set(shop.things()) == {"a"}


def test_secrets_are_in_the_call_and_nowhere_else(shop):
    seen = []
    provider = shop.venues.provider("toy")
    inner = provider.create
    provider.create = lambda want, op: seen.append(want.properties) or inner(want, op)
    password = Secret("pw", "1")
    shop.apply(create("a", options={"pw": password}), secrets={password: b"geheim"})
    assert seen[0]["options"] == {"pw": "geheim"}
    assert shop.items()["a"].applied["options"] == {"pw": password}
    walk = shop.apply(create("b", options={"pw": Secret("gone", "1")}))
    assert "'gone' is not at hand" in walk.failures[0].detail


# Failure.


def test_a_failed_create_is_settled_and_counted(shop):
    """A venue may have made half of it: whoever comes next must be able to explain that."""

    def fail(address, op):
        raise ProviderError("InvalidRequest", "no such image")

    shop.hooks["create"] = fail
    walk = shop.apply(create("a"), create("b", "a"))
    assert [f.detail for f in walk.failures] == ["InvalidRequest: no such image"]
    assert open_intents(shop) == set()
    assert shop.store.attempts("shop", "a", 1) == 1
    assert shop.store.intended("shop", "a", 1) is not None


def test_a_failed_delete_is_settled(shop):
    shop.apply(create("a"))

    def fail(address, op):
        raise ProviderError("AccessDenied", "no")

    shop.hooks["delete"] = fail
    assert len(shop.apply(Delete(have=shop.items()["a"])).failures) == 1
    assert open_intents(shop) == set()
    assert set(shop.items()) == {"a"}


def test_a_defect_of_a_provider_is_a_failure_like_any_other(shop):
    def fail(address, op):
        if address == "a":
            raise ZeroDivisionError("oops")

    shop.hooks["create"] = fail
    walk = shop.apply(create("a"), create("b"))
    assert "ZeroDivisionError: oops (a defect of the provider)" in walk.failures[0].detail
    assert set(shop.items()) == {"b"}


@pytest.mark.parametrize(
    ("code", "same"), [("Throttling", False), ("ServiceTimeout", True), ("NetworkFailure", True)]
)
def test_only_a_definite_failure_gets_a_new_token(hurried, code, same):
    tokens = []

    def fail_once(address, op):
        tokens.append(op.token)
        if len(tokens) == 1:
            raise ProviderError(code, "not now")

    hurried.hooks["create"] = fail_once
    assert not hurried.apply(create("a")).failures
    assert (tokens[0] == tokens[1]) is same


def test_a_venue_that_is_not_configured_any_more_fails_at_once(shop):
    gone = ConfigurationItem(type="fake.network", venue="gone", identifier="x", address="g")
    with shop.store.turn():
        shop.store.record("shop", "g", 1, gone, 1.0, "test")
        shop.store.put_identity("shop", "g", "uid", 1)
    walk = shop.apply(
        create("a"), Delete(have=gone), create("b", Wait(None, "g", "healthy")), create("c")
    )
    assert set(shop.items()) == {"a", "b", "c", "g"}  # a thing without a status is ready
    assert [f.summary for f in walk.failures] == ["could not delete g"]


def test_a_venue_that_throttles_is_asked_less_often_and_all_is_made_in_the_end(hurried):
    """Twenty calls a second of this clock and no more; nobody's tries are used up by that."""
    refused, taken, lock = [], [], threading.Lock()

    def throttle(address, op):
        with lock:
            now = hurried.env.now()
            if sum(at > now - 1 for at in taken[-20:]) == 20:
                refused.append(address)
                raise ProviderError("Throttling", "too many")
            taken.append(now)

    hurried.hooks["create"] = throttle
    walk = hurried.apply(*(create(str(n)) for n in range(300)))
    assert not walk.failures
    assert len(hurried.things()) == 300
    assert refused
    assert hurried.slots.governor("toy", "").rate < 100


def test_a_throttled_question_is_asked_again(hurried):
    hurried.apply(create("a"), create("b"))
    asked = []

    def throttle(venue, type):
        asked.append(type)
        if len(asked) < 3:
            raise ProviderError("Throttling", "too many")

    hurried.hooks["list"] = throttle
    assert not hurried.observe().stale
    assert len(asked) >= 3


# Time.


def test_a_call_that_hangs_is_given_up_and_other_venues_go_on(hurried):
    release = threading.Event()

    def hang(address, op):
        if address.startswith("hung"):
            release.wait(30)

    hurried.hooks["create"] = hang
    hung = [create(f"hung{n}") for n in range(SHARE)]
    walk = hurried.apply(
        *hung, create("late"), create("behind", "hung0"), create("x", venue="other")
    )
    assert len(walk.failures) == SHARE
    assert all("did not answer in time" in f.detail for f in walk.failures)
    assert {"late", "x"} <= set(hurried.items())
    assert walk.settled["create behind#1"] == "blocked"
    assert open_intents(hurried) == {c.key for c in hung}
    done = [address for phase, address in hurried.steps if phase == "done"]
    assert done[0] == "x"
    release.set()


def test_a_look_that_hangs_is_given_up_too(hurried):
    release = threading.Event()
    looks = []

    def hang(address):
        looks.append(address)
        if len(looks) == 1:
            release.wait(30)

    hurried.hooks["read"] = hang
    waiting = ConfigurationItem(
        type="fake.process", venue="toy", identifier="x", address="p", status="starting"
    )
    with hurried.store.turn():
        hurried.store.record("shop", "p", 1, waiting, 1.0, "test")
        hurried.store.put_identity("shop", "p", "uid", 1)
    walk = hurried.apply(create("a", Wait(None, "p", "healthy")))
    assert len(walk.failures) == 1
    release.set()


def test_the_time_of_a_call_counts_from_its_begin(hurried):
    hurried.speed = 100.0
    late = []

    def slow(address, op):
        late.append(op.deadline - hurried.env.now())
        threading.Event().wait(0.15)  # fifteen seconds of this clock

    hurried.hooks["create"] = slow
    walk = hurried.apply(*(create(str(n)) for n in range(SHARE * 6)))
    assert not walk.failures
    assert min(late) > 10


# Stopping.


def test_a_cancel_lets_what_runs_end_and_starts_nothing_more(shop):
    cancelled = threading.Event()

    def cancel(address, op):
        cancelled.set()

    shop.hooks["create"] = cancel
    shop.settings["latency_s"] = 0.3
    walk = shop.apply(create("a"), create("b", "a"), cancelled=cancelled)
    assert walk.cancelled
    assert set(shop.items()) == {"a"}
    assert open_intents(shop) == set()
    assert "create b#1" not in walk.settled


def test_calls_that_never_began_are_withdrawn_from_the_journal(shop):
    """A retry that waits for its time had begun: its end is open.  Those in the queue had not."""
    cancelled, release = threading.Event(), threading.Event()
    begun = []

    def block(address, op):
        begun.append(address)
        if address == "retry":
            raise ProviderError("NetworkFailure", "again", retry_after=1e6)
        if len(begun) > SHARE // 2:
            cancelled.set()
        release.wait(0.1)

    shop.hooks["create"] = block
    names = [str(n) for n in range(3 * SHARE)]
    walk = shop.apply(create("retry"), *(create(n) for n in names), cancelled=cancelled)
    assert walk.cancelled
    assert open_intents(shop) == {"create retry#1"}
    assert set(shop.items()) == {b for b in begun if b != "retry"}
    assert len(begun) < len(names)


def test_what_was_never_about_to_be_called_is_not_in_the_journal(shop):
    """Intents run only a little ahead of the calls, however many changes are ready."""
    cancelled, written = threading.Event(), []

    def look(address, op):
        if not written:
            written.append(len(open_intents_elsewhere(shop)))
        cancelled.set()

    shop.hooks["create"] = look
    count = 3 * AHEAD * SHARE
    walk = shop.apply(*(create(str(n)) for n in range(count)), cancelled=cancelled)
    assert walk.cancelled
    assert written[0] <= AHEAD * SHARE
    assert open_intents(shop) == set()
    assert 0 < len(shop.items()) == len(shop.things()) < count


def open_intents_elsewhere(shop):
    """The open intents as another process sees them now."""
    other = open_store(shop.home / "moot.db")
    try:
        return other.open_intents("shop")
    finally:
        other.close()


def test_when_the_lease_is_lost_no_further_call_is_made(shop):
    """Whoever took over observes and plans anew: what this one still has in mind is outdated."""
    begun, release = [], threading.Event()

    def block(address, op):
        begun.append(address)
        if address == "first":
            shop.store.claim("shop", "thief", 1.0, 1.0, lambda holder: True)
        else:
            release.wait(10)

    shop.hooks["create"] = block
    with pytest.raises(LeaseHeld):
        shop.apply(create("first"), *(create(str(n)) for n in range(2 * SHARE)))
    before = len(begun)
    release.set()
    idle = threading.Event()
    shop.slots.submit("toy", idle.set)
    assert idle.wait(10)
    assert len(begun) == before
    assert shop.items() == {}
