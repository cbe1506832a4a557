"""Ask venues many things at once; one that does not answer in time holds up no other."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from moot.engine.slots import GRACE_S, Job, Slots
from moot.engine.venues import Venues
from moot.model.diagnostic import BadInput
from moot.provider import Provider, ProviderError

TICK_S = 1.0
TRIES = 5  # of a question that is throttled while no other gets through
THROTTLED_S = 0.5  # before a throttled question is asked again, if its venue names no time

K = TypeVar("K")
T = TypeVar("T")
Lane = tuple[str, str]  # venue, API


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What to ask a venue about things of a type, and how it is called in the trace."""

    venue: str
    type: str
    what: str
    call: Callable[[Provider], T]


def ask(
    questions: Mapping[K, Question[T]],
    venues: Venues,
    slots: Slots,
    tick: Callable[[], None] = lambda: None,
) -> dict[K, T | ProviderError]:
    """An answer to each, or why there is none.  `tick` is called every second or more often.

    Those that are open when nobody has answered for as long as a call may take are given up.
    Those that are throttled wait for their venue's rate and are asked again.
    """
    return _Asking(questions, venues, slots, tick).run()


@dataclass
class _Asking(Generic[K, T]):
    questions: Mapping[K, Question[T]]
    venues: Venues
    slots: Slots
    tick: Callable[[], None]
    found: dict[K, T | ProviderError] = field(init=False)
    waiting: dict[Lane, deque[K]] = field(default_factory=dict[Lane, "deque[K]"])
    open: dict[K, tuple[Job, float]] = field(init=False)
    tries: dict[K, int] = field(init=False)
    answers: queue.SimpleQueue[tuple[K, T | ProviderError]] = field(init=False)

    def __post_init__(self) -> None:
        self.found, self.open, self.answers = {}, {}, queue.SimpleQueue()
        self.tries = dict.fromkeys(self.questions, 0)
        for key in self.questions:
            self.waiting.setdefault(self._lane(key), deque()).append(key)

    def run(self) -> dict[K, T | ProviderError]:
        kinds = {(q.venue, q.type) for q in self.questions.values()}
        bounds_s = (self.venues.schema(*kind).call_timeout_s for kind in kinds)
        bound_s = max(bounds_s, default=0.0) + GRACE_S
        silence_s = 0.0
        while len(self.found) < len(self.questions) and silence_s < bound_s:
            pause_s = min(TICK_S, bound_s - silence_s, self._submit())
            try:
                key, answer = self._answer(pause_s)
            except queue.Empty:
                silence_s += pause_s
            else:
                self._take(key, answer)
                silence_s = 0.0
            self.tick()
        for key in self.questions.keys() - self.found.keys():
            if key in self.open:
                self.slots.abandon(self.questions[key].venue, self.open[key][0])
            self.found[key] = ProviderError("ServiceTimeout", "it did not answer in time")
        return self.found

    def _submit(self) -> float:
        """Ask what may be asked now; how long nothing more may be."""
        now = self.venues.env.now()
        pause_s = float("inf")
        for lane, waiting in self.waiting.items():
            governor = self.slots.governor(*lane)
            while waiting and not governor.pause_s(now):
                governor.take(now)
                key = waiting.popleft()
                job = _job(key, self.questions[key], self.venues, self.answers)
                self.open[key] = job, now
                self.slots.submit(lane[0], job)
            if waiting:
                pause_s = min(pause_s, governor.pause_s(now))
        return pause_s

    def _answer(self, pause_s: float) -> tuple[K, T | ProviderError]:
        if self.open:
            return self.answers.get(timeout=pause_s)
        self.venues.env.sleep(pause_s)
        raise queue.Empty

    def _take(self, key: K, answer: T | ProviderError) -> None:
        lane, now = self._lane(key), self.venues.env.now()
        governor = self.slots.governor(*lane)
        _, begun_at = self.open.pop(key)
        if isinstance(answer, ProviderError) and answer.code == "Throttling":
            governor.throttled(begun_at, now, answer.retry_after or THROTTLED_S)
            self.tries[key] += 1
            if self.tries[key] < TRIES:
                self.waiting[lane].append(key)
                return
        else:
            governor.succeeded(now)
            self.tries.update(dict.fromkeys(self.waiting[lane], 0))
        self.found[key] = answer

    def _lane(self, key: K) -> Lane:
        question = self.questions[key]
        return question.venue, self.venues.schema(question.venue, question.type).api


def _job(
    key: K,
    question: Question[T],
    venues: Venues,
    answers: queue.SimpleQueue[tuple[K, T | ProviderError]],
) -> Job:
    def job() -> None:
        try:
            answers.put((key, venues.call(question.venue, question.what, question.call)))
        except (ProviderError, BadInput) as error:
            answers.put((key, unanswered(error)))

    return job


def unanswered(error: ProviderError | BadInput) -> ProviderError:
    """A venue that is not configured any more fails like one that cannot be reached."""
    if isinstance(error, ProviderError):
        return error
    first = error.diagnostics[0]
    return ProviderError("InvalidRequest", first.summary, remedy=first.remedy)
