"""Ask venues many things at once; one that does not answer in time holds up no other."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

from moot.engine.patience import Peers
from moot.engine.slots import GRACE_S, Job, Slots
from moot.engine.venues import Venues
from moot.model.diagnostic import BadInput
from moot.provider import Provider, ProviderError

TICK_S = 1.0
LONG_S = 3.0  # what takes longer may hang: venues that wait for a slot need not wait for it
TRIES = 5  # of a question that is throttled while no other gets through
THROTTLED_S = 0.5  # before a throttled question is asked again, if its venue names no time

K = TypeVar("K")
T = TypeVar("T")
Lane = tuple[str, str]  # venue, API


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What to ask a venue about things of a type, and how it is called in the trace.

    `pool` are those that are alike, "" for none.  One of them that is `spare` is passed over where
    it says nothing for much longer than the others.  What failed to reach its venue `before`, a
    moment ago, is not waited for as long once more: then that is its answer.
    """

    venue: str
    type: str
    what: str
    call: Callable[[Provider], T]
    pool: str = ""
    spare: bool = False
    before: ProviderError | None = None


class PassedOver(ProviderError):
    """It was not waited for to the end: nothing depends on it."""


def ask(
    questions: Mapping[K, Question[T]],
    venues: Venues,
    slots: Slots,
    tick: Callable[[], None] = lambda: None,
) -> dict[K, T | ProviderError]:
    """An answer to each, or why there is none.  `tick` is called every second or more often.

    Those that are open when nobody has answered for as long as a call may take are given up; those
    that are spare sooner, as `Peers` says, and with PassedOver.  Those that are throttled wait for
    their venue's rate and are asked again.
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
    begun: dict[K, float] = field(init=False)
    peers: dict[str, Peers] = field(default_factory=dict[str, Peers])
    doubted: list[K] = field(init=False)
    lent_at: float = 0.0
    tries: dict[K, int] = field(init=False)
    answers: queue.SimpleQueue[tuple[K, T | ProviderError]] = field(init=False)

    def __post_init__(self) -> None:
        self.found, self.open, self.begun, self.answers = {}, {}, {}, queue.SimpleQueue()
        self.tries = dict.fromkeys(self.questions, 0)
        self.doubted = [key for key, question in self.questions.items() if question.before]
        for key, question in self.questions.items():
            self.waiting.setdefault(self._lane(key), deque()).append(key)
            self.peers.setdefault(question.pool, Peers()).asked += 1

    def run(self) -> dict[K, T | ProviderError]:
        kinds = {(q.venue, q.type) for q in self.questions.values()}
        bounds_s = (self.venues.schema(*kind).call_timeout_s for kind in kinds)
        bound_s = max(bounds_s, default=0.0) + GRACE_S
        silence_s, patience_s = 0.0, inf
        while len(self.found) < len(self.questions) and silence_s < bound_s:
            pause_s = min(TICK_S, bound_s - silence_s, self._submit(), patience_s)
            try:
                key, answer = self._answer(pause_s)
            except queue.Empty:
                silence_s += pause_s
            else:
                self._take(key, answer)
                silence_s = 0.0
            self.tick()
            patience_s = self._pass_over()
            self._lend()
        for key in self.questions.keys() - self.found.keys():
            self._give_up(key, ProviderError("ServiceTimeout", "it did not answer in time"))
        return self.found

    def _pass_over(self) -> float:
        """Give up those that need not be waited for any more; for how long the next one is."""
        now, next_at = self.venues.env.now(), inf
        for key, until in [*self._doubted(), *self._spare(now)]:
            if until > now:
                next_at = min(next_at, until)
                continue
            question = self.questions[key]
            pool = question.pool
            self._give_up(key, question.before or _passed_over(pool, self.peers[pool]))
        settled_at = (peers.settled_at for pool, peers in self.peers.items() if pool)
        next_at = min([next_at, *(at for at in settled_at if at > now)])
        return max(0.0, next_at - now)

    def _doubted(self) -> Iterator[tuple[K, float]]:
        """Those that failed a moment ago, and until when they are waited for."""
        for key in self.doubted:
            if key in self.open and key in self.begun:
                yield key, self.begun[key] + LONG_S

    def _spare(self, now: float) -> Iterator[tuple[K, float]]:
        """The same of those that are spare; none of them while others of their pool answer."""
        quiet = {pool for pool, peers in self.peers.items() if pool and peers.settled_at <= now}
        for key in self.open if quiet else ():
            question = self.questions[key]
            if question.spare and question.pool in quiet and key in self.begun:
                yield key, self.peers[question.pool].until(self.begun[key])

    def _lend(self) -> None:
        now = self.venues.env.now()
        if self.lent_at + TICK_S <= now:
            self.lent_at = now
            for key, (job, _) in self.open.items():
                if self.begun.get(key, now) + LONG_S <= now:
                    self.slots.lend(job)

    def _give_up(self, key: K, error: ProviderError) -> None:
        if key in self.open:
            self.slots.abandon(self.questions[key].venue, self.open.pop(key)[0])
        self.found[key] = error

    def _submit(self) -> float:
        """Ask what may be asked now; how long nothing more may be."""
        now = self.venues.env.now()
        pause_s = inf
        for lane, waiting in self.waiting.items():
            governor = self.slots.governor(*lane)
            while waiting and not governor.pause_s(now):
                governor.take(now)
                key = waiting.popleft()
                job = self._job(key)
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
        if key not in self.open:
            return  # it was given up
        lane, now = self._lane(key), self.venues.env.now()
        governor = self.slots.governor(*lane)
        _, begun_at = self.open.pop(key)
        took_s = now - self.begun.pop(key)
        if isinstance(answer, ProviderError) and answer.code == "Throttling":
            governor.throttled(begun_at, now, answer.retry_after or THROTTLED_S)
            self.tries[key] += 1
            if self.tries[key] < TRIES:
                self.waiting[lane].append(key)
                return
        else:
            governor.succeeded(now)
            self.tries.update(dict.fromkeys(self.waiting[lane], 0))
        failed = isinstance(answer, ProviderError)
        self.peers[self.questions[key].pool].said(None if failed else took_s, now)
        self.found[key] = answer

    def _job(self, key: K) -> Job:
        question = self.questions[key]

        def job() -> None:
            self.begun[key] = self.venues.env.now()
            try:
                found = self.venues.call(question.venue, question.what, question.call)
            except (ProviderError, BadInput) as error:
                self.answers.put((key, unanswered(error)))
            else:
                self.answers.put((key, found))

        return job

    def _lane(self, key: K) -> Lane:
        question = self.questions[key]
        return question.venue, self.venues.schema(question.venue, question.type).api


def _passed_over(pool: str, peers: Peers) -> PassedOver:
    usual = f"half of {pool} took {peers.usual_s:.1f} s at most"
    return PassedOver(
        "ServiceTimeout",
        f"it does not answer in time (not within {peers.enough_s:.1f} s; {usual})",
        remedy="look whether it runs and is not overloaded; the next command asks it again",
    )


def unanswered(error: ProviderError | BadInput) -> ProviderError:
    """A venue that is not configured any more fails like one that cannot be reached."""
    if isinstance(error, ProviderError):
        return error
    first = error.diagnostics[0]
    return ProviderError("InvalidRequest", first.summary, remedy=first.remedy)
