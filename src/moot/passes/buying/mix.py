"""App x own machines x Vendor -> what it costs to keep a part of it and to buy for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

from moot.model.app import App
from moot.model.placement import Placement
from moot.model.programme import Solve
from moot.model.purchase import Estimate
from moot.passes.buying.apportion import Apportionment
from moot.passes.buying.batch import Estate
from moot.passes.buying.keep import Keeper, paid
from moot.passes.buying.stand import spent_on_traffic
from moot.passes.buying.survey import MOST_NODES, NODES_OF_A_ROUND, Survey
from moot.passes.buying.together import together
from moot.passes.chance import Chance

MOST_LOOKED_AT = 3  # regions in which it is tried, those first that may be cheapest
ROUNDS_OF_A_TRY = 5
# Tries take turns: something is worth keeping by the mean of all prices that were known to be right
# for what was left to buy for (MEAN); or that is kept which fits best beside machines for what was
# left in the best way, with so many thousandths more.
MEAN = -1
TRIES = (MEAN, 10, MEAN, 0, 30, MEAN, 5, 20, MEAN, 60)
QUICK, MOST_POLISHED = 20, 3  # rounds for which ways are packed, before a few are for all

Names = frozenset[str]


class Way(NamedTuple):
    """What was found where this is kept, for which nothing cheaper than `least` can be found."""

    found: Estimate
    kept: Placement
    least: Decimal


def mix(
    app: App,
    estate: Estate,
    there: Survey,
    areas: Mapping[str, frozenset[str]],
    rounds: int,
    solve: Solve | None = None,
    below: Decimal | None = None,
) -> Estimate:
    """What is kept is placed as ever, with all it was promised; what is bought is in one region.

    Components are kept or bought for as a whole, and those together that cannot be parted.  What
    does not cost less than `below` is none.
    """
    vendors = (there.vendor.name,)
    if problem := _problem(app, estate, there):
        return Estimate(vendors=vendors, is_mixed=True, reason=problem)
    parts = Apportionment(app, estate, there, areas, solve)
    mixer = _Mixer(parts, rounds)
    nodes = min(rounds * NODES_OF_A_ROUND, MOST_NODES)
    best = mixer.best()
    if best is None or (below is not None and mixer.sum(best) >= below):
        reason = "nothing of it costs less on your venues than there"
        return Estimate(vendors=vendors, is_mixed=True, reason=reason)
    return replace(best.found, least=Decimal(parts.least(nodes)).scaleb(-6))


def _problem(app: App, estate: Estate, there: Survey) -> str:
    vendor = there.vendor
    if there.needed.regions > 1:
        return f"x-moot.spread wants {there.needed.regions} regions"
    if app.policy.headroom:
        return f"x-moot.headroom: {app.policy.headroom} was not looked at for a part of it"
    if other := sorted(estate.currencies - {vendor.currency}):
        return f"your venues cost {' and '.join(other)}, {vendor.name} {vendor.currency}"
    return ""


@dataclass
class _Mixer:
    parts: Apportionment
    rounds: int

    def best(self) -> Way | None:
        """The cheapest that was found; None where keeping anything is no cheaper."""
        found: list[Way] = []
        regions = MOST_LOOKED_AT if self.rounds else 1
        for n, region in enumerate(islice(self.parts.lowest(0), regions)):
            found += self.ways(region, 1 if n else 1 + self.rounds // ROUNDS_OF_A_TRY)
        if not found:
            return None
        if not self.rounds:
            return min(found, key=self.sum)
        ways = sorted(found, key=lambda way: way.least)
        for n, way in enumerate(ways):
            if way.least < min(map(self.sum, ways)):
                ways[n] = self.polished(way, min(self.rounds, QUICK))
        best = nsmallest(MOST_POLISHED, ways, key=self.sum)
        return self.cheaper(min((self.polished(way, self.rounds) for way in best), key=self.sum))

    def cheaper(self, way: Way) -> Way:
        """With what is kept where that costs least."""
        kept = Keeper(self.parts.estate, self.parts.sizes, Chance()).cheaper(way.kept)
        hourly = way.found.hourly - paid(way.kept) + paid(kept)
        return way._replace(found=replace(way.found, kept=kept, hourly=hourly), kept=kept)

    def polished(self, way: Way, rounds: int) -> Way:
        """With machines packed for so many rounds."""
        found = self.way(way.found.sites[0].region, way.kept, rounds)
        return way._replace(found=found) if found else way

    def ways(self, region: str, tries: int) -> Iterator[Way]:
        """Some that were found there, each with what is kept; what it teaches of the bound, too."""
        sharing = self.parts.sharings[region]
        keeper = Keeper(self.parts.estate, self.parts.sizes, Chance())
        if every := self.parts.every(sharing):
            placed = (keeper.placed(names, {}) for names in every)
            ways = ((self.way(region, kept, 0), kept) for kept in placed if kept)
            yield from (Way(way, kept, Decimal(0)) for way, kept in ways if way)
            return
        best: Way | None = None
        seen: set[Names] = set()
        known = [self.parts.shares[region], sharing.usual()]
        for number in range(tries):
            turn = TRIES[number % len(TRIES)]
            if turn != MEAN and best:
                names = frozenset(run.component for run in best.kept.runs)
                target = sharing.target(names, sharing.without(names), turn)
            else:
                target = sharing.nothing(known)
            if (kept := keeper.kept(sharing, target)) is None:
                break
            names = frozenset(run.component for run in kept.runs)
            if names in seen:
                continue
            seen.add(names)
            share = sharing.without(names)
            self.parts.shares[region] = sharing.better(self.parts.shares[region], share)
            known.append(share)
            if found := self.way(region, kept, 0):
                least = Decimal(sharing.left(names, share)).scaleb(-6) + paid(kept)
                way = Way(found, kept, least)
                yield way
                best = min(best or way, way, key=self.sum)

    def way(self, region: str, kept: Placement, rounds: int) -> Estimate | None:
        """With the rest bought for; None where it cannot be, or nothing is left."""
        rest = self.parts.rest(frozenset(run.component for run in kept.runs))
        if not rest:
            return None
        there, needed = self.parts.surveyed(region, rest)
        found = next(together([there], needed, rounds, 1))
        if found.reason:
            return None
        return replace(found, is_mixed=True, kept=kept, hourly=found.hourly + paid(kept))

    def sum(self, way: Way) -> Decimal:
        """What it costs with its traffic."""
        vendors = {self.parts.vendor.name: self.parts.vendor}
        return way.found.hourly + spent_on_traffic(self.parts.app, way.found, vendors)
