"""Fills `$NAME`, `${NAME:-default}` and `${moot:NAME.attribute}` into texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import is_
from typing import Any

from moot.model.value import Ref, Text, joined
from moot.passes.compose.node import Node
from moot.passes.compose.scalar import resolved

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOOT = re.compile(r"moot:([A-Za-z0-9_][A-Za-z0-9_-]*)\.([A-Za-z0-9_][A-Za-z0-9_.-]*)\}")
_OPERATOR = re.compile(r":?[-?+]")
_MAX_NESTING = 20

# What Compose's interpolation leaves alone: there `$NAME` is the replica's own environment.
_COMMAND = {"command": True}
_RECIPE = {"scripts": {"*": True}, "files": {"*": {"content": True}}}
VERBATIM: Mapping[str, Any] = {
    "services": {"*": {"x-moot": {"process": _COMMAND, "recipe": _RECIPE}}}
}

Found = str | Text | Ref


class Unfit(ValueError):
    """A text whose `${...}` cannot be filled in.  `remedy` says what to do about it."""

    def __init__(self, summary: str, detail: str, remedy: str) -> None:
        self.summary, self.detail, self.remedy = summary, detail, remedy
        super().__init__(detail)


@dataclass(slots=True)
class Names:
    """Where the values come from, and whom to tell about a name that has none."""

    values: Mapping[str, str]
    missing: Callable[[str], None]


def interpolated(
    node: Node, names: Callable[[Node], Names], failed: Callable[[Unfit, Node], None]
) -> Node:
    """`node` with every text below it filled in; keys stay as they are.

    `names` gives the values for the text at a Node; `failed` hears of each that cannot be filled
    in, which then stays as it was written.
    """

    def walk(child: Node, verbatim: Any) -> Node:
        if verbatim == _COMMAND and not isinstance(child.value, dict):
            verbatim = True  # the short form of a process: only its command
        match child.value:
            case dict():
                members = child.value
                found = {k: walk(v, below(verbatim, k)) for k, v in members.items()}
                same = all(map(is_, found.values(), members.values()))
                return child if same else child.but(found)
            case list():
                return child.but([walk(value, verbatim) for value in child.value])
            case str() if "$" in child.value:
                return filled(child, child.value, verbatim is True)
            case _:
                return child

    def filled(child: Node, text: str, verbatim: bool) -> Node:
        try:
            value = references(text) if verbatim else substituted(text, names(child))
        except Unfit as problem:
            failed(problem, child)
            return child
        made = child.but(value)
        made.text = value if isinstance(value, str) else ""
        return made

    return walk(node, VERBATIM)


def below(verbatim: Any, key: str) -> Any:
    """What `VERBATIM` says of a member, given what it says of the whole."""
    if verbatim is None or verbatim is True:
        return verbatim
    return verbatim.get(key, verbatim.get("*"))


def substituted(text: str, names: Names, depth: int = 0) -> Found:
    """`text` with all forms filled in.  Raises Unfit."""
    if depth > _MAX_NESTING:
        raise Unfit("Invalid interpolation", "Defaults are nested too deeply.", "Nest less.")
    parts: list[Any] = []
    position = 0
    while True:
        start = text.find("$", position)
        if start < 0:
            return _whole([*parts, text[position:]])
        parts.append(text[position:start])
        value, position = _one(text, start, names, depth)
        parts.extend(value.parts if isinstance(value, Text) else [value])


def _whole(parts: list[Any]) -> Found:
    """The parts as one value; a Ref with nothing around it stays a Ref."""
    given = [part for part in parts if part != ""]
    if len(given) == 1 and isinstance(given[0], Ref):
        return given[0]
    return joined(given)


def _one(text: str, start: int, names: Names, depth: int) -> tuple[Found, int]:
    """The value of what begins at the `$` at `start`, and where the text goes on."""
    following = text[start + 1 : start + 2]
    if following == "$":
        return "$", start + 2
    if following == "{":
        return _braced(text, start, names, depth)
    name = _NAME.match(text, start + 1)
    if name is None:
        return "$", start + 1
    return _known(name[0], names), name.end()


def _known(name: str, names: Names) -> str:
    value = names.values.get(name)
    if value is None:
        names.missing(name)
        return ""
    return value


def _braced(text: str, start: int, names: Names, depth: int) -> tuple[Found, int]:
    reference = _MOOT.match(text, start + 2)
    if reference:
        return Ref(reference[1], reference[2]), reference.end()
    name = _NAME.match(text, start + 2)
    end = _closing(text, start)
    if name is None or end is None:
        raise Unfit(
            "Invalid interpolation",
            f"{text[start : start + 60]!r} is not of the form ${{NAME}} or ${{NAME:-default}}.",
            "Write '$$' for a plain dollar sign, or complete the form.",
        )
    if name.end() == end:
        return _known(name[0], names), end + 1
    operator = _OPERATOR.match(text, name.end(), end)
    if operator is None:
        raise Unfit(
            "Invalid interpolation",
            f"{text[start : end + 1]!r} has no known operator after {name[0]!r}.",
            "The operators are :- - :? ? :+ and +.",
        )
    rest = text[operator.end() : end]
    return _operated(name[0], operator[0], rest, names, depth + 1), end + 1


def _closing(text: str, start: int) -> int | None:
    """Where the brace closes that opens at `start` + 1; inner `${` count, other braces do not."""
    depth = 0
    position = start
    while position < len(text):
        if text.startswith("$$", position):
            position += 2
        elif text.startswith("${", position):
            depth += 1
            position += 2
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
            position += 1
        else:
            position += 1
    return None


def _operated(name: str, operator: str, rest: str, names: Names, depth: int) -> Found:
    value = names.values.get(name)
    given = value is not None and (value != "" or not operator.startswith(":"))
    match operator[-1]:
        case "-":
            return value if given and value is not None else substituted(rest, names, depth)
        case "+":
            return substituted(rest, names, depth) if given else ""
        case _:
            if given and value is not None:
                return value
            reason = substituted(rest, names, depth)
            raise Unfit(
                "Missing required variable",
                f"{name} is not set{f': {reason}' if reason else ''}.",
                f"Set {name} in the environment or in the file .env.",
            )


def references(text: str) -> Found:
    """`text` with only `${moot:NAME.attribute}` filled in; every other `$` is kept."""
    parts: list[Any] = []
    position = 0
    for found in re.finditer(r"\$\{" + _MOOT.pattern, text):
        parts += [text[position : found.start()], Ref(found[1], found[2])]
        position = found.end()
    return _whole([*parts, text[position:]])


def number(node: Node) -> Any:
    """What a text spells as a YAML scalar: numbers and booleans may come out of a variable."""
    return resolved(node.value.strip()) if isinstance(node.value, str) else node.value
