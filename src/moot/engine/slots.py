"""Worker threads: every venue has its own share, so that one that hangs starves no other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

SHARE = 16  # calls at a time per venue
GRACE_S = 5.0  # what a call may take beyond its type's time-out before it is given up

Job = Callable[[], None]


@dataclass
class Slots:
    """Runs jobs of a venue on up to SHARE daemon threads; none of them outlives the process."""

    share: int = SHARE
    _jobs: dict[str, deque[Job]] = field(default_factory=dict[str, deque[Job]])
    _threads: dict[str, int] = field(default_factory=dict[str, int])
    _running: set[Job] = field(default_factory=set[Job])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, venue: str, job: Job) -> None:
        """Run `job` as soon as a slot of the venue is free.  A job must not raise."""
        with self._lock:
            self._jobs.setdefault(venue, deque()).append(job)
            self._staff(venue)

    def abandon(self, venue: str, job: Job) -> None:
        """Nobody waits for `job` any more: it is not begun, or its slot is given to others.

        Should it come back after all, its thread ends.
        """
        with self._lock:
            if job in self._running:
                self._running.remove(job)
                self._threads[venue] -= 1
                self._staff(venue)
            elif job in self._jobs[venue]:
                self._jobs[venue].remove(job)

    def _staff(self, venue: str) -> None:
        """One more thread where a job waits and the venue's share allows it; in the lock."""
        threads = self._threads.get(venue, 0)
        if self._jobs[venue] and threads < self.share:
            self._threads[venue] = threads + 1
            threading.Thread(target=self._work, args=(venue,), daemon=True).start()

    def _work(self, venue: str) -> None:
        while True:
            with self._lock:
                if not self._jobs[venue]:
                    self._threads[venue] -= 1
                    return
                job = self._jobs[venue].popleft()
                self._running.add(job)
            job()
            with self._lock:
                if job not in self._running:
                    return
                self._running.remove(job)
