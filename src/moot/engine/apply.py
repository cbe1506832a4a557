"""Do what a Plan says, nothing else, and record every step before taking the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from moot.engine.effect import Call, Effect, Look, Tell
from moot.engine.event import Begun, Cancelled, Event
from moot.engine.journal import Journal
from moot.engine.lanes import Effort, Lanes
from moot.engine.perform import bound_s, given_up, kind_of, look, perform, withdrawn
from moot.engine.slots import GRACE_S, Job, Slots
from moot.engine.step import step
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.plan import verb
from moot.model.report import Step
from moot.model.value import Secret

LONGEST_PAUSE_S = 0.2  # between two looks at whether the user wants to stop
GROUP, PATIENCE_S = 32, 0.003  # so many events are worth a commit, or so long a wait for more


@dataclass
class Apply:
    """One walk over a plan: threads make the calls, this thread alone decides and records."""

    walk: Walk
    venues: Venues
    journal: Journal
    slots: Slots
    secrets: Mapping[Secret, bytes]
    observer: Callable[[Step], None]
    cancelled: threading.Event
    renew: Callable[[], None]
    _lanes: Lanes = field(init=False)
    _events: queue.SimpleQueue[tuple[int, Event | Effort]] = field(
        default_factory=lambda: queue.SimpleQueue[tuple[int, Event | Effort]]()
    )
    _begun: dict[int, tuple[float, Effort, Job]] = field(
        default_factory=dict[int, tuple[float, Effort, Job]]
    )
    _started: dict[str, float] = field(default_factory=dict[str, float])
    _done: int = 0

    def __post_init__(self) -> None:
        self._lanes = Lanes(self.walk, self.venues, self.slots)

    def run(self) -> Walk:
        """Returns when nothing more can happen.  Raises what the store raises, and nothing else.

        Then calls that have not begun are not made any more, and those in flight stay intents.
        """
        try:
            self._handle([Begun(self._now())])
            while not self.walk.over:
                self._handle(self._next())
                self.renew()
        except BaseException:
            self.walk.cancelled = True
            raise
        return self.walk

    def _now(self) -> float:
        return self.venues.env.now()

    def _next(self) -> list[Event]:
        """All that has happened since the last time, waiting for something where nothing has."""
        batch: list[Event] = []
        for number, event in self._drain(min(self._lanes.pause_s(self._now()), LONGEST_PAUSE_S)):
            self._begun.pop(number, None)
            waited_for = self._lanes.back(number, event, self._now())
            if waited_for and not isinstance(event, Effort):
                batch.append(event)
        batch += self._given_up()
        if self.cancelled.is_set() and not self.walk.cancelled:
            batch.append(Cancelled(self._now()))
        return batch

    def _drain(self, seconds: float) -> Iterator[tuple[int, Event | Effort]]:
        """What is in the queue, waiting up to so long for the first.

        A commit costs hardly more for many events than for one: while no venue runs out of calls,
        it waits a moment for company.
        """
        try:
            yield self._events.get(timeout=seconds)
            if self._events.qsize() < GROUP and self._lanes.plenty():
                self.venues.env.sleep(PATIENCE_S)
            while True:
                yield self._events.get_nowait()
        except queue.Empty:
            return

    def _handle(self, batch: Sequence[Event]) -> None:
        """Decide; in one transaction write down results and what is called next; then call it."""
        effects = [effect for event in batch for effect in step(self.walk, event)]
        for effect in effects:
            if isinstance(effect, Effort):
                self._lanes.add(effect)
        if self.walk.cancelled:
            effects += self._withdraw()
        due = self._lanes.due(self._now())
        written = [effect for effect in effects if not isinstance(effect, Effort)]
        self.journal.commit([*written, *(effort for _, effort in due)], self.walk)
        self._begin(due)
        for effect in effects:
            if isinstance(effect, Tell):
                self._tell(effect)

    def _begin(self, due: Sequence[tuple[int, Effort]]) -> None:
        """Have the calls made whose intents are written down."""
        jobs = [
            (kind_of(effort)[0], self._job(number, effort), self._lanes.rank(effort))
            for number, effort in due
        ]
        self.slots.submit_all(jobs)

    def _job(self, number: int, effort: Effort) -> Job:
        limit_s = bound_s(effort, self.venues) + GRACE_S

        def job() -> None:
            if isinstance(effort, Call) and self.walk.cancelled and effort.resume is None:
                self._events.put((number, withdrawn(effort, self._now())))
            elif self._lanes.overtaken(number):
                self._events.put((number, effort))
            else:
                self._begun[number] = (self._now() + limit_s, effort, job)
                self._events.put((number, self._outcome(effort)))

        return job

    def _outcome(self, effort: Effort) -> Event:
        if isinstance(effort, Look):
            return look(effort, self.venues)
        return perform(effort, self.walk, self.venues, self.journal, self.secrets)

    def _withdraw(self) -> list[Effect]:
        """Calls that wait for their time are not made any more once the user wants to stop."""
        now = self._now()
        return [e for call in self._lanes.clear() for e in step(self.walk, withdrawn(call, now))]

    def _given_up(self) -> list[Event]:
        """Calls that outlived their time: nobody knows what they did, and nobody waits for them."""
        now = self._now()
        late = [n for n, (until, _, _) in self._begun.copy().items() if until < now]
        return [self._give_up(number, *self._begun.pop(number)[1:], now) for number in late]

    def _give_up(self, number: int, effort: Effort, job: Job, now: float) -> Event:
        self.slots.abandon(kind_of(effort)[0], job)
        event = given_up(effort, now)
        self._lanes.back(number, event, now)
        return event

    def _tell(self, tell: Tell) -> None:
        change, now = tell.change, self._now()
        begun = tell.phase != "waiting"
        started = self._started.setdefault(change.key, now) if begun else now
        self._done += tell.phase in {"done", "dropped", "failed"}
        self.observer(
            Step(
                change=change.key,
                verb=verb(change),
                address=change.address,
                phase=tell.phase,
                note=tell.note,
                elapsed_s=now - started,
                done=self._done,
                total=len(self.walk.changes),
            )
        )
