"""Surveys of one machine, shared by all who ask at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
GATHER_S = 0.005  # for others who ask now too: less than a survey of their own would take


@dataclass(eq=False)
class Surveys:
    """Everything of ours on a machine is one answer; lists of several types share it."""

    take: Callable[[], list[Record]]
    _next: Future[list[Record]] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _taking: threading.Lock = field(default_factory=threading.Lock)

    def fresh(self) -> list[Record]:
        """A survey that began after this call; one under way may have missed what we look for."""
        with self._lock:
            leads = self._next is None
            survey = self._next = self._next or Future()
        if leads:
            with self._taking:
                time.sleep(GATHER_S)
                with self._lock:
                    self._next = None  # who asks from now on wants a later one
                try:
                    survey.set_result(self.take())
                except BaseException as problem:
                    survey.set_exception(problem)
        return survey.result()
