"""Regions of a vendor x own machines -> the least it costs to keep a part and buy for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from itertools import combinations

from moot.model.app import App
from moot.model.placement import Run
from moot.model.purchase import NEVER
from moot.passes.buying.batch import batches
from moot.passes.buying.estate import MICRO, Estate, summed
from moot.passes.buying.limit import limit
from moot.passes.buying.share import Sharing
from moot.passes.buying.stand import sold, stored
from moot.passes.buying.survey import NODES_OF_A_ROUND, WHOLE, Survey
from moot.passes.egress import egress, total

MOST_APART = 4  # batches of which every way of keeping some is looked at

Names = frozenset[str]


@dataclass
class Apportionment:
    """Of one App among own machines and those of one vendor, region by region.

    `shares` are what says most of each so far, `bounds` sums below which no way gets there, in
    millionths an hour.
    """

    app: App
    estate: Estate
    survey: Survey

    def __post_init__(self) -> None:
        self.vendor = self.survey.vendor
        self.lot = WHOLE if len(self.survey.needed.lots) > 1 else 0
        self.room = self.estate.most
        self.disk = int(stored(self.app, [self.vendor]) * MICRO)  # if all of it were bought there
        self.sharings = {region: self._sharing(region) for region in self.survey.regions}
        self.shares = {region: found.usual() for region, found in self.sharings.items()}
        self.bounds = {r: self.sharings[r].least(self.shares[r], 0) for r in self.sharings}
        self._sharp: set[str] = set()

    def least(self, nodes: int) -> int:
        """A sum below which no way gets in any of the regions."""
        return next((self.bounds[region] for region in self.lowest(nodes)), NEVER)

    def lowest(self, nodes: int) -> Iterator[str]:
        """Regions by their bounds, the lowest first, each raised before it is told."""
        heap = [(bound, region) for region, bound in self.bounds.items()]
        heapify(heap)
        done: set[str] = set()
        while heap:
            bound, region = heap[0]
            if region in done:
                heappop(heap)
                yield region
                continue
            done.add(region)
            self.bounds[region] = max(bound, self._raised(region, nodes))
            heapreplace(heap, (self.bounds[region], region))

    def _raised(self, region: str, nodes: int) -> int:
        """A higher bound of a region, by prices that say more, and by so many nodes."""
        sharing = self.sharings[region]
        if every := self.every(sharing):
            costs = (self._least_with(region, kept, nodes) for kept in (*every, frozenset[str]()))
            return min(costs)
        if region not in self._sharp:
            self._sharp.add(region)
            self.shares[region] = sharing.better(self.shares[region], sharing.best())
        return sharing.least(self.shares[region], nodes)

    def every(self, sharing: Sharing) -> list[Names]:
        """All that may be kept, where that is few; nothing where it is not."""
        able, batches = sharing.able, sharing.batches
        if len(able) > MOST_APART:
            return []
        held = frozenset[str]().union(*(batch.names for batch in batches if batch.held))
        chosen = (c for count in range(len(able) + 1) for c in combinations(able, count))
        found = [held.union(*(batches[n].names for n in some)) for some in chosen]
        return [names for names in found if names and self.has_room(names) and self.rest(names)]

    def has_room(self, names: Names) -> bool:
        """Whether own machines may have it for these."""
        size = summed([self.estate.sizes[name] for name in sorted(names)])
        return all(part <= whole for part, whole in zip(size, self.room, strict=True))

    def rest(self, names: Names) -> Names:
        """What is not among these."""
        return frozenset(c.name for c in self.app.components if c.replicas) - names

    def _least_with(self, region: str, kept: Names, nodes: int) -> int:
        """The same where just these are kept."""
        there = self.survey.of(self.app, self.rest(kept), region)
        bought = limit([there], nodes // NODES_OF_A_ROUND)
        return min(NEVER, bought + self.beside(region, kept))

    def beside(self, region: str, kept: Names) -> int:
        """What it costs at least beside machines for all but these, in millionths an hour."""
        own = sum(b.micros or 0 for b in self.sharings[region].batches if b.names <= kept)
        return self.disk + own + self._traffic(region, kept)

    def _traffic(self, region: str, kept: Names) -> int:
        """What it costs at least that these talk to all others, in millionths an hour."""
        own = min(self.estate.ground.offerings, key=lambda offering: offering.egress)
        there = sold(self.vendor, region)
        runs = (
            Run(self.app.name, c.name, 0, 1, own if c.name in kept else there, "container")
            for c in self.app.components
            if c.replicas
        )
        return int(total(egress(self.app, runs)) * MICRO)

    def _sharing(self, region: str) -> Sharing:
        lot, wares = self.survey.lot(self.lot), self.survey.wares(region, self.lot)
        appraisal = self.survey.appraisal(region, self.lot)
        unsold = {
            name.partition("+")[0]
            for piece, value in zip(lot, appraisal.values, strict=True)
            if value >= NEVER
            for name in piece.names
        }
        parts = batches(self.estate, self.vendor, region, unsold)
        return Sharing(lot, wares, appraisal, parts, self.room, self.disk)
