"""The `.env` and `env_file` formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from moot.model.diagnostic import Diagnostic
from moot.model.position import Position
from moot.model.value import Ref, Text
from moot.passes.compose.interpolate import Names, Unfit, substituted
from moot.passes.compose.node import shown

_KEY = re.compile(r"(?:export[ \t]+)?([A-Za-z0-9_.\-\[\]]+)[ \t]*(=|:|(?=\n|\Z|[ \t]*#))[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\f\v]*(?:#[^\n]*)?\n)*[ \t\r\f\v]*(?:#[^\n]*\Z)?")
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"])|0([0-7]{0,3})|(\$))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
            "\\": "\\", '"': '"'}  # fmt: skip


@dataclass(slots=True)
class Variables:
    """The variables of one file, in its order, and what is wrong with it."""

    values: dict[str, str]
    diagnostics: list[Diagnostic]


def variables(
    file: str, content: bytes, known: Mapping[str, str], missing: Callable[[str], None]
) -> Variables:
    """What `content` sets.

    Values may refer to `known` and to variables set above; a line with only a name takes the
    value from `known`.
    """
    read = _Reader(file, content, known, missing)
    read.all()
    return Variables(read.values, read.diagnostics)


def raw_variables(file: str, content: bytes) -> Variables:
    """What `content` sets in the `raw` format: everything after `=` is the value, as it stands."""
    values: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for number, line in enumerate(_decoded(content).splitlines(), 1):
        name, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if equals and name.strip():
            values[name.strip()] = value
        else:
            diagnostics.append(_broken(file, number, line))
    return Variables(values, diagnostics)


def _decoded(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")


def _broken(file: str, line: int, text: str) -> Diagnostic:
    """Says the name only: the value may be a password."""
    return Diagnostic(
        summary="Invalid environment file",
        detail=f"What begins with {text.partition('=')[0].strip()[:40]!r} is not NAME=value.",
        remedy="Correct the line; quote values that hold spaces, quotes or line ends.",
        place=Position(file, line),
    )


class _Reader:
    """One pass over the text of a file."""

    def __init__(
        self, file: str, content: bytes, known: Mapping[str, str], missing: Callable[[str], None]
    ) -> None:
        self.file = file
        self.text = _decoded(content)
        self.known = known
        self.missing = missing
        self.values: dict[str, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self.position = 0

    def all(self) -> None:
        while True:
            blank = _BLANK.match(self.text, self.position)
            self.position = blank.end() if blank else self.position
            if self.position >= len(self.text):
                return
            self._statement()

    def _statement(self) -> None:
        key = _KEY.match(self.text, self.position)
        if key is None:
            self._skip(self.position)
            return
        name, start = key[1], self.position
        self.position = key.end()
        if not key[2]:
            if name in self.known:
                self.values[name] = self.known[name]
            self.position = self._line_end(self.position)
            return
        try:
            value = self._value(start)
        except Unfit as problem:
            place = Position(self.file, self._line(start))
            self.diagnostics.append(
                Diagnostic(
                    summary=problem.summary,
                    detail=problem.detail,
                    remedy=problem.remedy,
                    place=place,
                )
            )
            return
        if value is not None:
            self.values[name] = value

    def _value(self, start: int) -> str | None:
        quote = self.text[self.position : self.position + 1]
        if quote not in ("'", '"') or not quote:
            end = self._line_end(self.position)
            line = self.text[self.position : end]
            self.position = end
            return self._filled(re.split(r"(?:^|[ \t])#", line, maxsplit=1)[0].strip())
        found = (_SINGLE if quote == "'" else _DOUBLE).match(self.text, self.position)
        rest = _REST.match(self.text, found.end()) if found else None
        if found is None or rest is None:
            self._skip(start)
            return None
        self.position = rest.end()
        if quote == "'":
            return found[1].replace("\\'", "'")
        return self._filled(_ESCAPE.sub(_unescaped, found[1]))

    def _filled(self, text: str) -> str:
        if "$" not in text:
            return text
        names = Names({**self.values, **self.known}, self.missing)
        value = substituted(text, names)
        return shown(value) if isinstance(value, Ref | Text) else value

    def _skip(self, start: int) -> None:
        line_end = self._line_end(start)
        self.diagnostics.append(_broken(self.file, self._line(start), self.text[start:line_end]))
        self.position = line_end

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end

    def _line(self, position: int) -> int:
        return self.text.count("\n", 0, position) + 1


def _unescaped(found: re.Match[str]) -> str:
    if found[3]:
        return "$$"
    if found[1]:
        return _ESCAPED[found[1]]
    code = int(found[2] or "0", 8)
    return chr(code) if code else found[0]
