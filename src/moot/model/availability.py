"""What is stated of how often venues are up, and what follows from it for a placement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal, get_args

from moot.model.misstated import each, written
from moot.model.units import fraction, seconds
from moot.model.value import JSON, is_mapping

Level = Literal["vendor", "venue", "region", "zone", "host", "replica"]

LEVELS: tuple[Level, ...] = get_args(Level)
CONTROL_PLANE = "control-plane"
ROUNDING = 1e-12  # of a figure
YEAR_S = 365 * 86400.0
_RATES = {"day": 365.0, "week": 365 / 7, "month": 12.0, "year": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A failure domain: `up` is the probability that it is, given that the one around it is.

    Without `parts` it is a replica of `component`.  There are `count` that are alike and fail
    independently of one another.
    """

    up: float = 1.0
    parts: tuple[Domain, ...] = ()
    component: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla:
    """What is stated of a venue: by level the share of the time in which a domain of it is up.

    `whole` is the venue's own: where that is one machine the machine's.  Each of
    `failures_per_year` is an outage of `healing_s` although something else takes over.
    `control_plane` is the share of the time in which something can be started in a region of it,
    while that is up; None where nothing but moot itself is asked for that.
    """

    whole: float | None = None
    levels: Mapping[Level, float] = field(default_factory=dict[Level, float])
    failures_per_year: float = 0.0
    healing_s: float = 0.0
    control_plane: float | None = None

    @property
    def outage(self) -> float:
        """The share of a year that goes by in healing."""
        return min(1.0, self.failures_per_year * self.healing_s / YEAR_S)

    def shares(self, of_machine: bool) -> Mapping[Level, float]:
        """By level what is stated; `whole` is of the machine, where the venue is one."""
        if self.whole is None:
            return self.levels
        return {**self.levels, "host" if of_machine else "venue": self.whole}

    def up(self, of_machine: bool) -> float:
        """Which share of the time a single replica is up there."""
        return max(0.0, prod(self.shares(of_machine).values()) - self.outage)

    @classmethod
    def of(cls, stated: JSON) -> Sla:
        """From `99.9%`, or a mapping of levels to such shares; ValueError says what is wrong."""
        if not is_mapping(stated):
            return cls(whole=_share("sla", stated))
        lacks: list[str] = []
        if stated.keys() <= {"failures", "healing", CONTROL_PLANE}:
            lacks.append("it states the share of no level")
        if ("failures" in stated) != ("healing" in stated):
            lacks.append("failures and healing are stated together")
        found = each(stated, _figure, "; ".join(lacks))
        return cls(
            levels={level: found[level] for level in LEVELS if level in found},
            failures_per_year=found.get("failures", 0.0),
            healing_s=found.get("healing", 0.0),
            control_plane=found.get(CONTROL_PLANE),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How available an App is by what its venues state; all shares of the time, within 0 and 1.

    It is at least `least`, None where nothing is stated of the venues `unknown`, and at most
    `most`; the two differ where an exact figure would take too long.  `components` are those
    that are needed, each by itself.  `limit` says what would raise the figure most if it never
    failed.
    """

    promised: float | None = None
    least: float | None = None
    most: float = 1.0
    components: tuple[tuple[str, float], ...] = ()
    unknown: tuple[str, ...] = ()
    limit: str = ""

    @property
    def known(self) -> bool:
        """Whether anything is stated that the figure could be made of."""
        return self.least is not None or self.most < 1

    @property
    def kept(self) -> bool:
        """Whether the promise is certainly kept, or nothing is promised."""
        if self.promised is None:
            return True
        return self.least is not None and self.least >= self.promised - ROUNDING

    @property
    def broken(self) -> bool:
        """Whether the promise cannot be kept, whatever is not known."""
        return self.promised is not None and self.most < self.promised - ROUNDING


def percent(share: float) -> str:
    """A share for people, never rounded up: as many digits as its distance from 100 % needs."""
    digits = 2
    while digits < 10 and 100 - share * 100 < 10 ** (1 - digits) * 0.9999 and share < 1:
        digits += 1
    scale = 10**digits
    floored = int(share * 100 * scale + 1e-6) / scale
    return f"{floored:.{digits}f}".rstrip("0").rstrip(".") + " %"


def rate(key: str, stated: JSON) -> float:
    """How often in a year; `5%/month` is of a hundred things five a month.  ValueError says what is
    wrong with what a key states.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)\s*/\s*(\w+)", str(stated))
    if found is None or found[3] not in _RATES:
        raise ValueError(f"{key} is {written(stated)}: write how often, such as 2/year or 1/month")
    if found[2] and float(found[1]) > 100:
        raise ValueError(f"{key} is {written(stated)}: of a hundred things it is at most 100 %")
    return float(found[1]) * _RATES[found[3]] / (100 if found[2] else 1)


def time(key: str, stated: JSON) -> float:
    """In seconds; ValueError says what is wrong with what a key states."""
    try:
        return seconds(str(stated))
    except ValueError:
        raise ValueError(f"{key} is {written(stated)}: write a time such as 90s or 5m") from None


def _figure(key: str, stated: JSON) -> float:
    if key in LEVELS or key == CONTROL_PLANE:
        return _share(key, stated)
    if key == "failures":
        return rate(key, stated)
    if key == "healing":
        return time(key, stated)
    raise ValueError(f"{key!r} is none of {', '.join(LEVELS)}, {CONTROL_PLANE}, failures, healing")


def _share(key: str, stated: JSON) -> float:
    try:
        return fraction(str(stated))
    except ValueError:
        raise ValueError(f"{key} is {written(stated)}: write a share such as 99.9%") from None
