"""What is wrong with what the user gave us: where, what, why, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from moot.model.position import Position
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.model.conflict import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One message: `summary` is short and fixed, `detail` what and why, `remedy` what to do.

    `component` is the one it is about, where it is about one.  `conflict` says which promises
    cannot be kept together, where that is what is wrong.
    """

    summary: str
    detail: str = ""
    remedy: str = ""
    place: Position | None = None
    severity: Literal["error", "warning"] = "error"
    component: str = ""
    conflict: Conflict | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, JSON]:
        """The shape of an entry of `errors` in every `--json` answer."""
        return {
            "summary": self.summary,
            "detail": self.detail,
            "remedy": self.remedy,
            "place": str(self.place) if self.place else None,
            **({"conflict": self.conflict.as_json()} if self.conflict else {}),
        }


class Failure(Exception):
    """Stops a command: carries every Diagnostic and the exit code that says what kind of end it is.

    Exit codes: 1 failed, 2 bad input, 4 refused, 5 held by another, 130 interrupted.
    """

    def __init__(self, *diagnostics: Diagnostic, exit_code: int = 1) -> None:
        self.diagnostics = diagnostics
        self.exit_code = exit_code
        super().__init__("\n".join(f"{d.summary}: {d.detail}" for d in diagnostics))


class BadInput(Failure):
    """What the user gave cannot be used; nothing was changed (exit code 2)."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics, exit_code=2)


class Refused(Failure):
    """What was asked may not or cannot be done here; nothing was changed (exit code 4)."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics, exit_code=4)
