"""What would have no room after the loss of a failure domain."""

from __future__ import annotations

from dataclasses import dataclass

from moot.model.availability import Level
from moot.model.rehearsal import Reliance
from moot.model.value import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Of one component so many replicas that are not where they should be after a loss, and why."""

    lost: str
    component: str
    count: int
    why: str

    def __str__(self) -> str:
        replicas = "1 replica" if self.count == 1 else f"{self.count} replicas"
        return f"the loss of {self.lost} leaves {replicas} of {self.component} {self.why}"

    def as_json(self) -> dict[str, JSON]:
        """An entry of `shortfalls`."""
        return {
            "lost": self.lost,
            "component": self.component,
            "replicas": self.count,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Whether everything has room after the loss of any one domain of a level.

    `relies` says where there is room only because a control plane starts something there, None
    where no venue states one.  `waits` are components whose data holds them on what would be lost;
    `unchecked` domains were left out, as there are too many to look at.
    """

    level: Level
    shortfalls: tuple[Shortfall, ...] = ()
    waits: tuple[str, ...] = ()
    unchecked: int = 0
    relies: tuple[Reliance, ...] | None = None

    @property
    def lacking(self) -> int:
        """How many replicas, of all losses."""
        return sum(shortfall.count for shortfall in self.shortfalls)

    def as_json(self) -> dict[str, JSON]:
        """`headroom` in `plan --json`."""
        return {
            "level": self.level,
            "kept": not self.shortfalls,
            "shortfalls": [shortfall.as_json() for shortfall in self.shortfalls],
            "waits": list(self.waits),
            "unchecked": self.unchecked,
            "relies": None if self.relies is None else [r.as_json() for r in self.relies],
        }
