"""Which calls may begin now: those that are due, the longest chain behind them first, at a rate."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass, field

from moot.engine.effect import Call, Look
from moot.engine.event import Continued, Event, Failed, Looked, Succeeded
from moot.engine.perform import kind_of
from moot.engine.slots import READ, Slots
from moot.engine.venues import Venues
from moot.engine.walk import Walk

AHEAD = 8  # calls of a venue that are given out for every one that can be made at a time
ENOUGH = 2  # and so many of them keep it busy for a while

Effort = Call | Look
Lane = tuple[str, str, str]  # venue, API, and the type where its creates come one by one


@dataclass
class Lanes:
    """All calls and looks of one walk that have not been given out, and those that have.

    A call waits here for its time, for its turn and for its venue's rate, and holds no slot
    meanwhile.  Only a few more are given out than can be made, so that the intents written down
    run only a little ahead of the calls, and one that turns out to be urgent is soon made.
    """

    walk: Walk
    venues: Venues
    slots: Slots
    _timers: list[tuple[float, int, Effort]] = field(
        default_factory=list[tuple[float, int, Effort]]
    )
    _ready: dict[Lane, list[tuple[float, int, Effort]]] = field(
        default_factory=dict[Lane, list[tuple[float, int, Effort]]]
    )
    _out: dict[int, tuple[Lane, float]] = field(default_factory=dict[int, tuple[Lane, float]])
    _given: Counter[str] = field(default_factory=Counter[str])
    _alone: set[Lane] = field(default_factory=set[Lane])
    _latest: float = float("-inf")
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def add(self, effort: Effort) -> None:
        """To be made, not before its time."""
        number = next(self._numbers)
        if effort.at > self._latest:
            heapq.heappush(self._timers, (effort.at, number, effort))
        else:
            self._line_up(number, effort)

    def due(self, now: float) -> list[tuple[int, Effort]]:
        """What may begin now, each with the number under which it is to come `back`."""
        self._follow(now)
        while self._timers and self._timers[0][0] <= now:
            _, number, effort = heapq.heappop(self._timers)
            self._line_up(number, effort)
        chosen: list[tuple[int, Effort]] = []
        for lane, waiting in self._ready.items():
            governor = self.slots.governor(*lane[:2])
            while waiting and self._room(lane) and not governor.pause_s(now):
                governor.take(now)
                _, number, effort = heapq.heappop(waiting)
                self._give(lane, number, now)
                chosen.append((number, effort))
        return chosen

    def back(self, number: int, event: Event | Effort, now: float) -> bool:
        """What came of one that was given out; false where nobody waits for it any more.

        An effort that comes back itself has not been made and waits again.
        """
        out = self._out.pop(number, None)
        if out is None:
            return False
        lane, begun_at = out
        self._given[lane[0]] -= 1
        self._alone.discard(lane)
        governor = self.slots.governor(*lane[:2])
        match event:
            case Failed(code="Throttling", retry_after=retry_after):
                governor.throttled(begun_at, now, retry_after)
            case Looked(code="Throttling"):
                governor.throttled(begun_at, now, None)
            case Succeeded() | Continued() | Looked(error=""):
                governor.succeeded(now)
            case Call() | Look():
                self.add(event)
            case _:
                pass
        return True

    def overtaken(self, number: int) -> bool:
        """Whether the venue has complained since this one was given out: it had better wait."""
        lane, begun_at = self._out[number]
        return self.slots.governor(*lane[:2]).complained_at > begun_at

    def pause_s(self, now: float) -> float:
        """How long nothing will be due unless something happens."""
        self._follow(now)
        pauses = [self._timers[0][0] - now] if self._timers else []
        for lane, waiting in self._ready.items():
            if waiting and self._room(lane):
                pauses.append(self.slots.governor(*lane[:2]).pause_s(now))
        return max(0.0, min(pauses, default=float("inf")))

    def plenty(self) -> bool:
        """Whether each venue in use has several times as many calls as it can make at a time."""
        fewest = min((count for count in self._given.values() if count), default=0)
        return fewest > ENOUGH * self.slots.share

    def clear(self) -> list[Call]:
        """Forget all that has not been given out; the calls among it."""
        waiting = [*self._timers, *(entry for lane in self._ready.values() for entry in lane)]
        self._timers.clear()
        self._ready.clear()
        return [effort for _, _, effort in waiting if isinstance(effort, Call)]

    def rank(self, effort: Effort) -> float:
        """What has the longer chain of changes behind it comes first, a look before every call."""
        return READ if isinstance(effort, Look) else self.walk.rank[effort.change.key]

    def _follow(self, now: float) -> None:
        """What waits for its time waits no longer because somebody has set the clock back."""
        if now < self._latest:
            back_s = self._latest - now
            self._timers = [(at - back_s, number, effort) for at, number, effort in self._timers]
        self._latest = now

    def _line_up(self, number: int, effort: Effort) -> None:
        """Its time has come, and now its turn has to."""
        waiting = self._ready.setdefault(self._lane(effort), [])
        heapq.heappush(waiting, (-self.rank(effort), number, effort))

    def _lane(self, effort: Effort) -> Lane:
        venue, type = kind_of(effort)
        bare = isinstance(effort, Call) and self.walk.recovery(effort.change) == "BARE"
        return venue, self.venues.schema(venue, type).api, type if bare else ""

    def _room(self, lane: Lane) -> bool:
        return self._given[lane[0]] < AHEAD * self.slots.share and lane not in self._alone

    def _give(self, lane: Lane, number: int, now: float) -> None:
        self._out[number] = (lane, now)
        self._given[lane[0]] += 1
        if lane[2]:
            self._alone.add(lane)
