"""One apply as a state and a function: an event happens, effects follow; no clock, no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from moot.engine.effect import Call, Effect, Look, Record, Remember, Seen, Tell
from moot.engine.event import (
    Begun,
    Cancelled,
    Continued,
    Event,
    Failed,
    Looked,
    Succeeded,
    Withdrawn,
)
from moot.engine.possible import comes_to_nothing
from moot.engine.trouble import (
    blocked_forever,
    call_failed,
    never_reached,
    vanished,
)
from moot.engine.walk import Walk
from moot.model.plan import Change, Delete, Wait
from moot.model.resource import ConfigurationItem

TRIES = 5
# Failures that do not tell whether the call had an effect.
UNKNOWN = frozenset({"OutcomeUnknown", "ServiceTimeout", "NetworkFailure"})
# Creates that would make a second one when repeated; only a listing tells what became of them.
UNREPEATABLE = frozenset({"TAG", "BARE"})
FIRST_LOOK_S = 0.03
LONGEST_LOOK_S = 1.0
LONG_S = 5.0  # a wait that takes so long is told


def step(walk: Walk, event: Event) -> list[Effect]:
    """What follows from one event.  The caller records before it calls."""
    effects = _react(walk, event)
    while walk.ready:
        effects += _open(walk, walk.ready.popleft(), event.now)
    return effects


def _react(walk: Walk, event: Event) -> list[Effect]:
    match event:
        case Begun(now):
            walk.ready.extend(name for name, count in walk.unmet.items() if not count)
            return _meet(walk, walk.behind.get(None, []), now)
        case Succeeded(key, item, now):
            return _succeeded(walk, walk.changes[key], item, now)
        case Continued(key, seconds, resume, note, now):
            change = walk.changes[key]
            walk.answers[_venue(change)] += 1
            walk.resumes[key] = resume
            effects: list[Effect] = [Remember(change, resume), Tell(change, "pending", note)]
            if walk.cancelled:
                walk.in_flight.discard(key)
                return effects
            attempt = walk.attempts.get(key, 0)
            return [*effects, Call(change, attempt, now + seconds, resume, called=True)]
        case Failed():
            return _failed(walk, event)
        case Withdrawn(key, called):
            walk.in_flight.discard(key)
            return [] if called else [Record(walk.changes[key], None, "withdrawn")]
        case Looked(address, item, error, now):
            return _looked(walk, address, item, error, now)
        case Cancelled():
            walk.cancelled = True
            return []


def _open(walk: Walk, name: str, now: float) -> list[Effect]:
    """All waits of a node are met: a gate lets its followers go, a change is started."""
    if name in walk.settled or walk.cancelled:
        return []
    change = walk.changes.get(name)
    if change is None:
        return _settle(walk, name, "done", now)
    if comes_to_nothing(walk, change):
        return [Tell(change, "dropped"), *_settle(walk, name, "dropped", now)]
    if name in walk.refused:
        walk.failures.append(walk.refused[name])
        told = Tell(change, "failed", walk.refused[name].detail)
        return [told, *_settle(walk, name, "failed", now)]
    walk.in_flight.add(name)
    at = max(now, walk.not_before.get(name, now))
    return [Tell(change, "started"), Call(change, walk.attempts.get(name, 0), at)]


def _settle(walk: Walk, name: str, outcome: str, now: float) -> list[Effect]:
    """A change or gate is through; those that wait for it come nearer, or are blocked with it."""
    walk.settled[name] = outcome
    waits = walk.behind.get(name, [])
    if outcome in {"done", "dropped"}:
        return _meet(walk, waits, now)
    _break(walk, waits)
    return []


def _meet(walk: Walk, waits: Iterable[Wait], now: float) -> list[Effect]:
    """The changes of these waits are through; what is left of them is a condition, if any."""
    effects: list[Effect] = []
    for wait in waits:
        if wait.address is None or wait.condition is None:
            _pass(walk, wait, now)
        elif (item := walk.items.get(wait.address)) is None:
            walk.failures.append(vanished(wait.address))
            _break(walk, [wait])
        else:
            watched = wait.address in walk.watches
            walk.watches.setdefault(wait.address, []).append(wait)
            walk.since.setdefault(wait.address, (now, FIRST_LOOK_S))
            _judge(walk, item, now)
            if wait.address in walk.watches and not watched:
                effects += _again(walk, item, now)
    return effects


def _pass(walk: Walk, wait: Wait, now: float) -> None:
    """A wait is met for good."""
    for name in walk.waiting[wait]:
        walk.unmet[name] -= 1
        if wait.delay_s:
            walk.not_before[name] = max(walk.not_before.get(name, now), now + wait.delay_s)
        if not walk.unmet[name]:
            walk.ready.append(name)


def _break(walk: Walk, waits: Iterable[Wait]) -> None:
    """These waits can never be met: whatever stands behind them is blocked, and so on."""
    queue = list(waits)
    while queue:
        for name in walk.waiting[queue.pop()]:
            if name not in walk.settled and name not in walk.in_flight:
                walk.settled[name] = "blocked"
                queue += walk.behind.get(name, [])


def _judge(walk: Walk, item: ConfigurationItem, now: float) -> None:
    """Look at one item with the eyes of every wait that watches it."""
    address = str(item.address)
    kept: list[Wait] = []
    for wait in walk.watches.pop(address, []):
        assert wait.condition is not None
        if item.has_reached(wait.condition):
            _pass(walk, wait, now)
            continue
        if item.cannot_reach(wait.condition):
            walk.failures.append(blocked_forever(item, wait.condition))
        elif wait.condition != "completed" and now - walk.since[address][0] > item.ready_within_s:
            walk.failures.append(never_reached(item, wait.condition))
        else:
            kept.append(wait)
            continue
        _break(walk, [wait])
    if kept:
        walk.watches[address] = kept


def _again(walk: Walk, item: ConfigurationItem, now: float) -> list[Effect]:
    """Look again, less and less often; and say once what is waited for, where that takes long."""
    address = str(item.address)
    begun, pause = walk.since[address]
    walk.since[address] = (begun, min(pause * 1.4, LONGEST_LOOK_S))
    look = Look(item, now + pause)
    if now - begun < LONG_S or address in walk.told:
        return [look]
    walk.told.add(address)
    wait = walk.watches[address][0]
    note = f"waiting for {address} to be {wait.condition}; it is {item.status}"
    return [look, *(Tell(change, "waiting", note) for change in islice(_behind(walk, wait), 1))]


def _behind(walk: Walk, wait: Wait) -> Iterator[Change]:
    """The changes that this wait holds up."""
    waits = deque([wait])
    while waits:
        for name in walk.waiting[waits.popleft()]:
            if name in walk.changes:
                yield walk.changes[name]
            else:
                waits += walk.behind.get(name, [])


def _looked(
    walk: Walk, address: str, item: ConfigurationItem | None, error: str, now: float
) -> list[Effect]:
    known = walk.items.get(address)
    if known is None or address not in walk.watches:
        return []
    if error:
        item = known
    if item is None or item.incarnation != known.incarnation:
        walk.failures.append(vanished(address))
        _break(walk, walk.watches.pop(address, []))
        return []
    walk.items[address] = item
    effects: list[Effect] = [Seen(item)] if item.status != known.status else []
    _judge(walk, item, now)
    if address in walk.watches:
        effects += _again(walk, item, now)
    return effects


def _succeeded(
    walk: Walk, change: Change, item: ConfigurationItem | None, now: float
) -> list[Effect]:
    walk.in_flight.discard(change.key)
    walk.answers[_venue(change)] += 1
    if item is not None:
        walk.items[change.address] = item
        walk.since.pop(change.address, None)
    elif (standing := walk.items.get(change.address)) and (
        standing.incarnation == change.incarnation
    ):
        del walk.items[change.address]
    effects: list[Effect] = [Record(change, item, "done"), Tell(change, "done")]
    return effects + _settle(walk, change.key, "done", now)


def _failed(walk: Walk, event: Failed) -> list[Effect]:
    change = walk.changes[event.key]
    tries = walk.tries[event.key] = walk.tries.get(event.key, 0) + _counts(walk, change, event.code)
    attempt = walk.attempts.get(event.key, 0) + _definite(walk, event)
    walk.attempts[event.key] = attempt
    if tries < TRIES and _may_repeat(walk, change, event):
        pause = event.retry_after if event.retry_after is not None else 0.2 * 2 ** max(tries, 1)
        note = f"{event.message}; trying again"
        resume = walk.resumes.get(event.key)
        again = Call(change, attempt, event.now + pause, resume, called=True)
        return [Tell(change, "pending", note), again]
    walk.in_flight.discard(event.key)
    walk.failures.append(call_failed(change, event.code, event.message, event.remedy))
    effects: list[Effect] = [
        Record(change, None, event.code),
        Tell(change, "failed", event.message),
    ]
    return effects + _settle(walk, event.key, "failed", event.now)


def _definite(walk: Walk, event: Failed) -> bool:
    """Whether it is known for sure that no call so far has made anything.

    What was asked before and may have been done is not undone by a venue that is busy now.
    """
    if event.code in UNKNOWN:
        walk.unknown.add(event.key)
        return False
    begun = event.key in walk.unknown or event.key in walk.resumes
    return not (event.retryable and begun)


def _counts(walk: Walk, change: Change, code: str) -> bool:
    """Whether a failure is one of the few a change may have.

    Throttling is not as long as the venue answers others: this one's turn will come.
    """
    if code != "Throttling":
        return True
    answers = walk.answers[_venue(change)]
    progress = answers > walk.throttled.get(change.key, 0)
    walk.throttled[change.key] = answers
    return not progress


def _may_repeat(walk: Walk, change: Change, event: Failed) -> bool:
    """Whether the same call may be made once more, by this walk."""
    lost = event.code in UNKNOWN and walk.recovery(change) in UNREPEATABLE
    return event.retryable and not lost and not walk.cancelled


def _venue(change: Change) -> str:
    return (change.have if isinstance(change, Delete) else change.want).venue
