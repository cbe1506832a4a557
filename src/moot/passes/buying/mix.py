"""App x own machines x Vendor -> what it costs to keep a part of it and to buy for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from heapq import nsmallest
from itertools import islice

from moot.model.app import App
from moot.model.purchase import Estimate
from moot.model.rehearsal import Ground
from moot.passes.buying.apportion import Apportionment
from moot.passes.buying.estate import Estate
from moot.passes.buying.survey import MOST_NODES, NODES_OF_A_ROUND, Survey
from moot.passes.buying.trial import Trial, Way, hourly

MOST_LOOKED_AT = 3  # regions in which it is tried, those first that may be cheapest
ROUNDS_OF_A_TRY = 5
MOST_LOOKS = 40_000  # components times own machines, of all tries together
QUICK, MOST_POLISHED = 20, 6


class Mixing:
    """What is kept is placed as ever, with all it was promised; what is bought is in one region.

    Components are kept or bought for as a whole, and those together that cannot be parted.
    """

    def __init__(self, app: App, estate: Estate, there: Survey) -> None:
        self.parts = Apportionment(app, estate, there)
        self._trials: dict[str, Trial] = {}
        self._tries: Counter[str] = Counter()

    def least(self) -> Decimal:
        """A sum below which no way gets, found quickly."""
        return Decimal(self.parts.least(0)).scaleb(-6)

    def found(self, rounds: int) -> Estimate | None:
        """The cheapest that was found, with its traffic; None where nothing was.

        More rounds go on where fewer ended.
        """
        ways = self._ways(rounds)
        if not ways:
            return None
        best = min(ways, key=hourly)
        if rounds:
            ways = self._packed(ways, min(rounds, QUICK))
            for way in nsmallest(MOST_POLISHED, ways, key=_promise):
                ways.append(self._polished(way, rounds))
            best = min(ways, key=hourly)
            best = min((best, *self._moved(best)), key=hourly)
        nodes = min(rounds * NODES_OF_A_ROUND, MOST_NODES)
        return replace(best.found, least=Decimal(self.parts.least(nodes)).scaleb(-6))

    def _ways(self, rounds: int) -> list[Way]:
        regions = MOST_LOOKED_AT if rounds else 1
        looks = len(self.parts.app.components) * len(self.parts.estate.ground.offerings)
        tries = 1 + min(rounds // ROUNDS_OF_A_TRY, MOST_LOOKS // (looks or 1))
        for n, region in enumerate(islice(self.parts.lowest(0), regions)):
            more = max(0, (1 if n else tries) - self._tries[region])
            self._trial(region).go_on(more)
            self._tries[region] += more
        return [way for trial in self._trials.values() for way in trial.ways]

    def _packed(self, ways: list[Way], rounds: int) -> list[Way]:
        """Those that may become the cheapest so."""
        ways = sorted(ways, key=lambda way: way.least)
        lowest = min(map(hourly, ways))
        for n, way in enumerate(ways):
            if way.least < lowest:
                ways[n] = self._polished(way, rounds)
                lowest = min(lowest, hourly(ways[n]))
        return ways

    def _trial(self, region: str) -> Trial:
        if region not in self._trials:
            self._trials[region] = Trial(self.parts, region)
        return self._trials[region]

    def _polished(self, way: Way, rounds: int) -> Way:
        """With machines packed for so many rounds."""
        trial = self._trial(way.found.sites[0].region)
        return trial.way(way.kept, rounds, way.least) or way

    def _moved(self, way: Way) -> Iterator[Way]:
        """With what is kept where that may cost less."""
        trial = self._trial(way.found.sites[0].region)
        for kept in trial.keepers[0].cheaper(way.kept):
            yield trial.whole(way.rest, kept, way.least)


def _promise(way: Way) -> Decimal:
    """The less, the cheaper it may become."""
    return hourly(way) + way.least


def problem(ground: Ground, estate: Estate, there: Survey) -> str:
    """Why no part of it can be kept, on what of the ground is of use; "" where it may be."""
    app = ground.app
    if level := app.policy.headroom:
        return f"x-moot.headroom: {level} was not looked at for a part of it"
    if not estate.ground.offerings:
        name, currency = there.vendor.name, there.vendor.currency
        if others := {o.currency for o in ground.offerings if o.hourly}:
            return f"your venues cost {' and '.join(sorted(others))}, {name} {currency}"
        return "no price is known of your venues"
    if there.needed.regions > 1:
        return f"x-moot.spread wants {there.needed.regions} regions"
    for component in app.components:
        homes = [ground.homes.get(mount.source) for mount in component.mounts]
        if any(homes) and component.replicas and estate.micros[component.name] is None:
            home = next(filter(None, homes))
            return f"{component.name} has its data on {home}, where nothing of it can be kept"
    return ""
