"""How much an App may cost, and what an hour's price comes to in a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from moot.model.position import Position

# A year is 365 days and a month a twelfth of it, as the price lists of the large clouds count.
HOURS: Mapping[str, int] = {"hour": 1, "day": 24, "week": 168, "month": 730, "year": 8760}
MOST_HOURLY = 10**12  # of any currency; what is above it has more digits than a sum is told in


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So much money for a period of HOURS."""

    amount: Decimal
    currency: str
    per: str
    place: Position | None = field(default=None, compare=False)

    @classmethod
    def of(cls, text: str, place: Position | None = None) -> Budget:
        """From `120 EUR/month`; ValueError for anything else, and above MOST_HOURLY."""
        amount, _, unit = text.partition(" ")
        currency, _, per = unit.partition("/")
        if per not in HOURS or not currency or not amount.replace(".", "", 1).isdecimal():
            raise ValueError(text)
        if Decimal(amount) / HOURS[per] > MOST_HOURLY:
            raise ValueError(text)
        return cls(amount=Decimal(amount), currency=currency, per=per, place=place)

    @property
    def hourly(self) -> Decimal:
        """What may be spent in an hour."""
        return self.amount / HOURS[self.per]

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}/{self.per}"


def monthly(hourly: Decimal) -> Decimal:
    """An hour's price for a month, to the hundredth."""
    return (hourly * HOURS["month"]).quantize(Decimal("0.01"))
