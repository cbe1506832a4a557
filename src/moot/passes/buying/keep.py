"""Own machines x what is worth keeping -> what is kept there, placed as ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from moot.model.app import App
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.buying.batch import Batch
from moot.passes.buying.cram import cram
from moot.passes.buying.divide import Item, Target, divide
from moot.passes.buying.estate import Estate, Size, summed
from moot.passes.buying.part import part
from moot.passes.buying.share import Sharing
from moot.passes.chance import Chance
from moot.passes.place import place
from moot.passes.placing.search import LEAST

# Parts of own machines that are given away, in thousandths, until all of it has room there.
FULL = (1000, 995, 990, 980, 970, 950, 900, 800, 600, 400)

Names = frozenset[str]


@dataclass
class Keeper:
    """What draws by lot is always the same."""

    estate: Estate
    sharing: Sharing
    chance: Chance
    known: dict[Names, Placement | None] = field(default_factory=dict[Names, "Placement | None"])
    first: int = 0  # of FULL: what is tried first, as more did not go

    def kept(self, target: Target) -> Placement | None:
        """What costs little where it is kept, as far as all of it has room; None: nothing does."""
        batches = self.sharing.batches
        sites = sorted({site for item in self.items for site in item.sites})
        held = frozenset[str]().union(*(batch.names for batch in batches if batch.held))
        for at in range(max(0, self.first - 1), len(FULL)):
            parts = FULL[at]
            rooms: dict[str, Size] = {}
            for site in sites:
                cpu, memory_mib, gpus = self.estate.rooms[site]
                rooms[site] = cpu * parts // 1000, memory_mib * parts // 1000, gpus
            where = divide(self.items, rooms, target, self.chance)
            placed = {
                name: site
                for batch, site in zip(batches, where, strict=True)
                for name in batch.names
                if site
            }
            names = frozenset(placed)
            if not held <= names:
                names, placed = names | held, {}
            if not names:
                continue
            if names not in self.known:
                self.known[names] = self.placed(names, placed)
            if kept := self.known[names]:
                self.first = at
                return kept
        return None

    def placed(self, names: Names, sites: Mapping[str, str]) -> Placement | None:
        """These alone on own machines, at whatever price; where they find no room packed tightly,
        if `sites` say where each of them is.
        """
        app = part(self.estate.ground.app, names)
        app = replace(app, components=tuple(replace(c, traffic=()) for c in app.components))
        found = self._looked_at(app, self.estate.free, None)
        if not found and sites and (crammed := cram(self.estate, sites, self.chance)):
            found = self._looked_at(app, self.estate.free, crammed)
        return found and self.estate.real(found)

    def cheaper(self, kept: Placement) -> list[Placement]:
        """The same components where they may cost less, as far as all of them have room so; what
        they pay for traffic among themselves is not in it.
        """
        app = part(self.estate.ground.app, frozenset(run.component for run in kept.runs))
        offerings = self.estate.ground.offerings
        if len({(offering.hourly, offering.disk) for offering in offerings}) == 1:
            return []
        found = (self._looked_at(app, offerings, stands) for stands in (None, kept))
        return [Placement(assignments=placement.assignments) for placement in found if placement]

    def _looked_at(
        self, app: App, offerings: Sequence[Offering], stands: Placement | None
    ) -> Placement | None:
        """None where it is refused."""
        ground = self.estate.ground
        with suppress(Refused):
            return place(app, offerings, stands, ground.homes, ground.absent, LEAST)
        return None

    @cached_property
    def items(self) -> list[Item]:
        """By Batch what keeping it is about."""
        pairs = zip(self.sharing.batches, self.sharing.sizes, strict=True)
        return [self._item(batch, takes) for batch, takes in pairs]

    def _item(self, batch: Batch, takes: Sequence[int]) -> Item:
        sites = sorted(self.estate.sites(batch.names)) if batch.micros is not None else []
        size = summed([self.estate.sizes[name] for name in sorted(batch.names)])
        return Item(batch.micros or 0, takes, size, sites, batch.held)
