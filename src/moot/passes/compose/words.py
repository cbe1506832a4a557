"""The shapes written either as a text or in parts: environment-like pairs and command lines."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

from moot.model.value import JSON, Ref, Text
from moot.passes.compose.node import Node, described
from moot.passes.compose.shape import Scope, Single, Word


@dataclass(frozen=True, slots=True)
class Pairs:
    """`KEY: value` or a list of `KEY=value`; the canonical form is a mapping to texts.

    A key without a value takes it from the environment where `inherit`, else it is empty.
    """

    inherit: bool = False
    refs: bool = False

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        match node.value:
            case dict():
                pairs = list(node.value.items())
            case list():
                pairs = [pair for child in node.value if (pair := self._pair(child, path, scope))]
            case _:
                scope.wrong(node, path, "a mapping or a list of NAME=value")
                return None
        found: dict[str, Node] = {}
        value_shape = Word(numbers=True, booleans=True, refs=self.refs)
        for name, child in pairs:
            if child.tag == "reset":
                found[name] = child.but(None)
            elif child.value is None:
                found[name] = child.but(self._inherited(name, scope))
            else:
                value = value_shape.read(child, f"{path}.{name}", scope)
                if value is not None:
                    found[name] = value.tagged(child)
        return node.but(found)

    def _inherited(self, name: str, scope: Scope) -> str | None:
        return scope.environ.get(name) if self.inherit else ""

    def _pair(self, child: Node, path: str, scope: Scope) -> tuple[str, Node] | None:
        value = child.value
        if isinstance(value, Text) and isinstance(value.parts[0], str):
            name, equals, rest = value.parts[0].partition("=")
            first = value.parts[1]
            if equals and not rest and len(value.parts) == 2 and isinstance(first, Ref):
                return name, child.but(first)
            if equals:
                parts = value.parts[1:]
                return name, child.but(Text((rest, *parts) if rest else parts))
        if not isinstance(value, str):
            scope.wrong(child, path, "a text NAME=value")
            return None
        name, equals, rest = value.partition("=")
        if not name:
            scope.wrong(child, path, "a text NAME=value")
            return None
        return name.strip(), child.but(rest if equals else None)

    def merge(self, first: Node, second: Node) -> Node:
        if not isinstance(first.value, dict) or not isinstance(second.value, dict):
            return second
        return first.but({**first.value, **second.value})

    def schema(self) -> JSON:
        value: JSON = {"type": ["string", "number", "boolean", "null"]}
        return {
            "anyOf": [
                {"type": "object", "additionalProperties": value},
                {"type": "array", "items": {"type": "string"}},
            ]
        }


@dataclass(frozen=True, slots=True)
class Hosts:
    """Lines of /etc/hosts: `NAME: ADDRESS`, several addresses as a list, or `NAME=ADDRESS`."""

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        found: dict[str, list[Node]] = {}
        if isinstance(node.value, dict):
            for name, child in node.value.items():
                several = child.value if isinstance(child.value, list) else [child]
                found.setdefault(name, []).extend(several)
        elif isinstance(node.value, list):
            for child in node.value:
                name, address = re.split("[=:]", f"{child.value}=", maxsplit=1)
                found.setdefault(name.strip(), []).append(child.but(address[:-1].strip()))
        else:
            scope.wrong(node, path, "a mapping or a list of NAME=ADDRESS")
            return None
        address_shape = Word(pattern=r"[^\s=]+", means="an address such as 10.0.0.1")
        members: dict[str, Node] = {}
        for name, several in found.items():
            read = [address_shape.read(child, f"{path}.{name}", scope) for child in several]
            good = [child for child in read if child is not None]
            if good:
                members[name] = good[0] if len(good) == 1 else good[0].but(list[Any](good))
        return node.but(members)

    def merge(self, first: Node, second: Node) -> Node:
        """Both hold: a name that stands in both has the addresses of both."""
        members = dict(first.items())
        for name, child in second.items():
            both = [*_several(members.get(name)), *_several(child)]
            distinct = list({address.value: address for address in both}.values())
            members[name] = distinct[0] if len(distinct) == 1 else child.but(list[Any](distinct))
        return first.but(members)

    def schema(self) -> JSON:
        texts: JSON = {"type": "array", "items": {"type": "string"}}
        value: JSON = {"anyOf": [{"type": "string"}, texts]}
        return {"anyOf": [{"type": "object", "additionalProperties": value}, texts]}


def _several(node: Node | None) -> list[Node]:
    if node is None:
        return []
    return node.value if isinstance(node.value, list) else [node]


@dataclass(frozen=True, slots=True)
class Command(Single):
    """A command line: a text, split the way a shell splits words, or a list of words.

    `by_shell`: a text is not split but handed to `/bin/sh -c`.  `kinds` are the first words that a
    list may begin with, as in a health check; a text then is a `CMD-SHELL`.
    """

    by_shell: bool = False
    kinds: tuple[str, ...] = ()
    refs: bool = False

    def read(self, node: Node, path: str, scope: Scope) -> Node | None:
        match node.value:
            case str() as text:
                return self._split(node, text, path, scope)
            case Text() | Ref() if self.refs and self.by_shell:
                return node.but([node.but(word) for word in ("/bin/sh", "-c", node.value)])
            case list():
                return self._words(node, path, scope)
            case _:
                scope.wrong(node, path, "a command, as a text or a list of texts")
                return None

    def _split(self, node: Node, text: str, path: str, scope: Scope) -> Node | None:
        if self.kinds:
            words = [text] if text == "NONE" else [self.kinds[0], text]
        elif self.by_shell:
            words = ["/bin/sh", "-c", text]
        else:
            try:
                words = shlex.split(text)
            except ValueError as error:
                scope.reports.error(
                    "Invalid command",
                    f"{path} cannot be split into words: {str(error).rstrip('.')}.",
                    "Close the quotes, or write the command as a list.",
                    node.place,
                )
                return None
        return node.but([node.but(word, "") for word in words])

    def _words(self, node: Node, path: str, scope: Scope) -> Node | None:
        word = Word(refs=self.refs)
        read = [
            word.read(child, f"{path}[{index}]", scope)
            for index, child in enumerate(node.elements())
            if child.tag != "reset"
        ]
        found = [child for child in read if child is not None]
        if len(found) < len(read):
            return None
        if self.kinds and (not found or found[0].value not in self.kinds):
            scope.reports.error(
                "Unknown value",
                f"{path} begins with {described(found[0]) if found else 'nothing'}.",
                f"Begin it with one of: {', '.join(self.kinds)}.",
                node.place,
            )
            return None
        return node.but(list[Any](found))

    def schema(self) -> JSON:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
