"""What `step` asks for: calls to make, things to write down, progress to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from moot.model.plan import Change
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON


@dataclass(frozen=True, slots=True)
class Call:
    """Make the venue call for a change, not before `at`.

    `attempt` counts definite failures; `called`: an earlier call may have had an effect.
    """

    change: Change
    attempt: int
    at: float
    resume: JSON = None
    called: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Read the thing at an address, not before `at`."""

    item: ConfigurationItem
    at: float


@dataclass(frozen=True, slots=True)
class Record:
    """Write down how a change ended: the item it left (None: gone), or the code of its failure."""

    change: Change
    item: ConfigurationItem | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Write down what a look has shown."""

    item: ConfigurationItem


@dataclass(frozen=True, slots=True)
class Remember:
    """Write down how a pending call goes on."""

    change: Change
    resume: JSON


@dataclass(frozen=True, slots=True)
class Tell:
    """Show progress."""

    change: Change
    phase: Literal["started", "pending", "waiting", "done", "dropped", "failed"]
    note: str = ""


Effect = Call | Look | Record | Seen | Remember | Tell
