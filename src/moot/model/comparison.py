"""What an App would cost here and there: what is asked, and the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from moot.model.availability import Outlook
from moot.model.budget import Budget
from moot.model.purchase import Estimate
from moot.model.report import Cost, Stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What of the market is looked at, and how long: patterns with * and ?, none is everything.

    `burstable` types may use their CPUs for some time only.  Of each vendor the `top` best regions
    are shown.  Machines are packed `rounds` times anew; `only_free`: of lines that may be the free
    choice.
    """

    vendors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    burstable: bool = False
    top: int = 1
    rounds: int = 200
    only_free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What an App would cost on machines that are bought for it, and on the user's own venues.

    `own` is on what those offer now, None where it cannot run there and `own_problem` says why, and
    `own_outlook` how available it would be there;
    `now` is what stands by the record, at the prices of then.  `vague` are components that state no
    CPU or no memory; `arm` are types in the estimates that run no code of other machines, where
    some component does not say what it runs on; `lasting` are vendors whose prices of spot are not
    known, where something may be on it; `unzoned` are vendors whose zones are not known,
    where zones are asked for.
    """

    estimates: tuple[Estimate, ...]
    own: Cost | None = None
    own_problem: str = ""
    own_outlook: Outlook | None = None
    now: Cost | None = None
    budget: Budget | None = None
    vague: tuple[str, ...] = ()
    arm: tuple[str, ...] = ()
    unzoned: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    burstable: bool = False
    solver: Literal["none", "idle", "used", "stopped", "failed"] = "none"
    stale: tuple[Stale, ...] = ()

    @property
    def own_hourly(self) -> Decimal | None:
        """What the user's own venues cost, where all of them say so, in one currency."""
        return None if self.own is None or self.own.unpriced else self.own.hourly

    def free(self) -> Iterator[Estimate | Cost]:
        """The cheapest of all that keeps what is promised: one for each currency, as none can be
        told in another.
        """
        best: dict[str, tuple[Decimal, Estimate | Cost]] = {}
        choices: list[tuple[str, Decimal, Estimate | Cost]] = [
            (found.currency, found.hourly, found) for found in self.estimates if found.keeps
        ]
        if self.own and self.own_hourly is not None:
            choices.append((self.own.currency, self.own_hourly, self.own))
        for currency, hourly, found in choices:
            if currency not in best or hourly < best[currency][0]:
                best[currency] = hourly, found
        for _, found in best.values():
            yield found
