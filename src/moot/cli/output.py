"""What a command prints: its answer to stdout, as text or as JSON, and all else to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TextIO

from moot.model.diagnostic import Diagnostic
from moot.model.report import Stale
from moot.model.value import JSON

STYLES = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "bold": "1",
    "dim": "2",
}

# A name or a message may hold anything, also what would move the cursor or clear the screen.
_HARMLESS = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160)) if code != 10}


class Output:
    """Where a command's words go.

    A reader that goes away is noted in `broken` and nothing raises: a change under way must not
    end because somebody closed a pipe or a terminal.
    """

    def __init__(self, environ: Mapping[str, str], json_wanted: bool = False) -> None:
        self.json_wanted = json_wanted
        self.broken = False
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        self.colour = not plain and _is_terminal(sys.stdout)
        self.colour_messages = not plain and _is_terminal(sys.stderr)
        self._said: set[Diagnostic] = set()

    def line(self, text: str = "") -> None:
        """One line of the answer."""
        self._write(sys.stdout, f"{text}\n")

    def raw(self, text: str) -> None:
        """Part of the answer as it is, whatever is in it."""
        self._write(sys.stdout, text)

    def message(self, text: str) -> None:
        """One line that is not part of the answer."""
        self._write(sys.stderr, f"{text}\n")

    def message_raw(self, text: str) -> None:
        """Text for the terminal that is not part of the answer, as it is."""
        self._write(sys.stderr, text)

    def table(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[str]],
        colours: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """Aligned columns, never wrapped or cut: what reads them may be a program.

        Columns in which nothing stands are left out.  `colours` gives the style of a cell by the
        column's header and the cell's text.
        """
        cells = [[clean(cell) for cell in row] for row in rows]
        columns = [c for c in zip(headers, *cells, strict=True) if any(c[1:])]
        widths = [max(map(len, column)) for column in columns]
        styles = [(colours or {}).get(column[0], {}) for column in columns]
        for row in zip(*columns, strict=True):
            texts = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            texts[-1] = texts[-1].rstrip()
            shown = [
                self.style(text, style[cell]) if cell in style else text
                for text, cell, style in zip(texts, row, styles, strict=True)
            ]
            self.line("  ".join(shown).rstrip())

    def answer(
        self,
        fields: Mapping[str, JSON],
        *,
        errors: Iterable[Diagnostic] = (),
        stale: Iterable[Stale] = (),
        compact: bool = False,
    ) -> None:
        """The answer as JSON: `fields` in the envelope every command shares."""
        envelope: dict[str, JSON] = {
            "version": 1,
            **{key: value for key, value in fields.items() if key != "version"},
            "errors": [error.as_json() for error in errors],
            "stale": [stale_json(entry) for entry in stale],
        }
        self.raw(json.dumps(envelope, indent=None if compact else 2, ensure_ascii=False) + "\n")

    def warn(self, warnings: Iterable[Diagnostic]) -> None:
        """Each warning once, however often it is met."""
        fresh = [warning for warning in dict.fromkeys(warnings) if warning not in self._said]
        self._said.update(fresh)
        self._tell(replace(warning, severity="warning") for warning in fresh)

    def stale(self, entries: Iterable[Stale], *, shown: bool = True) -> None:
        """What is said of these venues is old; nothing is said of them where it is not `shown`."""
        self.warn(
            Diagnostic(
                summary=f"venue {entry.venue} does not answer",
                detail="; ".join(
                    part
                    for part in (
                        f"what is said of it was seen {moment(entry.since)}" if shown else "",
                        entry.reason,
                    )
                    if part
                ),
                remedy=f"moot venue check {entry.venue}",
                severity="warning",
            )
            for entry in entries
        )

    def fail(self, errors: Sequence[Diagnostic]) -> None:
        """Why the command ends here, as JSON where that was asked for and still can be read."""
        if self.json_wanted and not self.broken:
            failure = {"version": 1, "errors": [error.as_json() for error in errors]}
            self.raw(json.dumps(failure, ensure_ascii=False) + "\n")
            return
        self._tell(errors)

    def style(self, text: str, style: str) -> str:
        """`text` in a style of STYLES where stdout is a terminal, else as it is."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.colour else text

    def style_message(self, text: str, style: str) -> str:
        """`text` in a style of STYLES where stderr is a terminal, else as it is."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.colour_messages else text

    def _tell(self, diagnostics: Iterable[Diagnostic]) -> None:
        """What holds for several is said once, below all of them."""
        for alike in _alike(diagnostics):
            first = alike[0]
            colour = "red" if first.severity == "error" else "yellow"
            kind = self.style_message(f"{first.severity}:", colour)
            lines = [f"{kind} {clean(diagnostic.summary)}" for diagnostic in alike]
            lines += [f"  {first.place}"] if first.place else []
            texts = [*first.detail.splitlines(), *_conflict(first), *first.remedy.splitlines()]
            lines += [f"  {clean(text)}" for text in texts]
            self.message("\n".join(lines))

    def _write(self, stream: TextIO | None, text: str) -> None:
        if stream is None or (self.broken and stream is sys.stdout):
            return
        try:
            stream.write(text)
            stream.flush()
        except OSError as error:
            self.broken = self.broken or stream is sys.stdout
            # What is still buffered would fail again when the interpreter flushes it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                raise  # a full disk: the answer is lost, and the user must hear of it


def clean(text: str) -> str:
    """`text` on one line, with control characters spelled out."""
    return text.translate(_HARMLESS).replace("\n", " ")


def stale_json(entry: Stale) -> JSON:
    """An entry of `stale` in every envelope; `since` in epoch seconds."""
    return {"venue": entry.venue, "since": entry.since, "reason": entry.reason}


def moment(epoch_s: float | None) -> str:
    """A time for people, in this machine's zone."""
    import time

    if not epoch_s:
        return "never"
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch_s))


def ago(epoch_s: float | None, now: float) -> str:
    """How long ago, in the largest unit that says something: `40s`, `12m`, `3h`, `5d`."""
    if epoch_s is None:
        return "-"
    seconds = max(0, int(now - epoch_s))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _alike(diagnostics: Iterable[Diagnostic]) -> Iterable[list[Diagnostic]]:
    """Those of which the same is to be said together, where the first of them stands."""
    found: dict[object, list[Diagnostic]] = {}
    for each in diagnostics:
        alone = each.place or each.conflict or not each.detail
        key = id(each) if alone else (each.severity, each.detail, each.remedy)
        found.setdefault(key, []).append(each)
    return found.values()


def _conflict(diagnostic: Diagnostic) -> Iterable[str]:
    if diagnostic.conflict is None:
        return ()
    from moot.cli.conflict import conflict_lines  # prices take a while to load

    return conflict_lines(diagnostic.conflict)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()
