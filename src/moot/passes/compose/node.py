"""A value of a compose file together with the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from moot.model.position import Position
from moot.model.value import JSON, Ref, Text

Scalar: TypeAlias = str | int | float | bool | None
Content: TypeAlias = "dict[str, Node] | list[Node] | Scalar | Text | Ref"
Tag = Literal["", "reset", "override", "broken"]
HIDDEN = ("reset", "broken")


@dataclass(slots=True)
class Node:
    """One value.  Treated as frozen once loaded: every change makes a new Node.

    `text` is what the file says for a scalar, before it was resolved; `key_line` and `key_column`
    are where the key stands that led here, 0 where there is none.  `tag` is the YAML tag of those
    that merging goes by, or "broken" for what was there and could not be read.
    """

    value: Content
    file: str
    line: int = 1
    column: int = 1
    text: str = ""
    tag: Tag = ""
    key_line: int = 0
    key_column: int = 0

    @property
    def place(self) -> Position:
        """Where the value stands."""
        return Position(self.file, self.line, self.column)

    @property
    def key_place(self) -> Position:
        """Where its key stands, or the value where it has none."""
        if not self.key_line:
            return self.place
        return Position(self.file, self.key_line, self.key_column)

    def but(self, value: Content, tag: Tag | None = None) -> Node:
        """The same place with another value."""
        kept = self.tag if tag is None else tag
        return Node(
            value, self.file, self.line, self.column, "", kept, self.key_line, self.key_column
        )

    def tagged(self, other: Node) -> Node:
        """The same value with the tag of `other`."""
        return self if self.tag == other.tag else self.but(self.value, other.tag)

    def under(self, key: Node) -> Node:
        """The same value as the value of `key`, as where an alias is used a second time."""
        return Node(
            self.value, self.file, self.line, self.column, self.text, self.tag, key.line, key.column
        )

    def get(self, *keys: str) -> Node | None:
        """The node below a path of keys; None where something is missing, null or reset."""
        node: Node = self
        for key in keys:
            if not isinstance(node.value, dict):
                return None
            child = node.value.get(key)
            if child is None or child.value is None:
                return None
            node = child
        return node

    def mentions(self, *keys: str) -> bool:
        """Whether one of the keys stands in the mapping, be its value good or not."""
        return isinstance(self.value, dict) and not self.value.keys().isdisjoint(keys)

    def scalar(self, *keys: str) -> Any:
        """The plain value below a path of keys, or None."""
        found = self.get(*keys)
        return None if found is None else found.plain()

    def items(self, *keys: str) -> Iterator[tuple[str, Node]]:
        """Keys and values of the mapping below a path of keys; nothing where there is none."""
        found = self.get(*keys)
        if found is not None and isinstance(found.value, dict):
            yield from found.value.items()

    def elements(self, *keys: str) -> list[Node]:
        """The elements of the list below a path of keys; none where there is no list."""
        found = self.get(*keys)
        return found.value if found is not None and isinstance(found.value, list) else []

    def plain(self) -> JSON:
        """The value without its places.  A Ref inside is shown the way the user wrote it."""
        match self.value:
            case str():
                return self.value
            case dict():
                return {
                    key: child.plain()
                    for key, child in self.value.items()
                    if child.tag not in HIDDEN
                }
            case list():
                return [child.plain() for child in self.value if child.tag not in HIDDEN]
            case Ref() | Text():
                return shown(self.value)
            case _:
                return self.value


def shown(value: Ref | Text | str) -> str:
    """A text with references the way the user writes them: `${moot:NAME.attribute}`."""
    match value:
        case Ref(address, attribute):
            return f"${{moot:{address}.{attribute}}}"
        case Text(parts):
            return "".join(shown(part) if isinstance(part, str | Ref) else "" for part in parts)
        case _:
            return value


def every(node: Node, change: Callable[[str], Content]) -> Node:
    """`node` with `change` applied to every string below it."""
    match node.value:
        case str():
            return node.but(change(node.value))
        case dict():
            return node.but({key: every(child, change) for key, child in node.value.items()})
        case list():
            return node.but([every(child, change) for child in node.value])
        case _:
            return node


def described(node: Node) -> str:
    """What kind of value it is, in the words of an error message."""
    match node.value:
        case None:
            return "empty"
        case bool():
            return "a boolean"
        case int() | float():
            return f"the number {node.text or node.value}"
        case str():
            short = node.value if len(node.value) <= 40 else node.value[:37] + "..."
            return f"the text {short!r}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"the reference {shown(node.value)}"
