"""Ctrl-C during an apply: the first lets what is in flight finish, the second stops at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from moot.cli import INTERRUPTED

FIRST = "finishing what is in flight; press Ctrl-C again to stop now"
SECOND = "stopped; the same command goes on from here"


@contextmanager
def interruptible(say: Callable[[str], None]) -> Iterator[threading.Event]:
    """An event that is set by the first SIGINT or SIGTERM; `say` shows a line and must be quick.

    The second signal ends the process without waiting for any thread: the journal has every
    intent, so the next run picks up from there.
    """
    cancelled = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if cancelled.is_set():
            new_line = "\n" if os.isatty(2) else ""  # the terminal has just echoed ^C
            os.write(2, f"{new_line}{SECOND}\n".encode())
            os._exit(INTERRUPTED)
        cancelled.set()
        say(FIRST)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, on_signal) for number in numbers]
    try:
        yield cancelled
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
