"""Work that takes minutes, such as a pull: done beside the handlers, which ask how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from moot.provider import ProviderError

Report = Callable[[str], None]


@dataclass
class Job:
    """One piece of work.  `note` is how far it is; `failure` is why it ended badly."""

    note: str = ""
    result: str = ""
    failure: ProviderError | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """Jobs by key.  After a crash nothing is left of them, and asking again starts them again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def result(self, key: str, work: Callable[[Report], str], wait_s: float) -> Job:
        """The job of that key, begun now if there is none; waits a moment for one that is short.

        One that has ended is forgotten when it is told, so that the next attempt begins anew.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = Job()
                threading.Thread(target=_run, args=(job, work), daemon=True).start()
        if job.done.wait(wait_s):
            with self._lock:
                self._jobs.pop(key, None)
        return job


def _run(job: Job, work: Callable[[Report], str]) -> None:
    def report(note: str) -> None:
        job.note = note

    try:
        job.result = work(report)
    except ProviderError as error:
        job.failure = error
    except Exception as error:  # a thread that dies silently would be waited for for ever
        job.failure = ProviderError("GeneralServiceException", f"{type(error).__name__}: {error}")
    finally:
        job.done.set()
