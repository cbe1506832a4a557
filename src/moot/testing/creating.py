"""Checks of create, update and delete: done once, done to the right thing, done to the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON, at_path
from moot.provider import Done, Operation, Pending, ProviderError, Scope
from moot.testing.trial import Bench, Inapplicable, through_store

Answer = TypeVar("Answer")
PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0)  # what a venue is given that says no for how long


def create_describes_what_it_made(bench: Bench, type: str) -> None:
    """The item that create returns says what it is, where, and that it is ours."""
    want = bench.sample(type)
    item = bench.create(want)
    assert item.identifier, "it has no identifier"
    assert (item.type, item.venue) == (want.type, want.venue), f"it is a {item.type}@{item.venue}"
    assert item.address == want.address, f"it is at {item.address}, not at {want.address}"
    assert item.incarnation == 1, f"it is incarnation {item.incarnation}, not 1"
    assert item.installation == bench.installation, f"it belongs to {item.installation}"


def create_is_idempotent(bench: Bench, type: str) -> None:
    """The same attempt twice makes one thing, whoever repeats it."""
    _unless_bare(bench, type)
    want = bench.sample(type)
    op = bench.operation(bench.marks(want))
    first = bench.create(want, op)
    bench.provider = bench.trial.provider()
    _catch_up(bench, type)
    second = bench.create(want, op)
    assert first.identifier == second.identifier, (
        f"the same attempt made {first.identifier} and {second.identifier}"
    )


def create_keeps_off_strangers(bench: Bench, type: str) -> None:
    """What has our name without our marks is AlreadyExists and stays as it is."""
    if bench.schema(type).create_class != "NAME":
        raise Inapplicable("its name is not what identifies it")
    want = bench.sample(type)
    theirs = bench.create(want, bench.operation(bench.marks(want, owner="-stranger")))
    before = bench.provider.read(theirs)
    try:
        ours = bench.create(want)
        assert ours.identifier != theirs.identifier, "create took over what belongs to another"
    except ProviderError as error:
        assert error.code == "AlreadyExists", f"the code was {error.code}, not AlreadyExists"
    assert _same(bench.provider.read(theirs), before), "create changed what belongs to another"


def pending_is_resumed(bench: Bench, type: str) -> None:
    """Each call may come from another process: all that is known is the stored `resume`."""
    want = bench.sample(type)
    op = bench.operation(bench.marks(want))

    def create(step: Operation) -> Done | Pending:
        return bench.trial.provider().create(want, step)

    item = bench.finish(create, op)
    assert item is not None, "create was Done without an item"
    bench.adopt(item, op.marks)
    _exactly_one(bench, item)

    def delete(step: Operation) -> Done | Pending:
        return bench.trial.provider().delete(item, step)

    assert bench.finish(delete, bench.operation(op.marks)) is None, "Done with what was deleted"
    assert bench.provider.read(item) is None, "delete was Done and it is still there"


def lost_resume_is_survived(bench: Bench, type: str) -> None:
    """A call whose answer was never recorded is made again from the start and makes no second."""
    _unless_bare(bench, type)
    want = bench.sample(type)
    op = bench.operation(bench.marks(want))
    through_store(_resume(bench.trial.provider().create(want, op)))
    bench.provider = bench.trial.provider()
    _catch_up(bench, type)
    _exactly_one(bench, bench.create(want, op))


def twice_at_once_makes_one(bench: Bench, type: str) -> None:
    """The same attempt from two threads at the same time makes one thing."""
    if bench.schema(type).create_class in {"TAG", "BARE"}:
        raise Inapplicable("a venue that only has tags cannot promise it")
    want = bench.sample(type)
    op = bench.operation(bench.marks(want))
    call = lambda: bench.create(want, op)  # noqa: E731
    found = {item.identifier for item in _at_once([lambda: _retried(call)] * 4)}
    assert len(found) == 1, f"one attempt made {sorted(found)}"


def different_things_at_once(bench: Bench, type: str) -> None:
    """Handlers of different things do not get in each other's way."""
    others = [Bench(bench.trial) for _ in range(3)]
    try:
        samples = [(other, other.sample(type)) for other in others]
        calls = [_creation(other, want) for other, want in samples]
        found = {item.identifier for item in _at_once(calls)}
        assert len(found) == len(others), f"{len(others)} creates made {sorted(found)}"
    finally:
        for other in others:
            other.close()


def update_takes_on_what_is_wanted(bench: Bench, type: str) -> None:
    """An update in place keeps the thing and reaches every wanted property; twice is as once."""
    changes = bench.trial.updated.get(type)
    if not changes:
        raise Inapplicable("the trial has no update for it")
    want = bench.sample(type)
    item = bench.create(want)
    wanted = bench.resolved(want, changes)
    for _ in range(2):
        op = bench.operation(bench.marks(want))
        updated = bench.finish(lambda o: bench.provider.update(item, wanted, o), op)
        assert updated is not None, "update was Done without an item"
        assert updated.identifier == item.identifier, "update made another thing of it"
    seen = bench.provider.read(item)
    assert seen is not None, "update lost it"
    assert seen.address == item.address, f"update moved it to {seen.address}"
    for path in changes:
        if path not in bench.schema(type).write_only:
            got = at_path(seen.properties, path)
            assert _holds(got, wanted.properties[path]), f"{path} is {got!r} after the update"


def incarnations_stand_side_by_side(bench: Bench, type: str) -> None:
    """What cannot be changed in place is made anew beside the old one, which then goes alone."""
    changes = bench.trial.replaced.get(type)
    if not changes:
        raise Inapplicable("the trial has no replacement for it")
    want = bench.sample(type)
    if want.exclusive:
        raise Inapplicable("it claims something that only one can hold")
    old = bench.create(want)
    marks = bench.marks(want, incarnation=2)
    new = bench.create(bench.resolved(want, changes), bench.operation(marks))
    assert new.identifier != old.identifier, "the new incarnation is the old one"
    assert new.incarnation == 2, f"the new incarnation says it is number {new.incarnation}"
    assert bench.provider.read(old) is not None, "the new incarnation ended the old one"
    bench.delete(old, bench.marks(want))
    assert bench.provider.read(old) is None, "the old incarnation stayed"
    assert bench.provider.read(new) is not None, "the new incarnation went with the old one"


def delete_is_idempotent(bench: Bench, type: str) -> None:
    """Deleting ends with Done(None), also when it is gone already."""
    want = bench.sample(type)
    item = bench.create(want)
    for _ in range(2):
        assert bench.delete(item, bench.marks(want)) is None, "Done with what was deleted"
        assert bench.provider.read(item) is None, "it is still there"


def delete_reads_the_marks(bench: Bench, type: str) -> None:
    """Identifiers are reused: what has the old one's by now, but other marks, stays."""
    _unless_bare(bench, type)
    want = bench.sample(type)
    old = bench.create(want)
    bench.delete(old, bench.marks(want))
    theirs = bench.create(want, bench.operation(bench.marks(want, owner="-stranger")))
    for stale in (old, replace(theirs, address=old.address, installation=old.installation)):
        try:
            bench.delete(stale, bench.marks(want))
        except ProviderError as error:
            assert not error.retryable, f"{error.code} invites to try again"
        assert bench.provider.read(theirs) is not None, "delete removed what belongs to another"


def data_outlives_its_users(bench: Bench, type: str) -> None:
    """What keeps data stays when everything that uses it is deleted."""
    if not bench.schema(type).keeps_data:
        raise Inapplicable("it keeps no data")
    want = bench.sample(type)
    kept = bench.made[want.address] = bench.create(want)
    users = [user for user in bench.wants.values() if want.address in user.depends_on]
    for user in users:
        bench.prepare(user)
        item = bench.create(bench.resolved(user))
        bench.delete(item, bench.marks(user))
    seen = bench.provider.read(kept)
    assert users, "nothing in the trial uses it"
    assert seen is not None, "it went with its user"
    assert seen.identifier == kept.identifier, "it was made anew"


def _unless_bare(bench: Bench, type: str) -> None:
    if bench.schema(type).create_class == "BARE":
        raise Inapplicable("the venue keeps no marks, and says so")


def _catch_up(bench: Bench, type: str) -> None:
    """Where only tags tell what is there, a create finds it as soon as lists show it."""
    if bench.schema(type).create_class == "TAG":
        time.sleep(bench.trial.list_lag_s)


def _exactly_one(bench: Bench, item: ConfigurationItem) -> None:
    """There is one thing at the item's address, as far as marks can tell."""
    if bench.schema(item.type).create_class == "BARE":
        return
    assert bench.provider.read(item) is not None, "create was Done and there is nothing"
    listed = bench.listed(item.type, Scope(installation=bench.installation, app=bench.app))
    found = {other.identifier for other in listed if other.address == item.address}
    assert found <= {item.identifier}, f"one create made {sorted(found)}"


def _holds(got: JSON, wanted: JSON) -> bool:
    """Whether it is what was wanted; a venue may say more than it was asked for."""
    if isinstance(got, Mapping) and isinstance(wanted, Mapping):
        return all(_holds(got.get(key), value) for key, value in wanted.items())
    return got == wanted


def _same(one: ConfigurationItem | None, other: ConfigurationItem | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.identifier, one.installation, one.properties) == (
        other.identifier,
        other.installation,
        other.properties,
    )


def _resume(progress: Done | Pending) -> object:
    return progress.resume if isinstance(progress, Pending) else None


def _creation(bench: Bench, want: Resource) -> Callable[[], ConfigurationItem]:
    return lambda: bench.create(want)


def _at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def _retried(call: Callable[[], Answer]) -> Answer:
    """A venue may refuse two calls at once, if it says that trying again helps, after a while."""
    for pause_s in PAUSES_S:
        try:
            return call()
        except ProviderError as error:
            if not error.retryable:
                raise
            time.sleep(error.retry_after or pause_s)
    return call()


CHECKS = (
    create_describes_what_it_made,
    create_is_idempotent,
    create_keeps_off_strangers,
    pending_is_resumed,
    lost_resume_is_survived,
    twice_at_once_makes_one,
    different_things_at_once,
    update_takes_on_what_is_wanted,
    incarnations_stand_side_by_side,
    delete_is_idempotent,
    delete_reads_the_marks,
    data_outlives_its_users,
)
