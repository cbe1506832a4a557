"""Worker threads: every venue has its own share, so that one that hangs starves no other."""

from __future__ import annotations

import heapq
import itertools
import math
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from moot.engine.governor import Governor

SHARE = 16  # calls at a time per venue
TOTAL = 64  # and of all venues together
GRACE_S = 5.0  # what a call may take beyond its type's time-out before it is given up
IDLE_S = 2.0  # how long a thread waits for more to do
READ = math.inf  # the rank of a read: before every call

Job = Callable[[], None]
_Entry = tuple[float, int, Job]
_Box = queue.SimpleQueue[Job]


@dataclass
class Slots:
    """Runs jobs on daemon threads, the highest rank first; none outlives the process.

    Beyond a venue's share, a quarter as many slots again are for reads alone: they are answered
    also while slow calls hold all of the share.  `governors` are the rates at which this process
    may ask, by venue and API.
    """

    share: int = SHARE
    total: int = TOTAL
    governors: dict[tuple[str, str], Governor] = field(
        default_factory=dict[tuple[str, str], Governor]
    )
    _waiting: dict[str, list[_Entry]] = field(default_factory=dict[str, list[_Entry]])
    _busy: Counter[str] = field(default_factory=Counter[str])
    _running: dict[Job, str] = field(default_factory=dict[Job, str])
    _lent: set[Job] = field(default_factory=set[Job])
    _idle: list[_Box] = field(default_factory=list[_Box])
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def governor(self, venue: str, api: str) -> Governor:
        """The rate governor of one API of a venue."""
        found = self.governors.get((venue, api))
        return found or self.governors.setdefault((venue, api), Governor())

    def submit(self, venue: str, job: Job, rank: float = READ) -> None:
        """Run `job` as soon as a slot is free for it.  A job must not raise."""
        self.submit_all([(venue, job, rank)])

    def submit_all(self, jobs: Sequence[tuple[str, Job, float]]) -> None:
        """Several at once: threads that are busy already go on with them, and few are woken."""
        with self._lock:
            for venue, job, rank in jobs:
                waiting = self._waiting.setdefault(venue, [])
                heapq.heappush(waiting, (-rank, next(self._numbers), job))
            self._staff()

    def abandon(self, venue: str, job: Job) -> None:
        """Nobody waits for `job` any more: it is not begun, or its slot is given to others.

        Should it come back after all, its thread ends.
        """
        with self._lock:
            if job in self._running:
                self._free(job)
                self._staff()
            else:
                waiting = self._waiting[venue]
                waiting[:] = [entry for entry in waiting if entry[2] is not job]
                heapq.heapify(waiting)

    def lend(self, job: Job) -> None:
        """`job` takes long and may hang: from now on only its own venue has a slot less for it."""
        with self._lock:
            if job in self._running:
                self._lent.add(job)
                self._staff()

    def _staff(self) -> None:
        """A thread for every job that waits and has a slot; in the lock."""
        while job := self._chosen():
            if self._idle:
                self._idle.pop().put(job)
            else:
                threading.Thread(target=self._work, args=(job,), daemon=True).start()

    def _chosen(self) -> Job | None:
        """The next job for which there is a slot, which is its own from now on; in the lock."""
        heads = ((w[0], venue) for venue, w in self._waiting.items() if w and self._room(venue))
        first = min(heads, default=None)
        if first is None:
            return None
        venue = first[1]
        job = heapq.heappop(self._waiting[venue])[2]
        self._busy[venue] += 1
        self._running[job] = venue
        return job

    def _room(self, venue: str) -> bool:
        reads = self._waiting[venue][0][0] == -READ
        share, total = (n + n // 4 if reads else n for n in (self.share, self.total))
        return self._busy[venue] < share and len(self._running) - len(self._lent) < total

    def _free(self, job: Job) -> None:
        self._busy[self._running.pop(job)] -= 1
        self._lent.discard(job)

    def _work(self, first: Job) -> None:
        box: _Box = queue.SimpleQueue()
        job: Job | None = first
        while job:
            job()
            with self._lock:
                if job not in self._running:
                    return
                self._free(job)
                job = self._chosen()
                if job is None:
                    self._idle.append(box)
            if job is None:
                job = self._next(box)

    def _next(self, box: _Box) -> Job | None:
        """The job that an idle thread is given, None when there was none for long enough."""
        try:
            return box.get(timeout=IDLE_S)
        except queue.Empty:
            with self._lock:
                if box in self._idle:
                    self._idle.remove(box)
                    return None
        return box.get()
