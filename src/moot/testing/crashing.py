"""Checks of what is left when moot's own process ends: exactly what was asked for, once.

For every type the process ends before a call, after the call but before its end is written down,
and between two answers of Pending.  Then the engine's own recovery runs, as the next `moot up`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from moot.engine.walk import Walk
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import Value
from moot.provider import Done, Pending, ProviderError
from moot.testing.estate import Ended, Estate
from moot.testing.interposed import Asked, Guard, Verb
from moot.testing.trial import Bench, Inapplicable

When = Literal["before the call", "before its end was written down", "between Pendings"]
MOMENTS: tuple[When, ...] = (
    "before the call",
    "before its end was written down",
    "between Pendings",
)


class Fuse:
    """A guard that ends the process at one moment of the first call of a kind.

    `made` is what calls of this kind have answered with until then, `pended` whether with Pending.
    """

    def __init__(self, verb: Verb, address: str, when: When) -> None:
        self.verb, self.address, self.when = verb, address, when
        self.ended = self.pended = False
        self.made: list[ConfigurationItem] = []
        self._calls = 0
        self._idle = threading.Condition()

    def pass_on(self, asked: Asked, call: Callable[[], Any]) -> Any:
        self._begin()
        try:
            return self._meant(asked, call) if self._hits(asked) else call()
        finally:
            self._end()

    def quiet(self) -> None:
        """Wait until no call is under way any more."""
        with self._idle:
            self._idle.wait_for(lambda: not self._calls)

    def _hits(self, asked: Asked) -> bool:
        return (asked.verb, asked.address) == (self.verb, self.address)

    def _meant(self, asked: Asked, call: Callable[[], Any]) -> Any:
        begun = asked.op is not None and asked.op.resume is not None
        if self.when == "before the call" or (self.when == "between Pendings" and begun):
            self.ended = True
            raise ProviderError("OutcomeUnknown", "the process has ended", retry_after=0.0)
        answer = call()
        self.pended |= isinstance(answer, Pending)
        if isinstance(answer, Done) and answer.item:
            self.made.append(answer.item)
        if self.when == "before its end was written down" and not isinstance(answer, Pending):
            self.ended = True
        return answer

    def _begin(self) -> None:
        with self._idle:
            if self.ended:
                raise ProviderError("OutcomeUnknown", "the process has ended", retry_after=0.0)
            self._calls += 1

    def _end(self) -> None:
        with self._idle:
            self._calls -= 1
            self._idle.notify_all()


def create_survives_the_end_of_the_process(bench: Bench, type: str) -> None:
    """Whenever the process ends during a create, the next one leaves one thing, not two or none.

    Where nothing tells whose a thing is, it makes no second one and asks.
    """
    if bench.schema(type).create_class == "BARE":
        _asks_whose_it_is(bench, type)
        return
    with Estate(bench.trial) as estate:
        want = estate.sample(type)
        needed = estate.needed(want)
        for fuse in _fuses("create", want.address):
            done(estate.run(needed))
            _end(lambda fuse: estate.run([*needed, want], fuse), fuse)
            done(estate.run([*needed, want]))
            exactly(estate, [*needed, want], f"the process ended {fuse.when} of create")
            done(estate.retire())
            nothing(estate)


def update_survives_the_end_of_the_process(bench: Bench, type: str) -> None:
    """Whenever the process ends during an update, the next one takes it to its end."""
    _changed(bench, type, bench.trial.updated, "update")


def replacement_survives_the_end_of_the_process(bench: Bench, type: str) -> None:
    """Whenever the process ends while one incarnation takes the other's place, one is left."""
    _changed(bench, type, bench.trial.replaced, "create")
    _changed(bench, type, bench.trial.replaced, "delete")


def delete_survives_the_end_of_the_process(bench: Bench, type: str) -> None:
    """Whenever the process ends during a delete, the next one leaves nothing."""
    _crash_safe(bench, type)
    with Estate(bench.trial) as estate:
        want = estate.sample(type)
        wanted = [*estate.needed(want), want]
        for fuse in _fuses("delete", want.address):
            done(estate.run(wanted))
            _end(estate.retire, fuse)
            done(estate.retire())
            nothing(estate)


def _asks_whose_it_is(bench: Bench, type: str) -> None:
    with Estate(bench.trial) as estate:
        want = estate.sample(type)
        wanted = [*estate.needed(want), want]
        fuse = Fuse("create", want.address, "before its end was written down")
        _end(lambda fuse: estate.run(wanted, fuse), fuse)
        (item,) = fuse.made
        estate.strays.append(item)
        again = Fuse("create", want.address, "between Pendings")
        told = " ".join(failure.detail for failure in estate.run(wanted, again).failures)
        estate.strays += again.made
        assert not again.made, f"it was made twice: {item.identifier}, {again.made[0].identifier}"
        assert item.identifier in told, f"nobody was told of {item.identifier}, but: {told}"


def _changed(
    bench: Bench, type: str, changes: Mapping[str, Mapping[str, Value]], verb: Verb
) -> None:
    _crash_safe(bench, type)
    if not changes.get(type):
        raise Inapplicable("the trial has no such change for it")
    with Estate(bench.trial) as estate:
        before = estate.sample(type)
        after = replace(before, properties={**before.properties, **changes[type]})
        needed = estate.needed(before)
        for fuse in _fuses(verb, before.address):
            done(estate.run([*needed, before]))
            _end(lambda fuse: estate.run([*needed, after], fuse), fuse)
            done(estate.run([*needed, after]))
            exactly(estate, [*needed, after], f"the process ended {fuse.when} of {verb}")


def _crash_safe(bench: Bench, type: str) -> None:
    if bench.schema(type).create_class == "BARE":
        raise Inapplicable("the venue keeps no marks, and says so")


def _fuses(verb: Verb, address: str) -> Iterator[Fuse]:
    """One for every moment; there is none between Pendings where nothing was Pending before."""
    pended = False
    for when in MOMENTS:
        if when != "between Pendings" or pended:
            yield (fuse := Fuse(verb, address, when))
            pended |= fuse.pended


def _end(run: Callable[[Guard], Walk], fuse: Fuse) -> None:
    """A run that the fuse ends."""
    try:
        walk = run(fuse)
    except Ended:
        fuse.quiet()
        return
    done(walk)
    if fuse.when == "between Pendings" and not fuse.pended:
        return  # it was quicker this time than the time before
    raise AssertionError(f"there was no {fuse.verb} of {fuse.address}")


def done(walk: Walk) -> None:
    """The run came to its end."""
    problems = [f"{failure.summary}: {failure.detail}" for failure in walk.failures]
    assert not problems, f"the run after it fails: {'; '.join(problems)}"


def exactly(estate: Estate, wanted: Sequence[Resource], after: str) -> None:
    """Each of these is there once, with our marks, known to the store; nothing is left to do.

    A create that stands may be in doubt for a while yet: a late call may make it once more.
    """
    for type in dict.fromkeys(want.type for want in wanted):
        addresses = sorted(want.address for want in wanted if want.type == type)
        found = sorted(str(item.address) for item in _listed(estate, type, len(addresses)))
        assert found == addresses, f"after {after} there is {found}, wanted is {addresses}"
    items = estate.known()
    for want in wanted:
        item = items.get(want.address)
        assert item is not None, f"after {after} the store does not know {want.address}"
        (seen,) = (i for i in estate.standing(want.type) if i.address == want.address)
        told, marked = (item.identifier, item.incarnation), (seen.identifier, seen.incarnation)
        assert told == marked, f"after {after} the store has {told}, the venue {marked}"
    left = estate.changes(wanted)
    assert not left, f"after {after} and a run there is still to do: {left}"


def nothing(estate: Estate) -> None:
    """Nothing of the App is left, on the venue or in the store."""
    for type in dict.fromkeys(want.type for want in estate.wants.values()):
        left = [str(item.address) for item in _listed(estate, type, 0)]
        assert not left, f"after delete there still is {left}"
    doubts, items = estate.doubts(), estate.known()
    assert not items, f"after delete the store still has {sorted(items)}"
    assert not doubts, f"after delete the end of these is not known: {doubts}"


def _listed(estate: Estate, type: str, count: int) -> list[ConfigurationItem]:
    """What the venue lists, as soon as it can be believed."""
    time.sleep(estate.trial.list_lag_s)
    end = time.monotonic() + estate.trial.patience_s
    while len(found := estate.standing(type)) < count and time.monotonic() < end:
        time.sleep(0.05)
    return found


CHECKS = (
    create_survives_the_end_of_the_process,
    update_survives_the_end_of_the_process,
    replacement_survives_the_end_of_the_process,
    delete_survives_the_end_of_the_process,
)
