"""`moot facts` and `moot run`: what machines are, and a command on each of them."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moot.cli import INTERRUPTED
from moot.cli.commands.logs import COLOURS
from moot.cli.interrupt import interruptible
from moot.cli.output import Output
from moot.cli.times import duration
from moot.model.machine import CommandEnd, MachineFacts

if TYPE_CHECKING:
    from moot.cli.call import Call

HEADERS = ("VENUE", "HOST", "SYSTEM", "ARCH", "CPUS", "LOAD", "MEMORY FREE", "DISK FREE", "ADDRESS")
LONGEST = 1 << 16  # characters of a line that are kept together


def facts(call: Call, out: Output) -> int:
    """Print what machines are; 1 where one does not answer."""
    machines = call.moot.machines(call.invocation.arguments).facts()
    problems = [machine.problem for machine in machines if machine.problem]
    if out.json_wanted:
        found = [{"venue": m.venue, **m.facts} for m in machines if not m.problem]
        out.answer({"machines": found}, errors=problems)
        return int(bool(problems))
    out.table(HEADERS, (_row(machine) for machine in machines if not machine.problem))
    out.fail(problems)
    return int(bool(problems))


def run(call: Call, out: Output) -> int:
    """Run a command on machines: 0 where it ended well on all of them, else 1."""
    given = call.invocation
    chosen, *argv = given.arguments
    limit_s = duration("--timeout", given.value("timeout"))
    collected = given.flag("collect") or out.json_wanted
    board: Streaming | Collected = Collected() if collected else Streaming(out)
    with interruptible(lambda _: out.message("ending it on every machine")) as cancelled:
        ends: list[CommandEnd] = []
        machines = call.moot.machines(chosen.split(","))
        for end in machines.run(argv, board.take, cancelled, timeout_s=limit_s or math.inf):
            board.finish(end.venue)
            ends.append(end)
    stopped = cancelled.is_set()
    problems = [end.problem for end in ends if end.problem]
    if out.json_wanted:
        assert isinstance(board, Collected)
        out.answer({"runs": [board.as_json(end) for end in ends]}, errors=problems)
    else:
        if isinstance(board, Collected):
            for line in board.blocks(ends):
                out.line(line)
        out.fail(problems)
        out.message(_summary(ends))
    return INTERRUPTED if stopped else int(any(end.exit_code != 0 for end in ends))


class Streaming:
    """Prints lines as they come, each behind the name of its machine; safe from several threads."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._rests: dict[tuple[str, str], str] = {}
        self._colours: dict[str, str] = {}
        self._width = 0

    def take(self, venue: str, stream: str, text: str) -> None:
        with self._lock:
            *lines, rest = (self._rests.pop((venue, stream), "") + text).split("\n")
            if len(rest) > LONGEST:  # who never ends a line would fill our memory
                lines, rest = [*lines, rest], ""
            self._rests[venue, stream] = rest
            for line in lines:
                self._print(venue, stream, line)

    def finish(self, venue: str) -> None:
        """What ended without a newline."""
        with self._lock:
            for stream in ("stdout", "stderr"):
                if rest := self._rests.pop((venue, stream), ""):
                    self._print(venue, stream, rest)

    def _print(self, venue: str, stream: str, line: str) -> None:
        self._width = max(self._width, len(venue))
        colour = self._colours.setdefault(venue, COLOURS[len(self._colours) % len(COLOURS)])
        name = f"{venue.ljust(self._width)} |"
        if stream == "stdout":
            self._out.line(f"{self._out.style(name, colour)} {_shown(line)}")
        else:
            self._out.message(f"{self._out.style_message(name, colour)} {_shown(line)}")


class Collected:
    """Keeps what was written, until all have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[tuple[str, str], list[str]] = {}

    def take(self, venue: str, stream: str, text: str) -> None:
        with self._lock:
            self._texts.setdefault((venue, stream), []).append(text)

    def finish(self, venue: str) -> None:
        """There is nothing to do before all have ended."""

    def as_json(self, end: CommandEnd) -> Any:
        """An entry of `runs`."""
        return {
            "venue": end.venue,
            "exit_code": end.exit_code,
            "elapsed_s": round(end.elapsed_s, 3),
            "stdout": self._text(end.venue, "stdout"),
            "stderr": self._text(end.venue, "stderr"),
        }

    def blocks(self, ends: Iterable[CommandEnd]) -> Iterable[str]:
        """Those that said the same stand together."""
        alike: dict[tuple[int | None, str, str], list[str]] = {}
        for end in ends:
            if end.problem is None:
                said = self._text(end.venue, "stdout"), self._text(end.venue, "stderr")
                alike.setdefault((end.exit_code, *said), []).append(end.venue)
        for (code, stdout, stderr), venues in alike.items():
            how = "" if code == 0 else f"  exit code {code}" if code is not None else "  ended"
            yield f"{', '.join(sorted(venues))}{how}"
            for line in (stdout + stderr).splitlines():
                yield f"  {line}"

    def _text(self, venue: str, stream: str) -> str:
        return _shown("".join(self._texts.get((venue, stream), ())))


def _shown(text: str) -> str:
    """Bytes that are no text stand as a question mark; they came as what JSON can carry."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _summary(ends: Iterable[CommandEnd]) -> str:
    """On how many it ended well, and what became of the others; the errors have their reasons."""
    well, stopped, parts = 0, 0, list[str]()
    for end in ends:
        if end.exit_code == 0:
            well += 1
        elif end.exit_code is None:
            stopped += 1
        else:
            parts.append(f"{end.venue}: exit code {end.exit_code}")
    not_done = [f"not done on {stopped}"] if stopped else []
    return "; ".join([f"ok on {well}", *parts, *not_done])


def _row(machine: MachineFacts) -> tuple[str, ...]:
    found: Mapping[str, Any] = machine.facts
    return (
        machine.venue,
        str(found["host"]),
        str(found["system"]),
        str(found["architecture"]),
        str(found["cpus"]),
        f"{found['load']:.2f}",
        f"{_gib(found['memory_free_mib'])} of {_gib(found['memory_mib'])}",
        f"{_gib(found['disk_free_mib'])} of {_gib(found['disk_mib'])}",
        str(found["address"]),
    )


def _gib(size_mib: int) -> str:
    return f"{size_mib / 1024:.1f} GiB"
