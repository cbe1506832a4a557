"""Apportionment x a region -> ways of keeping a part and buying for the rest there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import cycle, islice, product
from typing import Literal, NamedTuple

from moot.model.placement import Assignments, Placement
from moot.model.purchase import Estimate
from moot.passes.afford import spent
from moot.passes.buying.apportion import Apportionment
from moot.passes.buying.divide import Target
from moot.passes.buying.estate import MICRO
from moot.passes.buying.exchange import exchange
from moot.passes.buying.keep import Keeper
from moot.passes.buying.stand import metered
from moot.passes.buying.together import together
from moot.passes.chance import Chance

# Tries take turns: something is worth keeping by the mean of all prices that were known to be right
# for what was left to buy for.  Or that is kept which fits best beside certain machines, with so
# many thousandths more: those for what was left in the best way so far, or for the least that own
# machines may leave.
Kind = Literal["mean", "best", "least"]
TRIES: Sequence[tuple[Kind, int]] = (
    *(("mean", 0), ("best", 10), ("mean", 0), ("least", 10), ("best", 0), ("best", 30)),
    *(("mean", 0), ("least", 20), ("best", 5), ("best", 20), ("mean", 0), ("least", 40)),
)
OTHERS = 4  # one try in so many
EXCHANGED = 4  # after so many tries the next one changes the best way
MOST_TRIED = 8  # of such changes

Names = frozenset[str]


class Way(NamedTuple):
    """What was found where this is kept, for which nothing cheaper than `least` can be found.

    `rest` is what is bought for alone, `found` all of it with its traffic.
    """

    rest: Estimate
    found: Estimate
    kept: Placement
    least: Decimal = Decimal(0)


class Trial:
    """What was found so far; each try teaches something of the bound, too."""

    def __init__(self, parts: Apportionment, region: str) -> None:
        self.parts, self.region = parts, region
        self.sharing = parts.sharings[region]
        self.ways: list[Way] = []
        self.keepers = [Keeper(each, self.sharing, Chance()) for each in parts.estate.tiers]
        self._seen: set[tuple[int, Names]] = set()
        self._known = [parts.shares[region], self.sharing.usual()]
        self._tries = self._tried()

    def go_on(self, tries: int) -> None:
        """So many more, as far as there are."""
        for ways in islice(self._tries, tries):
            self.ways += ways

    def best(self) -> Way | None:
        """The cheapest."""
        return min(self.ways, key=hourly, default=None)

    def way(self, kept: Placement, rounds: int, least: Decimal = Decimal(0)) -> Way | None:
        """Where this is kept, with machines for the rest packed for so many rounds; None where
        these cannot be, or nothing is left.
        """
        names = self.parts.rest(_names(kept))
        if not names:
            return None
        there = self.parts.survey.of(self.parts.app, names, self.region)
        rest = next(together([there], rounds, 1))
        return None if rest.reason else self.whole(rest, kept, least)

    def whole(self, rest: Estimate, kept: Placement, least: Decimal) -> Way:
        """Both together."""
        both = replace(rest, is_mixed=True, kept=kept, hourly=rest.hourly + spent(kept))
        vendor = self.parts.vendor
        return Way(rest, metered(self.parts.app, both, {vendor.name: vendor}), kept, least)

    def _tried(self) -> Iterator[Sequence[Way]]:
        if every := self.parts.every(self.sharing):
            placed = (keeper.placed(names, {}) for keeper, names in product(self.keepers, every))
            yield [way for kept in placed if kept and (way := self.way(kept, 0))]
            return
        for number, turn in enumerate(cycle(TRIES)):
            tier = 0
            if self.keepers[1:] and number % OTHERS == OTHERS - 1:  # without dear machines
                tier = 1 + number // OTHERS % (len(self.keepers) - 1)
            kept = self.keepers[tier].kept(self._target(*turn))
            way = kept and self._new(tier, self._parted(kept))
            yield [way] if way else []
            best = self.best()
            if best and number % EXCHANGED == EXCHANGED - 1:
                yield list(self._exchanged(best))

    def _new(self, tier: int, kept: Placement) -> Way | None:
        """None where just that was kept before."""
        names = _names(kept)
        if not names or (tier, names) in self._seen:
            return None
        self._seen.add((tier, names))
        return self._learnt(names, kept)

    def _learnt(self, names: Names, kept: Placement) -> Way | None:
        share, known = self.sharing.without(names), self.parts.shares[self.region]
        self.parts.shares[self.region] = self.sharing.better(known, share)
        self._known.append(share)
        if way := self.way(kept, 0):
            beside = way.found.hourly - way.rest.hourly
            least = Decimal(self.sharing.left(names, share)).scaleb(-6) + beside
            return way._replace(least=least)
        return None

    def _exchanged(self, best: Way) -> Iterator[Way]:
        """What may be cheaper with one or two of those that are kept, or not, on the other side."""
        most, unseen = hourly(best) * MICRO, self._seen.isdisjoint
        found = exchange(self.parts, self.region, _names(best.kept))
        cheap = (names for least, names in found if least < most and unseen([(0, names)]))
        for names in islice(cheap, MOST_TRIED):
            self._seen.add((0, names))
            kept = self.keepers[0].placed(names, {})
            if way := kept and self._learnt(names, kept):
                yield way

    def _target(self, kind: Kind, slack: int) -> Target:
        """Beside what it is chosen what is kept."""
        sharing, share, best = self.sharing, self.parts.shares[self.region], self.best()
        if kind == "mean" or (kind == "best" and best is None):
            return sharing.nothing(self._known)
        if best is None or kind == "least":
            return sharing.target(sharing.wanted, share, slack)
        names = _names(best.kept)
        return sharing.target(sharing.rest(names), sharing.without(names), slack)

    def _parted(self, kept: Placement) -> Placement:
        """Without what saves least, where all of it would be kept."""
        if self.parts.rest(_names(kept)):
            return kept
        values = self.sharing.usual().values
        loose = [(values[n] - (self.sharing.batches[n].micros or 0), n) for n in self.sharing.able]
        gone = self.sharing.batches[min(loose)[1]].names if loose else frozenset[str]()
        runs = (run for run in kept.runs if run.component not in gone)
        return Placement(assignments=Assignments(runs))


def hourly(way: Way) -> Decimal:
    """What it costs."""
    return way.found.hourly


def _names(kept: Placement) -> Names:
    return frozenset(run.component for run in kept.runs)
