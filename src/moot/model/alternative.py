"""Where a replica is not, and what it would take for it to be there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from moot.model.budget import monthly
from moot.model.value import JSON
from moot.model.venue import Offering


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """Room that one replica could have instead of its own, all others staying where they are.

    `more` is what it would cost more an hour, None where a price is unknown, or the two are in
    different currencies; `why` says why it is not there although it is not dearer.
    """

    offering: Offering
    more: Decimal | None
    why: str = ""

    def as_json(self) -> dict[str, JSON]:
        """An entry of `possible`."""
        hourly = self.offering.hourly
        return {
            "venue": self.offering.venue,
            "offering": self.offering.name,
            "hourly": None if hourly is None else f"{hourly:f}",
            "currency": self.offering.currency,
            "priced": (self.offering.priced or None) if hourly else None,
            "more_hourly": None if self.more is None else f"{self.more:f}",
            "reason": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """The cheapest way to run all replicas of a component without something, nothing else moving.

    `places` are offerings with how many are there, none where there is no such way, and then
    `refusal` says why.  `hourly` is of all replicas, None where a price is unknown or there are
    several currencies, at prices of which the oldest is of the day `priced`; `more` the difference
    to now.
    """

    without: str
    places: tuple[tuple[str, int], ...] = ()
    hourly: Decimal | None = None
    currency: str = ""
    more: Decimal | None = None
    priced: str = ""
    refusal: str = ""

    def as_json(self) -> dict[str, JSON]:
        """`best` in `why --json`."""
        return {
            "without": self.without,
            "places": [{"offering": place, "replicas": count} for place, count in self.places],
            "monthly": None if self.hourly is None else f"{monthly(self.hourly)}",
            "currency": self.currency or None,
            "priced": self.priced or None,
            "more_monthly": None if self.more is None else f"{monthly(self.more)}",
            "refusal": self.refusal or None,
        }
