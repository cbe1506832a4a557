"""Machines that are cheaper because their vendor may take them back: what is stated of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from moot.model.availability import YEAR_S, rate, time
from moot.model.misstated import each, written
from moot.model.value import JSON, is_mapping

MONTHS = 12  # of a year
WHOLE = frozenset({"interruptions", "healing"})

Leave = Literal["never", "allowed", "only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """It is taken back `interruptions` times a month on average, and each time `healing_s` go by
    until something else takes over.
    """

    interruptions: float
    healing_s: float

    @property
    def up(self) -> float:
        """The share of the time in which it is not taken back."""
        return max(0.0, 1 - self.interruptions * MONTHS * self.healing_s / YEAR_S)

    @classmethod
    def of(cls, stated: JSON) -> Spot:
        """From a mapping of both; ValueError says what is wrong."""
        if not is_mapping(stated):
            raise ValueError(f"it is {written(stated)}: say how often, and how long healing takes")
        lacks = ", ".join(sorted(WHOLE - stated.keys()))
        found = each(stated, _figure, f"it does not state {lacks}" if lacks else "")
        return cls(
            interruptions=round(found["interruptions"] / MONTHS, 9), healing_s=found["healing"]
        )


def _figure(key: str, stated: JSON) -> float:
    if key == "interruptions":
        return rate(key, stated)
    if key == "healing":
        return time(key, stated)
    raise ValueError(f"{key!r} is none of interruptions, healing")
