"""Checks of what is left when the way to the venue was bad: one turn on a good one mends it all.

A guard in the line loses answers, delivers calls twice, drops them, throttles them, and lists late
or in part, once for every call it meets.  Afterwards it lets everything through.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from moot.engine.walk import Walk
from moot.model.resource import ConfigurationItem
from moot.provider import Page, ProviderError
from moot.testing.crashing import done, exactly, nothing
from moot.testing.estate import Estate
from moot.testing.interposed import Asked, Guard
from moot.testing.trial import Bench, Inapplicable

CHANGING = frozenset({"create", "update", "delete"})
SOON_S = 0.01  # how soon a fault invites to try again
LAG_S = 0.3  # how long a new thing is missing from a list that lags
BAD_RUNS = 3  # how many runs have to live with the faults before the way is good again


class Weather(ABC):
    """A guard that spoils the first call of every kind about every thing, until it is over."""

    name = "fails"
    settles_within_s = 0.0
    speed = 1.0

    def __init__(self) -> None:
        self.sample = ""
        self._met: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def pass_on(self, asked: Asked, call: Callable[[], Any]) -> Any:
        with self._lock:
            first = (asked.verb, asked.address) not in self._met
            if self.minds(asked):
                self._met.add((asked.verb, asked.address))
        return self.spoil(asked, call) if first and self.minds(asked) else call()

    def again(self) -> None:
        """Spoil the first call of every kind once more."""
        self._met.clear()

    def minds(self, asked: Asked) -> bool:
        """Whether such a call is spoilt at all."""
        return asked.verb in CHANGING

    @abstractmethod
    def spoil(self, asked: Asked, call: Callable[[], Any]) -> Any: ...


class LosesAnswers(Weather):
    """The venue does it and the answer never arrives."""

    name = "loses answers"

    def spoil(self, asked: Asked, call: Callable[[], Any]) -> Any:
        call()
        raise ProviderError("NetworkFailure", "the answer was lost", retry_after=SOON_S)


class DeliversTwice(Weather):
    """The request arrives twice, and the answer to the second one is lost with the first."""

    name = "delivers twice"

    def spoil(self, asked: Asked, call: Callable[[], Any]) -> Any:
        call()
        call()
        raise ProviderError("OutcomeUnknown", "both answers were lost", retry_after=SOON_S)


class DropsCalls(Weather):
    """The request never arrives, and nobody says so before the time is over."""

    name = "drops calls"

    def spoil(self, asked: Asked, call: Callable[[], Any]) -> Any:
        raise ProviderError("ServiceTimeout", "there was no answer in time", retry_after=SOON_S)


class Throttles(Weather):
    """The venue wants to be asked later; the engine then goes slowly for minutes of its clock."""

    name = "throttles"
    speed = 10.0

    def minds(self, asked: Asked) -> bool:
        return super().minds(asked) and asked.address == self.sample

    def spoil(self, asked: Asked, call: Callable[[], Any]) -> Any:
        raise ProviderError("Throttling", "not so fast", retry_after=SOON_S)


class ListsInPart(LosesAnswers):
    """Answers are lost, and every list leaves out half of what there is, and says so."""

    name = "lists in part"

    def pass_on(self, asked: Asked, call: Callable[[], Any]) -> Any:
        answer = super().pass_on(asked, call)
        if asked.verb != "list":
            return answer
        return Page(answer.items[1::2], answer.cursor, complete=False)


class ListsLate(LosesAnswers):
    """Answers are lost, and what was made a moment ago is missing from every list."""

    name = "lists late"
    settles_within_s = LAG_S

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, float] = {}

    def pass_on(self, asked: Asked, call: Callable[[], Any]) -> Any:
        answer = super().pass_on(asked, call)
        if asked.verb != "list":
            return answer
        now = time.monotonic()
        shown = tuple(item for item in answer.items if self._is_old(item, now))
        return replace(answer, items=shown)

    def _is_old(self, item: ConfigurationItem, now: float) -> bool:
        return now - self._seen.setdefault(item.identifier, now) >= LAG_S


def lost_answers_are_survived(bench: Bench, type: str) -> None:
    """What was done and never heard of is not done twice."""
    _survives(bench, type, LosesAnswers())


def calls_delivered_twice_are_survived(bench: Bench, type: str) -> None:
    """Two deliveries of one call leave one thing."""
    _survives(bench, type, DeliversTwice())


def dropped_calls_are_survived(bench: Bench, type: str) -> None:
    """What was never done is not taken for done."""
    _survives(bench, type, DropsCalls())


def throttling_is_survived(bench: Bench, type: str) -> None:
    """Being told to come later changes nothing but the time it takes."""
    _survives(bench, type, Throttles())


def partial_lists_are_survived(bench: Bench, type: str) -> None:
    """What a partial list lacks is not taken for gone, and is not made again."""
    _survives(bench, type, ListsInPart())


def late_lists_are_survived(bench: Bench, type: str) -> None:
    """What a list does not show yet is not made again."""
    _survives(bench, type, ListsLate())


def _survives(bench: Bench, type: str, weather: Weather) -> None:
    """Create, update and delete in this weather; after each, one turn without it leaves it so."""
    if bench.schema(type).create_class == "BARE":
        raise Inapplicable("the venue keeps no marks, and says so")
    with Estate(bench.trial) as estate:
        estate.settles_within_s, estate.speed = weather.settles_within_s, weather.speed
        want = estate.sample(type)
        weather.sample = want.address
        needed = estate.needed(want)
        _mended(lambda guard: estate.run([*needed, want], guard), weather)
        exactly(estate, [*needed, want], f"create while it {weather.name}")
        for changes in (bench.trial.updated, bench.trial.replaced):
            if type in changes:
                want = replace(want, properties={**want.properties, **changes[type]})
                _mended(lambda guard, want=want: estate.run([*needed, want], guard), weather)
                exactly(estate, [*needed, want], f"update while it {weather.name}")
        _mended(estate.retire, weather)
        nothing(estate)


def _mended(run: Callable[[Guard | None], Walk], weather: Weather) -> None:
    weather.again()
    for _ in range(BAD_RUNS):
        if not run(weather).failures:
            break
    done(run(None))


CHECKS = (
    lost_answers_are_survived,
    calls_delivered_twice_are_survived,
    dropped_calls_are_survived,
    throttling_is_survived,
    partial_lists_are_survived,
    late_lists_are_survived,
)
