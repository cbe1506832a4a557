"""A courier carries errands to one machine: many at once, over one connection, with one Python."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from moot.model.value import JSON
from moot.provider import ErrorCode, ProviderError
from moot.providers.host.session import Interpreter, Session, digest
from moot.shell import ShellError

CONNECTING = threading.BoundedSemaphore(32)  # more at once would make each take too long
SULK_S = 3.0  # who asks so soon after a failure is told the same again


class Courier:
    """Errands to one machine.  It connects when first asked, and again when that was lost."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._session: Session | None = None
        self._failure: tuple[float, ProviderError] | None = None
        self._lock = threading.Lock()

    def hello(self) -> Mapping[str, Any]:
        """What the machine said of itself when we came."""
        return self._standing().hello

    def age_s(self) -> float:
        """How long ago that was."""
        return time.monotonic() - self._standing().since

    def ask(
        self,
        errand: str,
        arguments: Mapping[str, JSON],
        *,
        timeout_s: float,
        said: Callable[[Any], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Any:
        """Have it done.  Raises ProviderError with what it says, or with OutcomeUnknown.

        `said` gets what the errand says before its answer; it is ended where `stop()` is true,
        which is asked a few times a second.
        """
        answer = self._standing().ask({"errand": errand, **arguments}, timeout_s, said, stop)
        if "error" in answer:
            raise ProviderError(answer["error"], answer["message"], remedy=answer["remedy"])
        return answer["ok"]

    def part(self) -> None:
        """Tell the machine that we are gone, and wait for nothing."""
        if self._session:
            self._session.part()

    def close(self) -> None:
        """Let go of the connection; the next errand makes a new one."""
        with self._lock:
            if self._session:
                self._session.close()
            self._session = self._failure = None

    def forsake(self) -> None:
        """In a forked child: the connection is the parent's, and so are its locks."""
        if self._session:
            self._session.forsake()
        self._session, self._lock = None, threading.Lock()

    def _standing(self) -> Session:
        with self._lock:
            if self._session and self._session.alive:
                return self._session
            if self._failure and time.monotonic() < self._failure[0] + SULK_S:
                raise self._failure[1]
            self._session = self._failure = None
            try:
                with CONNECTING:
                    self._session = Session(self._interpreter)
            except ShellError as problem:
                error = ProviderError(_code(problem), str(problem), remedy=problem.remedy)
                self._failure = time.monotonic(), error
                raise error from problem
            return self._session


_COURIERS: dict[Interpreter, Courier] = {}
_LOCK = threading.Lock()


def courier(interpreter: Interpreter) -> Courier:
    """The courier of this process to a machine: venues and providers made anew share it."""
    with _LOCK:
        digest()  # our scripts are read once, and not by the thread of each machine
        return _COURIERS.setdefault(interpreter, Courier(interpreter))


def _code(problem: ShellError) -> ErrorCode:
    if "does not let us in" in str(problem):
        return "InvalidCredentials"
    return "AccessDenied" if "host key" in str(problem) else "NetworkFailure"


@atexit.register
def _dismiss() -> None:
    """At the end of the process: nothing stays on any machine, however many there are."""
    for standing in _COURIERS.values():
        standing.part()
    for standing in _COURIERS.values():
        standing.close()


def _forsake() -> None:
    global _LOCK
    _LOCK = threading.Lock()
    for inherited in _COURIERS.values():
        inherited.forsake()


os.register_at_fork(after_in_child=_forsake)
