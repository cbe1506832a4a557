"""Drives a walk through virtual time: no threads, calls are made and answered when they are due."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moot.engine.apply import Apply
from moot.engine.effect import Call
from moot.engine.event import Event
from moot.engine.lanes import Effort
from moot.engine.perform import bound_s, kind_of
from moot.engine.slots import GRACE_S, Job, Slots
from moot.model.changed import changed

if TYPE_CHECKING:
    from moot.testing.world.process import Process
    from moot.testing.world.world import World

LONGEST_PAUSE_S = 5.0  # between two looks at the lease


class Inline(Slots):
    """Slots without threads: a question is answered by the time it is asked."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def submit(self, venue: str, job: Job, rank: float = 0.0) -> None:
        job()
        self._world.advance(self._world.latency_s())
        self._world.happened("answer", venue)

    def abandon(self, venue: str, job: Job) -> None:
        pass


@dataclass
class Driver(Apply):
    """Apply as it is, but that its calls are answered out of a heap instead of by threads."""

    process: Any = None
    _answers: list[tuple[float, int, int, Event]] = field(
        default_factory=list[tuple[float, int, int, Event]]
    )
    _count: int = 0

    def _drain(self, seconds: float) -> Iterator[tuple[int, Event | Effort]]:
        """Let time pass until something is due, and say what has arrived by then."""
        world = self._process.world
        pauses = [self._lanes.pause_s(self._now()), LONGEST_PAUSE_S]
        if self._answers:
            pauses.append(self._answers[0][0] - world.now)
        world.advance(max(0.0, min(pauses)))
        while self._answers and self._answers[0][0] <= world.now:
            _, _, number, event = heapq.heappop(self._answers)
            world.happened("answer", type(event).__name__)
            yield number, changed(event, now=self._now())

    def _begin(self, due: Sequence[tuple[int, Effort]]) -> None:
        for number, effort in due:
            self._ask(number, effort)

    def _ask(self, number: int, effort: Effort) -> None:
        process, limit_s = self._process, bound_s(effort, self.venues) + GRACE_S
        venue, type = kind_of(effort)
        process.world.happened("due", type)
        self._begun[number] = (self._now() + limit_s, effort, _done)
        if not isinstance(effort, Call):
            self._answer(number, self._outcome(effort))
            return
        fate = process.calling(venue, effort.change.key)
        event = self._outcome(effort)
        process.called()
        self._answer(number, event, limit_s + 1.0 if fate == "hang" else None)
        if fate == "echo":
            self._answer(number, event)

    def _answer(self, number: int, event: Event, after_s: float | None = None) -> None:
        """The answer arrives a while later."""
        world = self._process.world
        at = world.now + (world.latency_s() if after_s is None else after_s)
        self._count += 1
        heapq.heappush(self._answers, (at, self._count, number, event))

    @property
    def _process(self) -> Process:
        return self.process


def _done() -> None:
    """The job of every call: it was done when it was submitted."""
