"""How much components send each other and how far apart they may be; what venues state of that."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from moot.model.budget import HOURS
from moot.model.misstated import each, written
from moot.model.value import JSON, is_mapping
from moot.model.venue import Ways

# In GB, of 1000 million bytes: what leaves a venue is sold so.
GB = {"MB": Decimal("0.001"), "GB": Decimal(1), "TB": Decimal(1000)}
MOST_TB_HOURLY = 1_000_000  # of two components; the whole Internet has less


@dataclass(frozen=True, slots=True)
class Traffic:
    """So much a component and the one named send each other in a month of 730 hours: all replicas
    together, both directions.
    """

    to: str
    gb_monthly: Decimal

    @classmethod
    def of(cls, to: str, text: str) -> Traffic:
        """From `200 GB/month`; ValueError for anything else, and for more than anybody sends."""
        amount, _, unit = text.partition(" ")
        size, _, per = unit.partition("/")
        if size not in GB or per not in HOURS or not amount.replace(".", "", 1).isdecimal():
            raise ValueError(text)
        gb_hourly = Decimal(amount) * GB[size] / HOURS[per]
        if gb_hourly > MOST_TB_HOURLY * GB["TB"]:
            raise ValueError(text)
        return cls(to, Decimal(amount) * GB[size] * HOURS["month"] / HOURS[per])


@dataclass(frozen=True, slots=True)
class Staying:
    """What two components send each other, which share of that stays on their machines where all
    replicas are sent to alike, and which could, were those beside one another sent to first.
    """

    component: str
    to: str
    gb_monthly: Decimal
    share: float
    most: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Every replica is within so many milliseconds, there and back, of one of those named."""

    to: str
    most_ms: Decimal

    @classmethod
    def of(cls, to: str, text: str) -> Latency:
        """From `10 ms`; ValueError for anything else."""
        return cls(to, milliseconds(text))


def milliseconds(text: str) -> Decimal:
    """From `10 ms`; ValueError for anything else."""
    amount, _, unit = text.partition(" ")
    if unit != "ms" or not amount.replace(".", "", 1).isdecimal():
        raise ValueError(text)
    return Decimal(amount)


def ways(stated: JSON) -> Ways:
    """From `{rack: 12 ms, cloud/eu: 20 ms}` of a venue; ValueError says what is wrong."""
    if not is_mapping(stated):
        raise ValueError("it maps venues, or regions of them, to times such as '12 ms'")
    return tuple(each(stated, _way).items())


def per_gb(stated: JSON) -> Decimal:
    """From `egress` or `disk` of a venue: of a GB, or a GiB; ValueError says what is wrong."""
    try:
        price = Decimal(str(stated))
        if 0 <= price < 1_000_000:
            return price
    except InvalidOperation:  # no number, or one that is not to be compared
        pass
    raise ValueError(f"it is {written(stated)}, and no price such as 0.09")


def _way(name: str, time: JSON) -> Decimal:
    try:
        return milliseconds(str(time))
    except ValueError:
        raise ValueError(f"{name} is {written(time)}, and no time such as '12 ms'") from None
