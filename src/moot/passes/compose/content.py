"""What configs and secrets hold: a text in the declaration, a variable, or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from moot.passes.compose.node import Node
from moot.passes.compose.reports import Reports
from moot.passes.compose.sources import Reading, Unreadable


@dataclass(frozen=True, slots=True)
class Contents:
    """Finds contents, and reports those that cannot be had."""

    reading: Reading
    reports: Reports
    environ: Mapping[str, str]

    def of(self, definition: Node) -> bytes | None:
        """What a config or secret holds; None where that is not known yet, or reported."""
        inline: str | None = definition.scalar("content")
        if inline is not None:
            return inline.encode()
        variable: str | None = definition.scalar("environment")
        if variable is not None:
            return self._variable(variable, definition)
        path: str | None = definition.scalar("file")
        return None if path is None else self._file(path, definition)

    def _variable(self, name: str, definition: Node) -> bytes | None:
        if name in self.environ:
            return self.environ[name].encode("utf-8", "surrogateescape")
        node = definition.get("environment") or definition
        self.reports.error(
            "Missing required variable",
            f"{name} is not set.",
            f"Set {name} in the environment or in the file .env.",
            node.place,
        )
        return None

    def _file(self, path: str, definition: Node) -> bytes | None:
        match self.reading.file(path):
            case bytes() as content:
                return content
            case None:
                why = "it does not exist"
            case Unreadable(reason):
                why = reason
            case _:
                return None
        node = definition.get("file") or definition
        self.reports.error(
            "Cannot read file",
            f"{path} cannot be read: {why}.",
            "Correct the path, or make the file readable.",
            node.place,
        )
        return None
