"""What a vendor's interface of prices says: the types of one region, each with its price there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

Trouble = Literal["network", "certificate", "busy", "slow", "answer", "refused", "key", "nothing"]


class NoPrices(Exception):
    """An interface did not give what it should; `passing` where it may at another time."""

    def __init__(
        self,
        reason: str,
        *,
        trouble: Trouble = "answer",
        passing: bool = False,
        wait_s: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.trouble: Trouble = trouble
        self.passing = passing
        self.wait_s = wait_s


class Shape(NamedTuple):
    """What one type is; `gpu` is the maker's name, "" where that is not said."""

    cpu: float
    memory_mib: int
    arch: str
    gpus: float = 0.0
    gpu: str = ""


class Listed(NamedTuple):
    """A type in one region, at millionths per hour; `spot` 0 is unknown, `shape` None as well.

    As spot it is taken back `interruptions` times a month at most, None where that is not said.
    """

    shape: Shape | None
    hourly: int
    spot: int = 0
    interruptions: float | None = None


class PriceList(NamedTuple):
    """All types of one region by name, at the prices of the day `priced` (ISO 8601).

    A list of spot only has no other prices, which stay as they are.
    """

    priced: str
    types: Mapping[str, Listed]
    spot_only: bool = False


class Source(Protocol):
    """The interface of one vendor.  Every method may raise NoPrices, and nothing else."""

    vendor: str
    seller: str  # the vendor in the market whose prices these are
    title: str  # what the interface is called
    variable: str  # of the environment, in which a mirror is named
    mirrored: bool  # whether one is
    keyed: bool  # whether it wants a key

    def editions(self) -> Mapping[str, str]:
        """The regions, each with what tells its price list from an earlier one."""
        ...

    def price_list(self, region: str, edition: str) -> PriceList:
        """What is sold there."""
        ...


def misread(error: Exception) -> str:
    """Why what was read is not what is documented, in words."""
    if isinstance(error, KeyError):
        return f"has no {error.args[0]}"
    return "has a value of another kind than is documented"
