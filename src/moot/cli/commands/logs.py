"""`moot logs`: what replicas wrote, as it is or as JSON."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from moot.cli.output import Output
from moot.cli.times import moment
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.cli.call import Call
    from moot.provider import LogLine

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")


def logs(call: Call, out: Output) -> int:
    """Print lines until there are no more, with --follow until Ctrl-C or until nobody reads."""
    given = call.invocation
    since = given.value("since")
    follow = given.flag("follow")
    lines = call.moot.logs(
        given.arguments,
        follow=follow,
        tail=tail(given.value("tail")),
        since=None if since is None else moment("--since", since, time.time()),
        stop=lambda: out.broken,
    )
    if out.json_wanted and not follow:
        out.answer({"lines": [line_json(replica, line) for replica, line in lines]})
        return 0
    writer = Writer(out, prefix=not given.flag("no-prefix"), times=given.flag("timestamps"))
    for replica, line in lines:
        if out.json_wanted:
            out.answer({"lines": [line_json(replica, line)]}, compact=True)
        else:
            writer.write(replica, line)
        if out.broken:
            break
    return 0


class Writer:
    """Prints lines for people: each with the name of its replica, aligned as far as known."""

    def __init__(self, out: Output, *, prefix: bool, times: bool) -> None:
        self._out = out
        self._prefix = prefix
        self._times = times
        self._width = 0
        self._colours: dict[str, str] = {}

    def write(self, replica: str, line: LogLine) -> None:
        """One line; its own bytes are left as they are, colours and all."""
        parts: list[str] = []
        if self._prefix:
            name = replica.partition("/")[2] or replica  # the App's own name goes without saying
            self._width = max(self._width, len(name))
            colour = self._colours.setdefault(replica, COLOURS[len(self._colours) % len(COLOURS)])
            parts.append(self._out.style(f"{name.ljust(self._width)} |", colour))
        if self._times:
            parts.append(iso(line.at))
        self._out.line(" ".join([*parts, line.text.rstrip("\r\n")]))


def line_json(replica: str, line: LogLine) -> JSON:
    """An entry of `lines`; `at` in epoch seconds."""
    return {"replica": replica, "at": line.at, "stream": line.stream, "text": line.text}


def iso(epoch_s: float) -> str:
    """A time with its zone, to the millisecond."""
    return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="milliseconds")


def tail(text: str | None) -> int | None:
    """How many lines `--tail` asks for; None is all.  Raises BadInput."""
    if text in (None, "all"):
        return None
    if not text.isdecimal():
        raise BadInput(
            Diagnostic(
                summary=f"--tail takes a number of lines, not {text}",
                remedy="write --tail 100, or --tail all",
            )
        )
    return int(text)
