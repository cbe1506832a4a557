"""YAML 1.2 with places: bytes of a file in, marked Nodes and every problem found out.

Built on the parser's events and not on its nodes, because events need no recursion: depth, number
of nodes and growth through aliases are limited while reading, so no file can exhaust the machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from moot.model.diagnostic import Diagnostic
from moot.model.position import Position
from moot.passes.compose.node import Node
from moot.passes.compose.scalar import resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_DEPTH = 64
MAX_NODES = 200_000
MAX_ALIASED = 100_000
MAX_BYTES = 5 * 1024 * 1024

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # as YAML 1.2, 5.1
)
_CORE = "tag:yaml.org,2002:"
_QUOTES = frozenset("'\"|>")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The documents of one file that are not empty, and what is wrong with it."""

    documents: tuple[Node, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class _Unusable(Exception):
    """Reading cannot go on after this problem."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.summary)


@lru_cache(maxsize=8)
def load(file: str, content: bytes) -> Loaded:
    """The documents in `content`; `file` only names it.  Never raises.

    Remembered, because a declaration is read once more whenever it asks for another file.
    """
    if len(content) > MAX_BYTES:
        return Loaded((), (_too_large(file, len(content)),))
    builder = _Builder(file)
    try:
        builder.build(_events(file, _text(file, content)))
    except _Unusable as problem:
        builder.diagnostics.append(problem.diagnostic)
    documents = tuple(node for node in builder.documents if node.value is not None)
    if not documents and not builder.diagnostics:
        builder.diagnostics.append(
            Diagnostic(
                summary="Empty file",
                detail=f"{file} declares nothing.",
                remedy="Declare at least one component under 'services'.",
                place=Position(file),
            )
        )
    return Loaded(documents, tuple(builder.diagnostics))


def _too_large(file: str, size: int) -> Diagnostic:
    return Diagnostic(
        summary="File too large",
        detail=f"{file} has {size} bytes; a compose file may have {MAX_BYTES}.",
        remedy="Move data out of the compose file, into files named by 'configs' or volumes.",
        place=Position(file),
    )


def _text(file: str, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        _stop("Not UTF-8", f"Byte {content[error.start]:#04x} is not UTF-8 text.",
              "Save the file as UTF-8 text.", Position(file, line, column))  # fmt: skip
    found = _UNPRINTABLE.search(text)
    if found:
        before = text[: found.start()]
        place = Position(file, before.count("\n") + 1, found.start() - before.rfind("\n"))
        _stop("Not a text file", f"Character U+{ord(found[0]):04X} may not stand in YAML.",
              "Remove it, or write it as an escape in double quotes.", place)  # fmt: skip
    return text


def _events(file: str, text: str) -> Iterator[Any]:
    try:
        yield from iter(_LOADER(text).get_event, None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark and error.context_mark and mark.line >= text.count("\n"):
            mark = error.context_mark  # where it began says more than the end of the file
        place = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)
        why = " ".join(part for part in (error.context, error.problem) if part)
        rows = text.split("\n")
        row = rows[place.line - 1] if place.line <= len(rows) else ""
        if "\t" in row[: place.column]:
            _stop("Tab in the indentation", f"YAML is indented with spaces: {why}.",
                  "Replace the tab by spaces.", place)  # fmt: skip
        _stop("Not valid YAML", f"The parser says: {why or 'unknown problem'}.",
              "Correct the syntax; look at indentation, colons and quotes here and just above.",
              place)  # fmt: skip
    except yaml.YAMLError as error:
        _stop("Not valid YAML", f"The parser says: {error}.", "Correct the syntax.", Position(file))


def _stop(summary: str, detail: str, remedy: str, place: Position) -> NoReturn:
    raise _Unusable(Diagnostic(summary=summary, detail=detail, remedy=remedy, place=place))


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    node: Node
    anchor: str | None
    key: Node | None = None
    merges: tuple[Node, ...] = ()
    weight: int = 1


class _Builder:
    """Turns events into Nodes, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.documents: list[Node] = []
        self.diagnostics: list[Diagnostic] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._nodes = 0
        self._aliased = 0

    def build(self, events: Iterator[Any]) -> None:
        """Take in all events; by a table, because there are many of them."""
        takers: dict[Any, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: lambda event: self._start(event, {}),
            yaml.SequenceStartEvent: lambda event: self._start(event, []),
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: lambda event: self._anchors.clear(),
        }
        for event in events:
            if take := takers.get(event.__class__):
                take(event)

    def _node(self, event: Any, value: Any) -> Node:
        self._nodes += 1
        mark = event.start_mark
        if self._nodes > MAX_NODES:
            _stop("Too many values", f"More than {MAX_NODES} values stand in the file.",
                  "Split the declaration.", self._at(mark))  # fmt: skip
        node = Node(value, self.file, mark.line + 1, mark.column + 1)
        tag: str | None = event.tag
        if tag in ("!reset", "!override"):
            node.tag = "reset" if tag == "!reset" else "override"
        elif tag and tag != "!" and not tag.startswith(_CORE):
            self._problem("Unknown tag", f"The tag {tag!r} has no meaning in a compose file.",
                          "Use '!reset' or '!override', or leave the tag out.", mark)  # fmt: skip
        return node

    def _at(self, mark: Any) -> Position:
        return Position(self.file, mark.line + 1, mark.column + 1)

    def _problem(self, summary: str, detail: str, remedy: str, mark: Any) -> None:
        place = mark.key_place if isinstance(mark, Node) else self._at(mark)
        self.diagnostics.append(
            Diagnostic(summary=summary, detail=detail, remedy=remedy, place=place)
        )

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        tag: str | None = event.tag
        quoted = event.style in _QUOTES or (tag is not None and tag in ("!", f"{_CORE}str"))
        node = self._node(event, text if quoted else resolved(text))
        node.text = text
        if event.anchor:
            self._anchors[event.anchor] = (node, 1)
        is_merge = text == "<<" and not event.style
        self._place(node, 1, is_merge=is_merge, shared=event.anchor is not None)

    def _start(self, event: Any, value: Any) -> None:
        if len(self._open) >= MAX_DEPTH:
            _stop("Nested too deeply", f"Values are nested more than {MAX_DEPTH} deep.",
                  "Flatten the declaration.", self._at(event.start_mark))  # fmt: skip
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(self._node(event, value), event.anchor))

    def _end(self, event: Any) -> None:
        del event
        done = self._open.pop()
        if done.merges:
            self._merge(done)
        if done.anchor:
            self._anchors[done.anchor] = (done.node, done.weight)
        self._place(done.node, done.weight, shared=done.anchor is not None)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            _stop("Unknown anchor", f"There is no anchor '&{event.anchor}' before this alias.",
                  "Define the anchor first.", self._at(event.start_mark))  # fmt: skip
        known = self._anchors[event.anchor]
        if known is None:
            _stop("Alias inside its own anchor", f"'*{event.anchor}' stands within what it names.",
                  "Take the alias out of the anchored value.",
                  self._at(event.start_mark))  # fmt: skip
        node, weight = known
        self._aliased += weight
        if self._aliased > MAX_ALIASED:
            _stop("Aliases grow too large",
                  f"Written out, the aliases stand for more than {MAX_ALIASED} values.",
                  "Use fewer aliases of aliases.", self._at(event.start_mark))  # fmt: skip
        self._place(node, weight, shared=True)

    def _place(self, node: Node, weight: int, *, shared: bool, is_merge: bool = False) -> None:
        """Put a finished value where it belongs: document, list, key or value.

        What is `shared` may stand elsewhere too, under another key.
        """
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1]
        parent.weight += weight
        container = parent.node.value
        if isinstance(container, list):
            container.append(node)
        elif parent.key is None:
            parent.key = self._key(node, is_merge)
        elif isinstance(container, dict):
            key, parent.key = parent.key, None
            if shared:
                node = node.under(key)
            else:
                node.key_line, node.key_column = key.line, key.column
            if key.tag == "override":
                parent.merges += (node,)
            elif container.setdefault(key.text, node) is not node:
                self._twice(container[key.text], key)

    def _key(self, node: Node, is_merge: bool) -> Node:
        """A key as text.  The merge key is marked by a tag that no other key can have."""
        if isinstance(node.value, dict | list):
            self._problem("Not a key", "A mapping's key must be a single word.",
                          "Write the key as text.", node)  # fmt: skip
            return Node("", node.file, node.line, node.column)
        if is_merge or node.tag:
            tag = "override" if is_merge else ""
            return Node(node.text, node.file, node.line, node.column, node.text, tag)
        return node

    def _twice(self, first: Node, key: Node) -> None:
        where = f"line {first.key_line}, column {first.key_column}"
        self._problem("Duplicate key", f"{key.text!r} stands in this mapping already, at {where}.",
                      "Remove one of the two.", key)  # fmt: skip

    def _merge(self, done: _Open) -> None:
        container = done.node.value
        source, *more = done.merges
        if more:
            self._problem("Duplicate key", "'<<' stands in this mapping more than once.",
                          "Give one '<<' a list of aliases.", more[0])  # fmt: skip
        sources = source.value if isinstance(source.value, list) else [source]
        for part in sources:
            if not isinstance(part.value, dict) or not isinstance(container, dict):
                self._problem("Cannot merge", "'<<' needs a mapping or a list of mappings.",
                              "Point the alias at a mapping.", source)  # fmt: skip
                continue
            for key, node in part.value.items():
                if key not in container:
                    self._aliased += 1
                    container[key] = node
