"""A solver in a process of its own, so that neither a crash nor a hang of it is one of ours."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from moot.model.programme import Answer, Programme

SOLVING = (sys.executable, "-m", "moot.engine.solving")
PATIENCE_S = 20.0  # for one answer, by the wall clock
PIECE = 1 << 16
HIGHEST = 1e15  # that an amount or a price can be

Use = Literal["none", "idle", "used", "stopped", "failed"]


class Solver:
    """Answers like a Solve, for as long as the context lasts.

    The process is started when it is asked for first.  Where an answer is late the process is
    ended and there are no more answers, nor where it ended by itself; `use` tells which.
    """

    def __init__(
        self, argv: Sequence[str] = SOLVING, patience_s: float = PATIENCE_S, *, there: bool = True
    ) -> None:
        self.use: Use = "idle" if there else "none"
        self._argv = argv
        self._patience_s = patience_s
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def __call__(self, programme: Programme, whole: bool) -> Answer | None:
        if self.use not in ("idle", "used"):
            return None
        asked = {
            "wanted": programme.wanted,
            "columns": programme.columns,
            "least": programme.least,
            "most": programme.most,
            "whole": whole,
            "seconds": 2 * self._patience_s,  # we are gone by then
        }
        try:
            self.use = "used"
            return _answer(self._exchanged(json.dumps(asked).encode() + b"\n"), programme, whole)
        except TimeoutError:
            self.use = "stopped"
        except (OSError, ValueError, KeyError, TypeError):
            self.use = "failed"
        self._end()
        return None

    def _exchanged(self, question: bytes) -> bytes:
        """The line that comes back.  TimeoutError where it is late, OSError where none comes."""
        child = self._child = self._child or _started(self._argv)
        if child.stdin is None or child.stdout is None:
            raise BrokenPipeError
        until = monotonic() + self._patience_s
        answer = b""
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdin, selectors.EVENT_WRITE)
            ready.register(child.stdout, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                events = ready.select(max(0.0, until - monotonic()))
                if not events:
                    raise TimeoutError
                for key, _ in events:
                    if key.fileobj is child.stdin:
                        question = question[os.write(key.fd, question[:PIECE]) :]
                        if not question:
                            ready.unregister(child.stdin)
                    elif piece := os.read(key.fd, PIECE):
                        answer += piece
                    else:
                        raise BrokenPipeError
        return answer

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            with self._child:
                self._child = None


def highs() -> Solver:
    """The one that is an optional extra; without it, one that has no answers."""
    return Solver(there=find_spec("highspy") is not None)


def _started(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C is for us, and we end it."""
    child = subprocess.Popen(  # noqa: S603  (our own words)
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )
    if child.stdin is not None:
        os.set_blocking(child.stdin.fileno(), False)
    return child


def _answer(line: bytes, programme: Programme, whole: bool) -> Answer | None:
    """ValueError where it is not one to this programme."""
    said: Any = json.loads(line)
    if said is None:
        return None
    answer = Answer(tuple(map(float, said["amounts"])), tuple(map(float, said["prices"])))
    if len(answer.amounts) != len(programme.columns) or (
        not whole and len(answer.prices) != len(programme.wanted)
    ):
        raise ValueError(line)
    if not all(abs(number) < HIGHEST for number in (*answer.amounts, *answer.prices)):
        raise ValueError(line)
    return answer
