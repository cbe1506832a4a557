"""A courier carries errands to one machine: many at once, over one connection, with one Python."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from moot.model.value import JSON
from moot.provider import ErrorCode, ProviderError
from moot.providers.host.session import UNGREETED, Interpreter, Session, digest
from moot.shell import ShellError

WIDTH = 32  # more connections made at once would make each take too long
LONG_S = 3.0  # one that takes longer waits for a machine that may hang, and costs nothing
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
        """Let go of the connection; one on its way to a silent machine is waited for by nobody."""
        if self._lock.acquire(blocking=False):
            if self._session:
                self._session.close()
            self._lock.release()

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
                with _DOOR:
                    self._session = Session(self._interpreter)
            except ShellError as problem:
                error = ProviderError(_code(problem), str(problem), remedy=problem.remedy)
                self._failure = time.monotonic(), error
                raise error from problem
            return self._session


class Door:
    """Lets WIDTH at a time in, in the order in which they come; who is inside for LONG_S is not
    counted any more.
    """

    def __init__(self) -> None:
        self._inside: dict[threading.Thread, float] = {}
        self._queue = deque[threading.Event]()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        turn = threading.Event()
        with self._lock:
            self._queue.append(turn)
        try:
            while (wait_s := self._entered(turn)) != 0:
                turn.wait(wait_s)
                turn.clear()
        except BaseException:  # who is interrupted must not keep those behind out
            with self._lock:
                if turn in self._queue:
                    self._queue.remove(turn)
                self._inside.pop(threading.current_thread(), None)
                self._call_next()
            raise

    def __exit__(self, *_: object) -> None:
        with self._lock:
            del self._inside[threading.current_thread()]
            self._call_next()

    def shut(self) -> None:
        """Nobody comes in any more: a turn that is never taken stands before all others."""
        with self._lock:
            self._queue.appendleft(threading.Event())

    def _entered(self, turn: threading.Event) -> float | None:
        """0 once we are inside, else how long to wait for our turn: None is until we are called."""
        with self._lock:
            if self._queue[0] is not turn:
                return None
            free_at = sorted(at + LONG_S for at in self._inside.values())[-WIDTH:]
            if len(free_at) == WIDTH and (wait_s := free_at[0] - time.monotonic()) > 0:
                return wait_s
            self._queue.popleft()
            self._inside[threading.current_thread()] = time.monotonic()
            self._call_next()
            return 0

    def _call_next(self) -> None:
        if self._queue:
            self._queue[0].set()


_DOOR = Door()
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
    _DOOR.shut()
    for process in tuple(UNGREETED):
        process.terminate()
    for standing in _COURIERS.values():
        standing.part()
    for standing in _COURIERS.values():
        standing.close()


def _forsake() -> None:
    global _LOCK, _DOOR
    _LOCK, _DOOR = threading.Lock(), Door()
    UNGREETED.clear()
    for inherited in _COURIERS.values():
        inherited.forsake()


os.register_at_fork(after_in_child=_forsake)
