"""Promises of an App that cannot be kept together, and what would help."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from moot.model.budget import monthly
from moot.model.position import Position
from moot.model.value import JSON

Aspect = Literal[
    "residency", "venues", "spread", "budget", "availability", "headroom", "isolation", "trait",
    "cpu",
    "memory", "disk", "gpus", "replicas", "volumes", "segmentation", "recipe", "near",
    "apart", "latency", "spot", "quota",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing asked for because of which something may have no place.

    `component` is "" for what holds for all; `subject` tells several of one aspect apart: a level
    of `spread`, a trait, of a quota the venue or pool and the kind (`lab:cpu`).  `text` says it as
    it stands in the file.
    """

    aspect: Aspect
    component: str = ""
    subject: str = ""
    text: str = field(default="", compare=False)
    place: Position | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, JSON]:
        """An entry of `promises`."""
        return {
            "promise": self.text,
            "component": self.component or None,
            "place": str(self.place) if self.place else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """Something that could be given up, with which everything has a place, and what that costs.

    `hourly` counts what has no price as nothing, of these `unpriced` venues and pools; None: prices
    are in several currencies.  `more` is the difference an hour to what stands by the record or,
    where the budget is raised, to the `budget`; None where nothing stands, or a price is unknown.
    The oldest of the prices is of the day `priced` (ISO 8601).
    """

    text: str
    hourly: Decimal | None
    currency: str
    more: Decimal | None = None
    over: Literal["now", "budget"] = "now"
    unpriced: tuple[str, ...] = ()
    priced: str = ""

    def as_json(self) -> dict[str, JSON]:
        """An entry of `relaxations`; amounts are texts, as those of a plan."""
        more = None if self.more is None else f"{monthly(self.more)}"
        return {
            "change": self.text,
            "hourly": None if self.hourly is None else f"{self.hourly:f}",
            "monthly": None if self.hourly is None else f"{monthly(self.hourly)}",
            "currency": self.currency,
            "more_monthly": more,
            "more_than": self.over if more else None,
            "unpriced": list(self.unpriced),
            "priced": self.priced or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Promises that cannot be kept together for these `components`, by what the placement finds.

    `irreducible`: without any one of them the rest can be kept; else there was no time to tell.
    The cheapest relaxation comes first; `unexplored` is how many were not looked at.
    """

    promises: tuple[Promise, ...]
    components: tuple[str, ...]
    irreducible: bool = True
    relaxations: tuple[Relaxation, ...] = ()
    unexplored: int = 0

    def as_json(self) -> dict[str, JSON]:
        """`conflict` in an entry of `errors`."""
        return {
            "promises": [promise.as_json() for promise in self.promises],
            "components": list(self.components),
            "irreducible": self.irreducible,
            "relaxations": [relaxation.as_json() for relaxation in self.relaxations],
            "unexplored": self.unexplored,
        }
