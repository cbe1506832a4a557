"""Worker threads: every venue has its own share, so that one that hangs starves no other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

SHARE = 16  # calls at a time per venue


@dataclass
class Slots:
    """Runs jobs of a venue on up to SHARE daemon threads; none of them outlives the process."""

    share: int = SHARE
    _queues: dict[str, queue.SimpleQueue[Callable[[], None]]] = field(
        default_factory=dict[str, "queue.SimpleQueue[Callable[[], None]]"]
    )
    _threads: dict[str, int] = field(default_factory=dict[str, int])
    _idle: dict[str, int] = field(default_factory=dict[str, int])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, venue: str, job: Callable[[], None]) -> None:
        """Run `job` as soon as a slot of the venue is free.  A job must not raise."""
        with self._lock:
            jobs = self._queues.setdefault(venue, queue.SimpleQueue())
            jobs.put(job)
            if (
                self._idle.get(venue, 0) >= jobs.qsize()
                or self._threads.get(venue, 0) >= self.share
            ):
                return
            self._threads[venue] = self._threads.get(venue, 0) + 1
        threading.Thread(target=self._work, args=(venue, jobs), daemon=True).start()

    def replace(self, venue: str) -> None:
        """Give the venue a further slot in the place of one whose call never came back."""
        with self._lock:
            self._threads[venue] = self._threads.get(venue, 0) - 1

    def _work(self, venue: str, jobs: queue.SimpleQueue[Callable[[], None]]) -> None:
        while True:
            with self._lock:
                self._idle[venue] = self._idle.get(venue, 0) + 1
            job = jobs.get()
            with self._lock:
                self._idle[venue] -= 1
            job()
