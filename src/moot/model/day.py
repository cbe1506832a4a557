"""The day of a price: as it is stated, and the oldest of several."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from moot.model.misstated import written
from moot.model.value import JSON
from moot.model.venue import Offering


def day(stated: JSON) -> str:
    """From `priced` of a venue, as ISO 8601; ValueError says what is wrong."""
    if isinstance(stated, date) and not isinstance(stated, datetime):
        return stated.isoformat()
    try:
        return date.fromisoformat(str(stated)).isoformat()
    except ValueError:
        raise ValueError(f"it is {written(stated)}, and no day such as 2026-11-01") from None


def priced(offerings: Iterable[Offering]) -> str:
    """The day of the oldest of their prices; "" where none of them has one, or a known day."""
    days = {offering.priced for offering in offerings if offering.hourly or offering.disk}
    return min(days, default="")
