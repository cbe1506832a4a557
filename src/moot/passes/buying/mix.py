"""App x own machines x Vendor -> what it costs to keep a part of it and to buy for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from heapq import nsmallest
from itertools import islice
from typing import Literal, NamedTuple

from moot.model.app import App
from moot.model.placement import Assignments, Placement
from moot.model.programme import Solve
from moot.model.purchase import Estimate
from moot.passes.buying.apportion import Apportionment
from moot.passes.buying.batch import Estate
from moot.passes.buying.divide import Target
from moot.passes.buying.keep import Keeper, paid
from moot.passes.buying.share import Share, Sharing
from moot.passes.buying.stand import spent_on_traffic
from moot.passes.buying.survey import MOST_NODES, NODES_OF_A_ROUND, Survey
from moot.passes.buying.together import together
from moot.passes.chance import Chance

MOST_LOOKED_AT = 3  # regions in which it is tried, those first that may be cheapest
ROUNDS_OF_A_TRY = 5
MOST_LOOKS = 40_000  # components times own machines, of all tries together
# Tries take turns: something is worth keeping by the mean of all prices that were known to be right
# for what was left to buy for.  Or that is kept which fits best beside certain machines, with so
# many thousandths more: those for what was left in the best way so far, or for the least that own
# machines may leave.
Turn = tuple[Literal["mean", "best", "least"], int]
TRIES: Sequence[Turn] = (
    *(("mean", 0), ("best", 10), ("mean", 0), ("least", 10), ("best", 0), ("best", 30)),
    *(("mean", 0), ("least", 20), ("best", 5), ("best", 20), ("mean", 0), ("least", 40)),
)
OTHERS = 4  # one try in so many
MOST_SWAPS, MUCH = 24, Decimal("0.02")  # where traffic costs such a part of all
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
    if problem := _problem(estate, there):
        return Estimate(vendors=vendors, is_mixed=True, reason=problem)
    parts = Apportionment(app, estate, there, areas, solve)
    mixer = _Mixer(parts, rounds)
    best = mixer.best()
    if best is None:
        reason = "no part of it was found to keep on your venues with the rest bought there"
        return Estimate(vendors=vendors, is_mixed=True, reason=reason)
    if below is not None and mixer.sum(best) >= below:
        reason = "nothing of it costs less on your venues than there"
        return Estimate(vendors=vendors, is_mixed=True, reason=reason)
    nodes = min(rounds * NODES_OF_A_ROUND, MOST_NODES)
    return replace(best.found, least=Decimal(parts.least(nodes)).scaleb(-6))


def _problem(estate: Estate, there: Survey) -> str:
    app = estate.ground.app
    if there.needed.regions > 1:
        return f"x-moot.spread wants {there.needed.regions} regions"
    for component in app.components:
        homes = [estate.ground.homes.get(mount.source) for mount in component.mounts]
        if any(homes) and component.replicas and estate.micros(component) is None:
            home = next(filter(None, homes))
            return f"{component.name} has its data on {home}, where nothing of it can be kept"
    return ""


@dataclass
class _Mixer:
    parts: Apportionment
    rounds: int

    def best(self) -> Way | None:
        """The cheapest that was found; None where keeping anything is no cheaper."""
        found: list[Way] = []
        regions = MOST_LOOKED_AT if self.rounds else 1
        looks = len(self.parts.app.components) * len(self.parts.estate.ground.offerings)
        tries = 1 + min(self.rounds // ROUNDS_OF_A_TRY, MOST_LOOKS // (looks or 1))
        for n, region in enumerate(islice(self.parts.lowest(0), regions)):
            found += self.ways(region, 1 if n else tries)
        if not found:
            return None
        if not self.rounds:
            return min(found, key=self.sum)
        ways = sorted(found, key=lambda way: way.least)
        for n, way in enumerate(ways):
            if way.least < min(map(self.sum, ways)):
                ways[n] = self.polished(way, min(self.rounds, QUICK))
        best = nsmallest(MOST_POLISHED, ways, key=self.sum)
        first = min((self.polished(way, self.rounds) for way in best), key=self.sum)
        return min((first, *self.moved(first)), key=self.sum)

    def moved(self, way: Way) -> Iterator[Way]:
        """With what is kept where that may cost less."""
        for kept in Keeper(self.parts.estate, self.parts.sizes, Chance()).cheaper(way.kept):
            hourly = way.found.hourly - paid(way.kept) + paid(kept)
            yield way._replace(found=replace(way.found, kept=kept, hourly=hourly), kept=kept)

    def polished(self, way: Way, rounds: int) -> Way:
        """With machines packed for so many rounds."""
        found = self.way(way.found.sites[0].region, way.kept, rounds)
        return way._replace(found=found) if found else way

    def ways(self, region: str, tries: int) -> Iterator[Way]:
        """Some that were found there, each with what is kept; what it teaches of the bound, too."""
        sharing = self.parts.sharings[region]
        tiers = self.parts.estate.tiers()
        keepers = [Keeper(estate, self.parts.sizes, Chance()) for estate in tiers]
        if every := self.parts.every(sharing):
            placed = (keeper.placed(names, {}) for keeper in keepers for names in every)
            ways = ((self.way(region, kept, 0), kept) for kept in placed if kept)
            yield from (Way(way, kept, Decimal(0)) for way, kept in ways if way)
            return
        best: Way | None = None
        seen: set[tuple[int, Names]] = set()
        known = [self.parts.shares[region], sharing.usual()]
        for number in range(tries):
            turn, tier = TRIES[number % len(TRIES)], 0
            if keepers[1:] and number % OTHERS == OTHERS - 1:  # now and then without dear machines
                tier = 1 + number // OTHERS % (len(keepers) - 1)
            target = self.target(region, turn, best, known)
            if (kept := keepers[tier].kept(sharing, target)) is None:
                continue
            kept = self.parted(sharing, kept)
            names = frozenset(run.component for run in kept.runs)
            if not names or (tier, names) in seen:
                continue
            seen.add((tier, names))
            share = sharing.without(names)
            self.parts.shares[region] = sharing.better(self.parts.shares[region], share)
            known.append(share)
            if found := self.way(region, kept, 0):
                least = Decimal(sharing.left(names, share)).scaleb(-6) + paid(kept)
                way = Way(found, kept, least)
                yield way
                best = min(best or way, way, key=self.sum)
        if best and self.sum(best) > best.found.hourly * (1 + MUCH):
            yield from self.swapped(region, best, keepers[0])

    def swapped(self, region: str, best: Way, keeper: Keeper) -> Iterator[Way]:
        """With one of those that talk on the other side, and perhaps another one in its place:
        nothing else looks at what traffic costs.
        """
        kept = frozenset(run.component for run in best.kept.runs)
        for names in filter(None, islice(self.parts.swaps(region, kept), MOST_SWAPS)):
            if (placed := keeper.placed(names, {})) and (found := self.way(region, placed, 0)):
                way = Way(found, placed, Decimal(0))
                if self.sum(way) < self.sum(best):
                    yield way

    def target(self, region: str, turn: Turn, best: Way | None, known: Sequence[Share]) -> Target:
        """Beside what it is chosen what is kept."""
        sharing, share = self.parts.sharings[region], self.parts.shares[region]
        kind, slack = turn
        if kind == "mean" or (kind == "best" and best is None):
            return sharing.nothing(known)
        if best is None or kind == "least":
            return sharing.target(sharing.wanted, share, slack)
        names = frozenset(run.component for run in best.kept.runs)
        return sharing.target(sharing.rest(names), sharing.without(names), slack)

    def parted(self, sharing: Sharing, kept: Placement) -> Placement:
        """Without what saves least, where all of it would be kept."""
        if self.parts.rest(frozenset(run.component for run in kept.runs)):
            return kept
        values = sharing.usual().values
        loose = [(values[n] - (sharing.batches[n].micros or 0), n) for n in sharing.able]
        gone = sharing.batches[min(loose)[1]].names if loose else frozenset[str]()
        runs = (run for run in kept.runs if run.component not in gone)
        return Placement(assignments=Assignments(runs))

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
