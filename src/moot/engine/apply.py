"""Do what a Plan says, nothing else, and record every step before taking the next."""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from moot.engine.ask import unanswered
from moot.engine.effect import Call, Effect, Look, Tell
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
from moot.engine.item import expected, joined
from moot.engine.journal import Journal
from moot.engine.slots import GRACE_S, Job, Slots
from moot.engine.step import step
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.diagnostic import BadInput
from moot.model.plan import Change, Create, Delete, Update, verb
from moot.model.report import Step
from moot.model.resource import Resource
from moot.model.value import Ref, Secret, Value, substitute
from moot.provider import Done, Operation, Pending, Progress, Provider, ProviderError

LONGEST_PAUSE_S = 0.2  # between two looks at whether the user wants to stop


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
    _events: queue.SimpleQueue[tuple[int, Event]] = field(
        default_factory=lambda: queue.SimpleQueue[tuple[int, Event]]()
    )
    _timers: list[tuple[float, int, Call | Look]] = field(
        default_factory=list[tuple[float, int, Call | Look]]
    )
    _begun: dict[int, tuple[float, Call | Look, Job]] = field(
        default_factory=dict[int, tuple[float, Call | Look, Job]]
    )
    _started: dict[str, float] = field(default_factory=dict[str, float])
    _done: int = 0
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

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
        self._dispatch_due()
        batch: list[Event] = []
        pause = self._timers[0][0] - self._now() if self._timers else LONGEST_PAUSE_S
        for number, event in self._drain(max(0.0, min(pause, LONGEST_PAUSE_S))):
            if self._begun.pop(number, None) or isinstance(event, Withdrawn):
                batch.append(event)
        batch += self._given_up()
        if self.cancelled.is_set() and not self.walk.cancelled:
            batch += [Cancelled(self._now()), *self._withdraw()]
        return batch

    def _drain(self, seconds: float) -> Iterator[tuple[int, Event]]:
        """What is in the queue, waiting up to so long for the first."""
        try:
            yield self._events.get(timeout=seconds)
            while True:
                yield self._events.get_nowait()
        except queue.Empty:
            return

    def _handle(self, batch: Sequence[Event]) -> None:
        effects = [effect for event in batch for effect in step(self.walk, event)]
        self.journal.commit(effects, self.walk)
        for effect in effects:
            self._act(effect)

    def _act(self, effect: Effect) -> None:
        match effect:
            case Call() if self.walk.cancelled:
                self._events.put((next(self._numbers), self._withdrawn(effect)))
            case Call() | Look():
                heapq.heappush(self._timers, (effect.at, next(self._numbers), effect))
                self._dispatch_due()
            case Tell():
                self._tell(effect)
            case _:
                pass

    def _dispatch_due(self) -> None:
        while self._timers and self._timers[0][0] <= self._now():
            _, number, effect = heapq.heappop(self._timers)
            if isinstance(effect, Look):
                self._submit_look(number, effect)
            elif self.walk.cancelled:
                self._events.put((number, self._withdrawn(effect)))
            else:
                self._submit_call(number, effect)

    def _submit_look(self, number: int, look: Look) -> None:
        item, now = look.item, self._now
        address = str(item.address)
        bound_s = self.venues.schema(item.venue, item.type).call_timeout_s

        def job() -> None:
            self._begun[number] = (now() + bound_s + GRACE_S, look, job)
            try:
                seen = self.venues.call(
                    item.venue, f"read {address}", lambda p: p.read(item.on_venue)
                )
            except (ProviderError, BadInput) as error:
                self._events.put((number, Looked(address, None, unanswered(error).message, now())))
            else:
                found = joined(item, seen, now()) if seen else None
                self._events.put((number, Looked(address, found, "", now())))

        self.slots.submit(item.venue, job)

    def _submit_call(self, number: int, call: Call) -> None:
        change = call.change
        thing = change.have if isinstance(change, Delete) else change.want
        venue = thing.venue
        bound_s = self.venues.schema(venue, thing.type).call_timeout_s
        token, marks = self.journal.token(change, call.attempt), self.journal.marks(change)

        def job() -> None:
            if self.walk.cancelled and call.resume is None:
                self._events.put((number, self._withdrawn(call)))
                return
            deadline = self._now() + bound_s
            self._begun[number] = (deadline + GRACE_S, call, job)
            operation = Operation(token=token, marks=marks, deadline=deadline, resume=call.resume)
            try:
                progress = self.venues.call(
                    venue,
                    f"{verb(change)} {change.address}#{change.incarnation}",
                    lambda provider: self._perform(provider, change, operation),
                )
            except (ProviderError, BadInput) as error:
                self._events.put((number, self._failed(change, unanswered(error))))
            else:
                self._events.put((number, self._progressed(change, progress)))

        self.slots.submit(venue, job)

    def _perform(self, provider: Provider, change: Change, operation: Operation) -> Progress:
        match change:
            case Create(want=want):
                return provider.create(self._ready(want), operation)
            case Update(want=want, have=have):
                return provider.update(have.on_venue, self._ready(want), operation)
            case Delete(have=have):
                return provider.delete(have.on_venue, operation)

    def _ready(self, want: Resource) -> Resource:
        """The Resource with every Ref and Secret replaced by its value."""

        def value(unknown: Ref | Secret) -> Value:
            if isinstance(unknown, Ref):
                text = f"{unknown.attribute} of {unknown.address} is not known"
                raise ProviderError("InvalidRequest", text)
            if unknown not in self.secrets:
                raise ProviderError("InvalidRequest", f"secret {unknown.name!r} is not at hand")
            return self.secrets[unknown].decode("utf-8", "surrogateescape")

        return replace(want, properties=substitute(self.walk.resolved(want), value))

    def _progressed(self, change: Change, progress: Progress) -> Event:
        now = self._now()
        match progress:
            case Pending(seconds, resume, note):
                return Continued(change.key, seconds, resume, note, now)
            case Done(item):
                if item is None or isinstance(change, Delete):
                    return Succeeded(change.key, None, now)
                want = change.want
                sealed = self.walk.seal(want.type, self.walk.resolved(want))
                keeps_data = self.venues.schema(want.venue, want.type).keeps_data
                known = replace(
                    expected(want, change.incarnation, sealed),
                    keeps_data=keeps_data,
                    marked_as=change.have.marked_as if isinstance(change, Update) else None,
                )
                return Succeeded(change.key, joined(known, item, now), now)

    def _failed(self, change: Change, error: ProviderError) -> Failed:
        return Failed(
            change.key,
            error.code,
            error.message,
            error.remedy,
            error.retryable,
            error.retry_after,
            self._now(),
        )

    def _withdrawn(self, call: Call) -> Withdrawn:
        return Withdrawn(call.change.key, call.called, self._now())

    def _withdraw(self) -> list[Event]:
        """Calls that wait for their time are not made any more once the user wants to stop."""
        calls = [effect for _, _, effect in self._timers if isinstance(effect, Call)]
        self._timers.clear()
        return [self._withdrawn(call) for call in calls]

    def _given_up(self) -> list[Event]:
        """Calls that outlived their time: nobody knows what they did, and nobody waits for them."""
        now = self._now()
        late = [n for n, (until, _, _) in self._begun.copy().items() if until < now]
        return [self._give_up(*self._begun.pop(number)[1:], now) for number in late]

    def _give_up(self, effect: Call | Look, job: Job, now: float) -> Event:
        if isinstance(effect, Look):
            self.slots.abandon(effect.item.venue, job)
            text = f"{effect.item.venue} did not answer in time"
            return Looked(str(effect.item.address), None, text, now)
        change = effect.change
        venue = change.have.venue if isinstance(change, Delete) else change.want.venue
        self.slots.abandon(venue, job)
        text = f"{venue} did not answer in time; whether it did anything is looked up next time"
        return Failed(change.key, "OutcomeUnknown", text, "", False, None, now)

    def _tell(self, tell: Tell) -> None:
        change, now = tell.change, self._now()
        started = self._started.setdefault(change.key, now)
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
