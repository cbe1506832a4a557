"""Faults planted into the engine, each one a rule of the design left out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import moot.engine.identify
import moot.engine.journal
import moot.engine.listing
import moot.engine.observe
import moot.engine.reconcile
import moot.engine.recovery
import moot.engine.settling
import moot.engine.step
import moot.passes.order
from moot.engine.effect import Call, Record, Seen
from moot.engine.journal import Journal
from moot.model.plan import Create, Delete
from moot.store import LeaseHeld
from moot.testing.world.memory import MemoryStore
from moot.testing.world.provider import SimProvider

Fault = Callable[[], AbstractContextManager[Any]]


def recorded_only_after_the_call() -> AbstractContextManager[Any]:
    """The broken engine: nothing is written before a call, everything after it."""

    def commit(self: Journal, effects, walk) -> None:
        for effect in effects:
            if isinstance(effect, Call) and isinstance(effect.change, Create):
                self.uids.setdefault(effect.change.address, uuid.uuid4().hex)
        with self.store.turn(self.lease):
            for effect in effects:
                match effect:
                    case Record(_, item, "done") if item is not None:
                        self.write(item)
                    case Record(Delete(have=have), None, "done"):
                        self.gone(have, self.cause)
                    case Seen(item):
                        self.write(item)
                    case _:
                        pass

    return patch.object(Journal, "commit", commit)


def settled_on_a_time_out() -> AbstractContextManager[Any]:
    """A time-out is taken for a failure: the intent is closed and its request forgotten."""

    def result(self: Journal, change, item, outcome, walk) -> None:
        if outcome == "done":
            return real(self, change, item, outcome, walk)
        if (intent := self.intents.pop(change.key, None)) is not None:
            self.store.settle(intent, outcome.lower(), self.now())
        return None

    real = Journal._result
    return patch.object(Journal, "_result", result)


def attempt_raised_on_a_time_out() -> AbstractContextManager[Any]:
    """Every failure counts as definite, so that the next try has another token."""
    return patch.object(moot.engine.step, "_definite", lambda walk, event: True)


def token_of_the_moment() -> AbstractContextManager[Any]:
    """The token depends on when it is asked for."""
    real = Journal.token

    def token(self: Journal, change, attempt):
        return real(self, change, attempt)[:20] + f"{self.renewed_at:012.0f}"

    return patch.object(Journal, "token", token)


def lease_not_proved() -> AbstractContextManager[Any]:
    """A transaction does not ask whose the App is."""
    return patch.object(MemoryStore, "_prove", lambda self, lease: None)


def epoch_stays() -> AbstractContextManager[Any]:
    """A new holder has the old one's epoch, and only the epoch is compared."""
    real = MemoryStore.claim

    def claim(self, app, holder, now, seconds, gone):
        lease = real(self, app, holder, now, seconds, gone)
        with self.turn():
            self._put(self._leases, app, replace(lease, epoch=1))
        return replace(lease, epoch=1)

    def prove(self, lease):
        held = self._leases.get(lease.app)
        if held is None or held.epoch != lease.epoch:
            raise LeaseHeld(held or lease)

    return _both(
        patch.object(MemoryStore, "claim", claim), patch.object(MemoryStore, "_prove", prove)
    )


def doubles_stay() -> AbstractContextManager[Any]:
    """Of several things made for one address one is looked at, and the others are not."""
    real = moot.engine.identify.identify

    def identify(found, known, uids):
        return {key: item for key, item in real(found, known, uids).items() if "~" not in key[0]}

    return patch.object(moot.engine.observe, "identify", identify)


def youngest_stays() -> AbstractContextManager[Any]:
    """Of several things made for one address the youngest is kept, whichever is recorded."""

    def sort(items, ours):
        return sorted(items, key=lambda item: (item.since, item.identifier), reverse=True)

    return patch.object(moot.engine.identify, "_oldest_first", sort)


def marks_not_read() -> AbstractContextManager[Any]:
    """A delete trusts the identifier."""
    real = SimProvider.delete

    def delete(self, item, op):
        with patch.object(SimProvider, "_is_ours", lambda self, thing, marks: True):
            return real(self, item, op)

    return patch.object(SimProvider, "delete", delete)


def deleted_before_ready() -> AbstractContextManager[Any]:
    """What is replaced does not wait until its successor serves."""
    real = moot.passes.order._Desk.delete

    def delete(self, change):
        before = list(self.soft[change.key])
        real(self, change)
        self.soft[change.key] = before
        self.last[change.key] = []

    return patch.object(moot.passes.order._Desk, "delete", delete)


def late_calls_not_waited_for() -> AbstractContextManager[Any]:
    """A call whose end nobody saw is taken to be over at once."""
    return _both(
        patch.object(moot.engine.settling, "over_at", lambda *_: 0.0),
        patch.object(moot.engine.recovery, "over_at", lambda *_: 0.0),
    )


def half_made_is_whole() -> AbstractContextManager[Any]:
    """What an interrupted create left behind is taken for finished."""
    real = moot.engine.observe._View.take_on

    def take_on(self):
        real(self)
        self.current = {k: i and replace(i, unfinished=False) for k, i in self.current.items()}

    return patch.object(moot.engine.observe._View, "take_on", take_on)


def incarnation_used_again() -> AbstractContextManager[Any]:
    """The highest incarnation an address ever had is not remembered."""
    real = MemoryStore.put_identity

    def put(self, app, address, uid, incarnation):
        real(self, app, address, uid, 0)

    return patch.object(MemoryStore, "put_identity", put)


def lists_believed() -> AbstractContextManager[Any]:
    """What a list does not show is gone, whatever a read would say."""
    return patch.object(
        moot.engine.observe, "read_each", lambda items, *_: dict.fromkeys(items, None)
    )


def strays_swept() -> AbstractContextManager[Any]:
    """Whatever carries our marks is ours, also where no journal explains it."""
    real = moot.engine.observe.explained
    explained = lambda seen, *rest: real(seen, *rest) or seen  # noqa: E731
    return patch.object(moot.engine.observe, "explained", explained)


def data_not_kept() -> AbstractContextManager[Any]:
    """What was taken on after a crash is not known to keep data."""
    real = moot.engine.observe._View.take_on

    def take_on(self):
        before = set(self.current)
        real(self)
        for key in self.current.keys() - before:
            self.current[key] = replace(self.current[key], keeps_data=False)

    return patch.object(moot.engine.observe._View, "take_on", take_on)


def result_without_item() -> AbstractContextManager[Any]:
    """The end of a call is recorded, and what it left is not; nor is it looked for again."""

    def write(self: Journal, item):
        address = str(item.address)
        self.store.put_identity(self.app, address, self.uids[address], item.incarnation)

    return _both(
        patch.object(Journal, "write", write),
        patch.object(moot.engine.observe, "explained", lambda *_: None),
    )


PLANTED: Mapping[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        settled_on_a_time_out,
        attempt_raised_on_a_time_out,
        token_of_the_moment,
        lease_not_proved,
        epoch_stays,
        doubles_stay,
        youngest_stays,
        marks_not_read,
        deleted_before_ready,
        late_calls_not_waited_for,
        half_made_is_whole,
        incarnation_used_again,
        lists_believed,
        strays_swept,
        data_not_kept,
        result_without_item,
    )
}


@contextmanager
def _both(one: Any, other: Any) -> Iterator[None]:
    with one, other:
        yield
