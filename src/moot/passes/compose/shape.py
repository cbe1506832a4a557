"""What a shape is, and the shapes of single values: how each is written, read and described."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from moot.model.units import duration, seconds, size_bytes
from moot.model.value import JSON, Ref, Text
from moot.passes.compose.interpolate import number
from moot.passes.compose.node import Node, described
from moot.passes.compose.reports import Reports, did_you_mean
from moot.passes.compose.scalar import written


@dataclass(slots=True)
class Scope:
    """What reading a value depends on besides the value: whom to tell, and whose file it is in."""

    reports: Reports
    folder: str
    environ: Mapping[str, str]

    def wrong(self, node: Node, path: str, expected: str, remedy: str = "") -> None:
        """Report a value of the wrong kind."""
        self.reports.error(
            "Wrong value",
            f"{path} is {described(node)}, but must be {expected}.",
            remedy or f"Write {expected}.",
            node.place,
        )

    def absolute(self, path: str) -> str:
        """`path` as an absolute path; relative ones begin at the folder of the declaration."""
        if path == "~" or path.startswith("~/"):
            path = self.environ.get("HOME", "~") + path[1:]
        return posixpath.normpath(posixpath.join(self.folder, path))


class Shape(Protocol):
    """How one value may be written, what its canonical form is, and how two of them merge."""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        """The canonical form; None, after a report, where there is none."""
        ...

    def merge(self, first: Node, second: Node) -> Node:
        """Two canonical values of the same key as one; the second has the last word."""
        ...

    def schema(self) -> JSON:
        """The JSON Schema of what may be written."""
        ...


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled when it is first asked for: most of a file's are never needed."""
    return re.compile(pattern)


def merged(shape: Shape, first: Node | None, second: Node) -> Node:
    """`shape.merge` with what holds for every shape: null changes nothing, and the two tags."""
    if first is None or first.tag == "reset" or first.value is None:
        return second
    if second.tag:
        return second
    if second.value is None:
        return first
    return shape.merge(first, second)


class Single:
    """A value that a later file replaces as a whole."""

    def merge(self, first: Node, second: Node) -> Node:
        del first
        return second


@dataclass(frozen=True, slots=True)
class Word(Single):
    """A text.  `numbers`: a number may be written without quotes.  `refs`: may hold a Ref."""

    choices: tuple[str, ...] = ()
    pattern: str = ""
    means: str = "a text"
    numbers: bool = False
    booleans: bool = False
    refs: bool = False

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        value = node.value
        if isinstance(value, Ref | Text) and self.refs:
            return node
        if isinstance(value, bool | int | float) and self._takes(value):
            value = written(value, node.text)
            node = node.but(value)
        if not isinstance(value, str):
            scope.wrong(node, path, self.means, self._remedy(node))
            return None
        if self.choices and value not in self.choices:
            one_of = ", ".join(self.choices)
            scope.reports.error(
                "Unknown value",
                f"{path} is {described(node)}, which is none of: {one_of}.",
                did_you_mean(value, self.choices, f"Use one of: {one_of}."),
                node.place,
            )
            return None
        if self.pattern and not compiled(self.pattern).fullmatch(value):
            scope.wrong(node, path, self.means)
            return None
        return node

    def _takes(self, value: float) -> bool:
        return self.booleans if isinstance(value, bool) else self.numbers

    def _remedy(self, node: Node) -> str:
        if isinstance(node.value, Ref | Text):
            return "Use ${moot:...} in 'environment' or in properties of 'x-moot.resources'."
        if isinstance(node.value, bool | int | float) and not self.pattern:
            return f'Put it in quotes: "{node.text}".'
        return f"Write {self.means}."

    def schema(self) -> JSON:
        kinds = ["string"]
        kinds += ["number"] if self.numbers else []
        kinds += ["boolean"] if self.booleans else []
        made: dict[str, JSON] = {"type": kinds[0] if len(kinds) == 1 else kinds}
        if self.choices:
            made["anyOf"] = [{"enum": list(self.choices)}, {"pattern": r"\$"}]
        if self.pattern:
            made["anyOf"] = [{"pattern": f"^(?:{self.pattern})$"}, {"pattern": r"\$"}]
        return made


@dataclass(frozen=True, slots=True)
class Flag(Single):
    """true or false."""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        value = number(node)
        if isinstance(value, bool):
            return node.but(value)
        hint = ""
        if isinstance(value, str) and value.lower() in ("yes", "on", "y", "no", "off", "n"):
            right = "true" if value.lower() in ("yes", "on", "y") else "false"
            hint = f"YAML 1.2 knows true and false only; write {right}."
        scope.wrong(node, path, "true or false", hint)
        return None

    def schema(self) -> JSON:
        return {"type": ["boolean", "string"]}


@dataclass(frozen=True, slots=True)
class Number(Single):
    """A number; `whole` without a fraction.  Its canonical form is a number."""

    least: float | None = None
    most: float | None = None
    whole: bool = True
    words: tuple[str, ...] = ()

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        value = number(node)
        if isinstance(value, str) and value in self.words:
            return node.but(value)
        if self.whole and isinstance(value, float) and value.is_integer():
            value = int(value)
        if self._fits(value):
            return node.but(value)
        scope.wrong(node, path, self._means())
        return None

    def _fits(self, value: Any) -> bool:
        kinds = int if self.whole else int | float
        if not isinstance(value, kinds) or isinstance(value, bool):
            return False
        low = self.least is not None and value < self.least
        return not low and not (self.most is not None and value > self.most)

    def _means(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        low, high = self.least, self.most
        if low is not None and high is not None:
            kind += f" from {low:g} to {high:g}"
        elif low is not None:
            kind += f" of at least {low:g}"
        return kind + "".join(f" or {word!r}" for word in self.words)

    def schema(self) -> JSON:
        made: dict[str, JSON] = {"type": ["integer" if self.whole else "number", "string"]}
        if self.least is not None:
            made["minimum"] = self.least
        if self.most is not None:
            made["maximum"] = self.most
        return made


@dataclass(frozen=True, slots=True)
class Duration(Single):
    """A duration such as `1m30s`; its canonical form is Compose's."""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        try:
            if isinstance(node.value, str):
                return node.but(duration(seconds(node.value.strip())))
        except ValueError:
            pass
        remedy = ""
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            remedy = f"Add a unit, such as {node.value}s."
        scope.wrong(node, path, "a duration such as 90s or 1m30s", remedy)
        return None

    def schema(self) -> JSON:
        return {"type": "string", "examples": ["10s", "1m30s"]}


@dataclass(frozen=True, slots=True)
class Size(Single):
    """A size in bytes such as `256M`; its canonical form is the number of bytes as a text."""

    words: tuple[str, ...] = ()

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            scope.wrong(node, path, "a size such as 256M or 1g")
            return None
        text = str(value).strip()
        if text in self.words:
            return node.but(text)
        try:
            return node.but(str(size_bytes(text)))
        except ValueError:
            scope.wrong(node, path, "a size such as 256M or 1g")
            return None

    def schema(self) -> JSON:
        return {"type": ["string", "integer"], "examples": ["256M", "1g"]}


@dataclass(frozen=True, slots=True)
class Mode(Single):
    """File permissions; a leading zero means octal, whatever YAML's version says."""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        text = node.text or str(node.value)
        if isinstance(node.value, int) and not text.startswith("0"):
            value = node.value
        elif re.fullmatch(r"0?o?[0-7]{1,5}", text):
            value = int(text.replace("o", ""), 8)
        else:
            value = -1
        if isinstance(node.value, bool) or not 0 <= value <= 0o7777:
            scope.wrong(node, path, "permissions such as 0440")
            return None
        return node.but(f"{value:#05o}".replace("o", ""))

    def schema(self) -> JSON:
        return {"type": ["integer", "string"], "examples": ["0440"]}


@dataclass(frozen=True, slots=True)
class File(Single):
    """A path; a relative one begins at the folder of the declaration.  `remote`: or an address."""

    remote: bool = False

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        value = node.value
        if not isinstance(value, str) or not value or "\0" in value:
            scope.wrong(node, path, "a path")
            return None
        if self.remote and is_remote(value):
            return node
        return node.but(scope.absolute(value))

    def schema(self) -> JSON:
        return {"type": "string"}


def is_remote(path: str) -> bool:
    """Whether a build context is not a folder here but something a builder fetches."""
    return "://" in path or path.startswith(("service:", "github.com/", "git@"))


@dataclass(frozen=True, slots=True)
class Anything(Single):
    """Any value, kept as it is."""

    kind: type[Any] | None = None

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        if self.kind is not None and not isinstance(node.value, self.kind):
            scope.wrong(node, path, "a mapping" if self.kind is dict else "a list")
            return None
        return node

    def schema(self) -> JSON:
        return {"type": "object"} if self.kind is dict else {}


@dataclass(frozen=True, slots=True)
class Checked(Single):
    """A value of `shape` that must pass `check` too: what it says is the expectation missed."""

    shape: Shape
    check: Callable[[Any], bool] = field(repr=False)
    means: str

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        found = self.shape.read(node, path, scope)
        if found is not None and not self.check(found.plain()):
            scope.wrong(node, path, self.means)
            return None
        return found

    def schema(self) -> JSON:
        return self.shape.schema()
