"""The shapes of values that hold others: records with known keys, mappings and lists."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from moot.model.value import JSON
from moot.passes.compose.node import Node
from moot.passes.compose.reports import did_you_mean
from moot.passes.compose.shape import Scope, Shape, Word, compiled, merged

Fate = Literal["honoured", "refused", "carried"]
Identity = Callable[[Node], Hashable]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record: what may stand there and what becomes of it.

    `note` describes it; for a refused or carried key it is the reason, and `remedy` what to do.
    """

    shape: Shape
    note: str
    fate: Fate = "honoured"
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys.

    `short` turns the short syntax into the long one, `ready` finishes what was read.  Two values
    that differ in the key `kind` do not merge: their other keys have different meanings.
    """

    name: str
    keys: Mapping[str, Key]
    required: tuple[str, ...] = ()
    short: Callable[[Node, str, Scope], Node | None] | None = field(default=None, repr=False)
    short_schema: tuple[JSON, ...] = ()
    extensions: bool = True
    kind: str = ""
    ready: Callable[[Node, str, Scope], Node | None] | None = field(default=None, repr=False)

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        written = node
        if self.short is not None and not isinstance(node.value, dict):
            made = self.short(node, path, scope)
            if made is None:
                return None
            written = made
        if not isinstance(written.value, dict):
            scope.wrong(node, path, f"{self.name}, a mapping")
            return None
        return self._members(written, written.value, path, scope)

    def _members(
        self, node: Node, members: dict[str, Node], path: str, scope: Scope
    ) -> Node | None:
        """The members by the table.  One that cannot be read stays as an empty one, so that a
        later check can tell "wrong" from "not there" and does not complain a second time."""
        found: dict[str, Node] = {}
        prefix = f"{path}." if path else ""
        for name, child in members.items():
            key = self.keys.get(name)
            if key is None:
                if self._is_extension(name):
                    found[name] = child
                else:
                    self._unknown(name, child, path, scope)
            elif child.tag == "reset":
                found[name] = child.but(None)
            elif child.value is not None:
                value = self._member(name, key, child, prefix, scope)
                found[name] = child.but(None, "broken") if value is None else value.tagged(child)
        absent = [n for n in self.required if n not in found or found[n].value is None]
        for name in absent:
            if name in found:
                continue
            scope.reports.error(
                "Missing key",
                f"{path or self.name} lacks the key {name!r}.",
                f"Add {name!r}: {self.keys[name].note}",
                node.place,
            )
        made = node.but(found)
        if absent or self.ready is None:
            return None if absent else made
        return self.ready(made, path, scope)

    def _is_extension(self, name: str) -> bool:
        return self.extensions and name.startswith("x-")

    def _member(self, name: str, key: Key, child: Node, prefix: str, scope: Scope) -> Node | None:
        where = prefix + name
        if key.fate == "refused":
            scope.reports.error(
                "Not supported", f"{where}: {key.note}", key.remedy, child.key_place
            )
            return None
        if key.fate == "carried":
            scope.reports.warn(
                "Carried, without effect",
                f"{where}: {key.note}",
                key.remedy or "Nothing needs to be done; it takes no effect.",
                child.key_place,
                once=(self.name, name, child.file),
            )
        return key.shape.read(child, where, scope)

    def _unknown(self, name: str, child: Node, path: str, scope: Scope) -> None:
        known = f"Known here: {', '.join(sorted(self.keys))}."
        if len(self.keys) > 30:
            known = "Prefix keys of your own with 'x-'; docs/compose.md lists the known ones."
        scope.reports.error(
            "Unknown key",
            f"{name!r} is not a key of {self.name}{f' ({path})' if path else ''}.",
            did_you_mean(name, self.keys, known),
            child.key_place,
        )

    def merge(self, first: Node, second: Node) -> Node:
        if not isinstance(first.value, dict) or not isinstance(second.value, dict):
            return second
        kinds = [node.scalar(self.kind) for node in (first, second) if self.kind]
        if None not in kinds and len(set(kinds)) > 1:
            return second
        found = dict(first.value)
        for name, child in second.value.items():
            key = self.keys.get(name)
            shape: Shape = key.shape if key else FREE
            found[name] = merged(shape, found.get(name), child)
        return first.but(found)

    def schema(self) -> JSON:
        properties = {
            name: {**key.shape.schema(), "description": key.note}
            for name, key in self.keys.items()
            if key.fate != "refused"
        }
        made: dict[str, JSON] = {"type": "object", "properties": properties}
        if self.extensions:
            made["patternProperties"] = {"^x-": {}}
        made["additionalProperties"] = False
        if self.required:
            made["required"] = list(self.required)
        return {"anyOf": [*self.short_schema, made]} if self.short_schema else made


@dataclass(frozen=True, slots=True)
class Free:
    """The user's own data under `x-...`: mappings merge, lists grow, the rest is replaced."""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        del path, scope
        return node

    def merge(self, first: Node, second: Node) -> Node:
        match first.value, second.value:
            case dict() as left, dict() as right:
                found = dict(left)
                for name, child in right.items():
                    found[name] = merged(self, found.get(name), child)
                return first.but(found)
            case list() as left, list() as right:
                return first.but([*left, *right])
            case _:
                return second

    def schema(self) -> JSON:
        return {}


FREE = Free()


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping from names to values of one shape.  `listed` makes a value from a bare name."""

    shape: Shape
    names: str = r"[a-zA-Z0-9._-]+"
    means: str = "a name of letters, digits, '.', '_' and '-'"
    listed: Callable[[Node], Node] | None = field(default=None, repr=False)
    empty: bool = False
    extensions: bool = False

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        written = node
        if self.listed is not None and isinstance(node.value, list):
            made = self._from_list(node, path, scope)
            if made is None:
                return None
            written = made
        if not isinstance(written.value, dict):
            either = "a mapping or a list of names" if self.listed else "a mapping"
            scope.wrong(node, path, either)
            return None
        found: dict[str, Node] = {}
        is_name = compiled(self.names).fullmatch
        for name, child in written.value.items():
            if self.extensions and name.startswith("x-"):
                found[name] = child
            elif not is_name(name):
                key = Node(name, child.file, child.key_line or child.line,
                           child.key_column or child.column)  # fmt: skip
                scope.wrong(key, f"The name in {path}", self.means)
            elif child.tag == "reset":
                found[name] = child.but(None)
            elif child.value is None and self.empty:
                found[name] = child
            else:
                value = self.shape.read(child, f"{path}.{name}", scope)
                if value is not None:
                    found[name] = value.tagged(child)
        return node.but(found)

    def _from_list(self, node: Node, path: str, scope: Scope) -> Node | None:
        found: dict[str, Node] = {}
        for index, child in enumerate(node.elements()):
            name = Word(means="a name").read(child, f"{path}[{index}]", scope)
            if name is not None and self.listed is not None:
                made = self.listed(child).under(child)
                found[str(name.value)] = made
        return node.but(found)

    def merge(self, first: Node, second: Node) -> Node:
        if not isinstance(first.value, dict) or not isinstance(second.value, dict):
            return second
        found = dict(first.value)
        for name, child in second.value.items():
            found[name] = merged(self.shape, found.get(name), child)
        return first.but(found)

    def schema(self) -> JSON:
        inner = self.shape.schema()
        if self.empty:
            inner = {"anyOf": [{"type": "null"}, inner]}
        made: dict[str, JSON] = {"type": "object", "additionalProperties": inner}
        made["propertyNames"] = {"pattern": f"^(?:{self.names})$"}
        if self.extensions:
            made["patternProperties"] = {"^x-": {}}
        if self.listed is not None:
            return {"anyOf": [{"type": "array", "items": {"type": "string"}}, made]}
        return made


def _itself(node: Node) -> Hashable:
    return repr(node.plain())


@dataclass(frozen=True, slots=True)
class Listed:
    """A list.  Elements with one identity are one element: the later one counts.

    `expand` makes several elements of one; `single`: one element may stand without a list;
    `clash` is the error where one file gives an identity twice with different values.
    """

    shape: Shape
    identity: Identity = field(default=_itself, repr=False)
    expand: Callable[[Node, str, Scope], list[Node]] | None = field(default=None, repr=False)
    single: bool = False
    clash: str = ""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        elements = node.value
        if self.single and not isinstance(elements, list | dict):
            elements = [node]
        if not isinstance(elements, list):
            scope.wrong(node, path, "a list")
            return None
        found: dict[Hashable, Node] = {}
        for index, child in enumerate(elements):
            where = f"{path}[{index}]" if elements is node.value else path
            if child.tag == "reset":
                continue
            for element in self._expanded(child, where, scope):
                self._add(found, element, where, scope)
        return node.but(list(found.values()))

    def _expanded(self, child: Node, where: str, scope: Scope) -> list[Node]:
        longer = self.expand(child, where, scope) if self.expand else [child]
        read = [self.shape.read(element, where, scope) for element in longer]
        return [element for element in read if element is not None]

    def _add(self, found: dict[Hashable, Node], element: Node, where: str, scope: Scope) -> None:
        identity = self.identity(element)
        before = found.get(identity)
        if before is not None and self.clash and before.plain() != element.plain():
            scope.reports.error(
                self.clash,
                f"{where} says the same as the entry at {before.place}, with other details.",
                "Remove one of the two.",
                element.place,
            )
        found[identity] = element

    def merge(self, first: Node, second: Node) -> Node:
        found = {self.identity(element): element for element in first.elements()}
        for element in second.elements():
            found[self.identity(element)] = element
        return first.but(list(found.values()))

    def schema(self) -> JSON:
        inner = self.shape.schema()
        made: JSON = {"type": "array", "items": inner}
        return {"anyOf": [inner, made]} if self.single else made
