"""Gathers what is wrong, so that every error of every file is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moot.model.diagnostic import Diagnostic
from moot.model.position import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 200


class Reports:
    """Errors and warnings in the order they were found, each said once; at most `MOST` errors."""

    def __init__(self) -> None:
        self._found: dict[object, Diagnostic] = {}
        self._errors = 0

    def error(self, summary: str, detail: str, remedy: str, place: Position | None) -> None:
        """Something that cannot be used."""
        found = Diagnostic(summary=summary, detail=detail, remedy=remedy, place=place)
        if self._errors < MOST and found not in self._found:
            self._errors += 1
            self._found[found] = found

    def warn(
        self, summary: str, detail: str, remedy: str, place: Position | None, once: object = None
    ) -> None:
        """Something to know.  Of several with the same `once` only the first is kept."""
        found = Diagnostic(
            summary=summary, detail=detail, remedy=remedy, place=place, severity="warning"
        )
        self._found.setdefault(once or found, found)

    def add(self, found: Iterable[Diagnostic]) -> None:
        """Diagnostics made elsewhere."""
        for item in found:
            self._errors += item.severity == "error"
            self._found.setdefault(item, item)

    @property
    def failed(self) -> bool:
        """Whether any of them is an error."""
        return self._errors > 0

    def all(self) -> tuple[Diagnostic, ...]:
        """Errors first, each kind by file and position."""
        nowhere = Position("", 0, 0)
        return tuple(sorted(self._found.values(), key=lambda d: (d.severity, d.place or nowhere)))


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A remedy that names the nearest known word, or `otherwise` where none is near."""
    from difflib import get_close_matches  # most files have no mistake in them

    cutoff = 0.5 if len(word) < 4 else 0.6
    near = get_close_matches(word[:80], list(known), n=1, cutoff=cutoff)
    return f"Did you mean {near[0]!r}?" if near else otherwise
