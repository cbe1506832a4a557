"""Vendor x what is Needed -> a Survey: what its regions have for it, and what it costs there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from moot.model.app import App
from moot.model.market import Vendor
from moot.model.programme import Solve
from moot.model.purchase import NEVER, Lot, Piece, Purchase, Ware
from moot.passes.buying.appraise import Appraisal, appraise
from moot.passes.buying.choose import choose
from moot.passes.buying.cover import cover
from moot.passes.buying.need import Needed, need
from moot.passes.buying.part import part
from moot.passes.buying.procure import procure
from moot.passes.buying.supply import LASTING, TAKEN_BACK, abilities, supply

GIB = 1024
ANYWHERE = -1  # instead of the rank of a zone
WHOLE = -1  # instead of the index of a lot

NODES_OF_A_ROUND, MOST_NODES = 250, 60_000  # that are looked at for a bound

Bundle = Sequence[tuple[int, int]]  # lots by index, each with the rank of its zone
Wares = tuple[Ware, ...]


class Survey:
    """Only the regions that the App allows; everything is found when it is asked for first.

    `areas` are the traits that are known of each region of the vendor's, also of those that are not
    looked at: where there are such that are allowed, it `is_narrowed`.
    """

    def __init__(
        self,
        vendor: Vendor,
        needed: Needed,
        areas: Mapping[str, frozenset[str]],
        solve: Solve | None = None,
    ) -> None:
        allowed = [region for region, traits in sorted(areas.items()) if needed.allows(traits)]
        self.vendor = vendor
        self.needed = needed
        self.regions = [region for region in allowed if region in vendor.regions]
        self.is_narrowed = len(self.regions) < len(allowed)
        self._areas = areas
        self._solve = solve
        self._parts: dict[tuple[str, frozenset[str]], Survey] = {}
        self._zones: dict[str, list[str]] = {}
        self._offered: dict[tuple[int, int], dict[str, Wares]] = {}
        self._appraised: dict[tuple[int, Wares], Appraisal] = {}
        self._bought: dict[tuple[int, Wares, int], Purchase] = {}
        self._bounds: dict[tuple[int, Wares, int], int] = {}
        self._exact: dict[tuple[int, Wares], int] = {}

    def of(self, app: App, names: frozenset[str], region: str) -> Survey:
        """What one region has for these components of the App alone."""
        if (region, names) not in self._parts:
            narrow = replace(
                self.vendor,
                regions={region: self.vendor.regions[region]},
                kinds=[kind for kind in self.vendor.kinds if region in kind.prices],
            )
            needed, areas = need(part(app, names)), {region: self._areas[region]}
            self._parts[region, names] = Survey(narrow, needed, areas, self._solve)
        return self._parts[region, names]

    def zone(self, region: str, rank: int) -> str:
        """Zones by how many types can be had there; "" where any will do, or none is known."""
        known = self.vendor.regions[region]
        if rank == ANYWHERE or not known:
            return ""
        if region not in self._zones:
            counts = Counter(
                zone
                for kind in self.vendor.kinds
                if region in kind.prices
                for zone in self.vendor.zones(region, kind.prices[region][2])
            )
            self._zones[region] = sorted(known, key=lambda zone: (-counts[zone], zone))
        return self._zones[region][rank]

    def has_zones(self, region: str, count: int) -> bool:
        """Whether it has so many, or may have them."""
        return len(self.vendor.regions[region] or range(count)) >= count

    def appraisal(self, region: str, lot: int, rank: int = ANYWHERE) -> Appraisal:
        """What a lot is worth in a region; regions that are alike are looked at once."""
        key = lot, self.wares(region, lot, rank)
        if key not in self._appraised:
            self._appraised[key] = appraise(self.lot(lot), key[1])
        return self._appraised[key]

    def least(self, region: str, bundle: Bundle) -> int:
        """What these lots cost there at least, each bought for in its zone."""
        return min(NEVER, sum(self.appraisal(region, lot, rank).least for lot, rank in bundle))

    def bound(self, region: str, lot: int, rank: int, rounds: int) -> int:
        """The same of one lot, where machines are counted whole; more rounds may make it higher.

        It is exact where that was found out.
        """
        wares = self.wares(region, lot, rank)
        if (lot, wares) in self._exact:
            return self._exact[lot, wares]
        key = lot, wares, rounds
        if key not in self._bounds:
            appraisal = self.appraisal(region, lot, rank)
            covered = cover(appraisal, wares, min(rounds * NODES_OF_A_ROUND, MOST_NODES))
            self._bounds[key] = max(appraisal.least, covered.least)
        return self._bounds[key]

    def purchase(self, region: str, lot: int, rank: int, rounds: int) -> Purchase:
        """Machines for a lot that has room there."""
        wares = self.wares(region, lot, rank)
        key = lot, wares, rounds
        if key not in self._bought:
            least = self.bound(region, lot, rank, rounds)
            appraisal = self.appraisal(region, lot, rank)._replace(least=least)
            self._keep(key, procure(self.lot(lot), wares, appraisal, rounds))
        return self._bought[key]

    def solve(self, region: str, lot: int, rank: int, rounds: int) -> None:
        """That what is bought with so many rounds is cheaper with the help of the solver, or what
        is known of the least higher.
        """
        bought = self.purchase(region, lot, rank, rounds)
        if self._solve and rounds and bought.micros > bought.least:
            wares = self.wares(region, lot, rank)
            appraisal = self.appraisal(region, lot, rank)._replace(least=bought.least)
            self._keep(
                (lot, wares, rounds), choose(self.lot(lot), wares, appraisal, bought, self._solve)
            )

    def _keep(self, key: tuple[int, Wares, int], bought: Purchase) -> None:
        self._bought[key] = bought
        self._bounds[key] = bought.least
        if bought.least == bought.micros:
            self._exact[key[:2]] = bought.least

    def lacks(self) -> str:
        """Why none of its regions will do; "" where no single thing is to blame."""
        needed, name = self.needed, self.vendor.name
        if not self.regions:
            asked = [*sorted(needed.areas), " or ".join(sorted(needed.residency))]
            areas = ", ".join(filter(None, asked))
            known = f"is known to be {areas}" if areas else "is known"
            if self.is_narrowed:
                return f"--region leaves no region of {name}" + (f" that {known}" if areas else "")
            return f"no region of {name} {known}"
        for piece in needed.whole:
            if lack := self._lack(piece):
                return f"{piece.names[0]} {lack}"
        if len(self.regions) < needed.regions // needed.vendors:
            has = "--region leaves" if self.is_narrowed else "it has"
            return f"x-moot.spread wants {needed.regions} regions, {has} {len(self.regions)}"
        return ""

    def _lack(self, piece: Piece) -> str:
        """What is wrong with every type, as far as it is one thing."""
        able = [kind for kind in self.vendor.kinds if abilities(kind) >= piece.traits]
        if not able:
            traits = " and ".join(sorted(_told(piece.traits))) or "a machine"
            return f"needs {traits}, which {self.vendor.name} does not have"
        wants = {"CPUs": piece.millicpu / 1000, "GiB": piece.memory_mib / GIB, "GPUs": piece.gpus}
        for unit, most in (
            ("CPUs", max(kind.cpu for kind in able)),
            ("GiB", max(kind.memory_mib for kind in able) / GIB),
            ("GPUs", max(kind.gpus for kind in able)),
        ):
            if wants[unit] > max(most, unit == "GPUs"):
                return f"needs {wants[unit]:g} {unit} on one machine, the largest has {most:g}"
        return ""

    def lot(self, index: int) -> Lot:
        """The one of that index; WHOLE is all of them together."""
        return self.needed.whole if index == WHOLE else self.needed.lots[index]

    def wares(self, region: str, lot: int, rank: int = ANYWHERE) -> Wares:
        """What is sold for it there."""
        if (lot, rank) not in self._offered:
            zones = {
                name: self.zone(name, rank)
                for name in self.regions
                if self.has_zones(name, rank + 1)
            }
            self._offered[lot, rank] = supply(self.vendor, self.lot(lot), zones)
        return self._offered[lot, rank].get(region, ())


def _told(traits: Iterable[str]) -> Iterator[str]:
    """What is asked for, in words."""
    for trait in traits:
        if trait != LASTING:
            yield "a price of spot" if trait == TAKEN_BACK else trait
