"""What machines say of themselves, and how a command ended that was run on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from moot.model.diagnostic import Diagnostic
from moot.model.value import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """One machine as it is now; with a `problem` it did not answer and has no facts."""

    venue: str
    facts: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    problem: Diagnostic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEnd:
    """How a command ended on one machine; `exit_code` is None where it did not come to its end."""

    venue: str
    exit_code: int | None = None
    elapsed_s: float = 0.0
    problem: Diagnostic | None = None
