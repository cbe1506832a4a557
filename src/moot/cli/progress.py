"""How an apply is shown while it runs: repainted on a terminal, plain lines in a pipe."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from moot.cli.output import Output, clean
from moot.model.report import Step

DOING = {"create": "creating", "update": "updating", "delete": "deleting"}
DID = {"create": "created", "update": "updated", "delete": "deleted"}
REPAINT_S = 0.1


class Progress(Protocol):
    """Shows an apply.  `observe` may be called from any thread, `say` from a signal handler."""

    def observe(self, step: Step) -> None: ...
    def say(self, text: str) -> None: ...
    def close(self) -> None: ...


def progress_for(out: Output, *, quiet: bool, plain: bool) -> Progress:
    """The one that suits stderr; `plain` where other lines will be written between."""
    if quiet:
        return Silent()
    if plain or not sys.stderr or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return Lines(out)
    return Live(out)


class Silent:
    """Shows nothing but what the user must know."""

    def observe(self, step: Step) -> None:
        """Nothing to show."""

    def say(self, text: str) -> None:
        """Written past Python's buffers, which a signal may have interrupted half-way."""
        os.write(2, f"{text}\n".encode())

    def close(self) -> None:
        """Nothing to end."""


class Lines(Silent):
    """One line for each change that is settled, or held up for long.

    They are written together, ten times a second: each by itself would stop those who make the
    changes, and a thousand lines take longer than a thousand quick changes.
    """

    def __init__(self, out: Output) -> None:
        self._out = out
        self._lines: deque[str] = deque()
        self._ticker = _Ticker(self._write)

    def observe(self, step: Step) -> None:
        """A line where the step settles a change, or says what is waited for."""
        text = clean(step.note) if step.phase == "waiting" else settled(step)
        if text:
            self._lines.append(f"[{step.done}/{step.total}] {text}\n")

    def close(self) -> None:
        """Write what is still to be said."""
        self._ticker.stop()
        self._write()

    def _write(self) -> None:
        if lines := [self._lines.popleft() for _ in range(len(self._lines))]:
            self._out.message_raw("".join(lines))


class Live:
    """A line for each change that is settled, and below them a block of those that run.

    The block is repainted in place ten times a second by a thread of its own, so that times go on
    while nothing is reported.
    """

    def __init__(self, out: Output) -> None:
        self._out = out
        self._lock = threading.RLock()
        self._running: dict[str, tuple[Step, float]] = {}
        self._counts = (0, 0)
        self._notice = ""
        self._height = 0
        self._ticker = _Ticker(self._repaint)

    def observe(self, step: Step) -> None:
        """Take the step into the picture."""
        with self._lock:
            self._counts = (step.done, step.total)
            text = settled(step)
            if not text:
                self._running[step.change] = (step, time.monotonic() - step.elapsed_s)
                return
            self._running.pop(step.change, None)
            line = self._out.style_message(text, "red") if step.phase == "failed" else text
            self._out.message_raw(f"{self._erased()}{line}\n{self._painted()}")

    def say(self, text: str) -> None:
        """Show `text` below the block from the next repaint on; safe in a signal handler."""
        if self._ticker.stopped:
            os.write(2, f"{text}\n".encode())
        self._notice = text

    def close(self) -> None:
        """Leave the terminal as it was, with the settled lines on it."""
        self._ticker.stop()
        with self._lock:
            self._out.message_raw(self._erased())

    def _repaint(self) -> None:
        with self._lock:
            self._out.message_raw(self._erased() + self._painted())

    def _painted(self) -> str:
        columns, rows = _terminal_size()
        done, total = self._counts
        lines = [_running(step, since) for step, since in self._running.values()]
        room = max(1, rows - 4)
        if len(lines) > room:
            lines = [*lines[:room], f"  ... and {len(lines) - room} more"]
        lines += [f"[{done}/{total}]"] if total else []
        lines += [self._notice] if self._notice else []
        self._height = len(lines)
        # A line as wide as the terminal would wrap, and the block could not be found again.
        return "".join(f"{line[: columns - 1]}\n" for line in lines)

    def _erased(self) -> str:
        height, self._height = self._height, 0
        return f"\x1b[{height}A\r\x1b[J" if height else ""


class _Ticker:
    """Does something ten times a second, in a thread of its own, until it is stopped."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Returns when nothing is done any more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(REPAINT_S):
            self._act()


def settled(step: Step) -> str:
    """The line for a change that is settled, "" while it is not."""
    took = f" ({step.elapsed_s:.1f}s)"
    note = f": {clean(step.note)}" if step.note else ""
    match step.phase:
        case "done":
            return f"{DID.get(step.verb, step.verb)} {step.address}{took}"
        case "failed":
            return f"could not {step.verb} {step.address}{took}{note}"
        case "dropped":
            return f"unchanged {step.address}{note}"
        case _:
            return ""


def _running(step: Step, since: float) -> str:
    took_s = time.monotonic() - since
    if step.phase == "waiting":
        return f"  {clean(step.note)}  {took_s:.1f}s"
    note = f"  {clean(step.note)}" if step.note else ""
    return f"  {DOING.get(step.verb, step.verb)} {step.address}  {took_s:.1f}s{note}"


def _terminal_size() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(2)
    except OSError:
        return 80, 24
    return size.columns or 80, size.lines or 24
