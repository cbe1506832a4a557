"""Where everything would run and how it would be reached: a turn before it looks at what exists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from moot.engine.ground import Silent, explored
from moot.engine.reasoned import reasoned
from moot.engine.turn import World
from moot.model.app import App, Component
from moot.model.availability import Level
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import SHARED, Placement, Share, component_of
from moot.model.rehearsal import Ground
from moot.model.resource import ConfigurationItem, Resource
from moot.model.venue import Offering
from moot.passes.afford import afford
from moot.passes.apart import PLURALS, apart, wanted
from moot.passes.connect import Connected, connect
from moot.passes.lower import lower
from moot.passes.strive import strive
from moot.passes.thin import thin


@dataclass(frozen=True, slots=True)
class Sketch:
    """An App placed and connected, as it is wanted now, on the ground that was found."""

    app: App
    world: World
    placement: Placement
    connected: Connected
    ground: Ground

    @classmethod
    def of(
        cls,
        app: App,
        world: World,
        own: Iterable[ConfigurationItem],
        silent: Silent | None = None,
    ) -> Sketch:
        """`own` is what belongs to the App as a whole, its volumes among it.

        Those found `silent` in this turn are not waited for as long once more.  Who was passed over
        is waited for after all where the App lacks anything without them.
        """
        ground = explored(app, world, own, silent)
        placement = _without_those_passed_over(ground, world)
        if placement is None:
            if ground.passed_over:
                ground = explored(app, world, own, silent, patient=True)
            with reasoned(ground, world):
                placement = _placed(ground, world)
        connected = connect(app, placement, ground.ports, ground.taken)
        return cls(app, world, placement, connected, ground)

    @property
    def absent(self) -> Mapping[str, str]:
        """The venues that do not answer, with the reasons."""
        return self.ground.absent

    def outline(self) -> tuple[Resource, ...]:
        """What a few replicas of every component are made of."""
        return self._lowered(thin(self.connected.shares))

    def desired(self, within: Collection[str] | None) -> tuple[Resource, ...]:
        """What these components are made of, and what is the App's own; None: everything."""
        if within is None:
            return self._lowered(self.connected.shares)
        lowered = self._lowered(thin(self.connected.shares, within))
        names = {SHARED, *within}
        return tuple(r for r in lowered if component_of(r.address) in names)

    def warnings(self) -> Iterator[Diagnostic]:
        """Where components can reach others that they should not, or are spread too little."""
        segments = {a.network for c in self.app.components for a in c.networks}
        for share in self.connected.shares:
            if len(segments) > 1 and not all(run.offering.segmented for run in share.runs):
                yield Diagnostic(
                    severity="warning",
                    summary=f"networks are not enforced on {share.venue}",
                    detail=f"components of {', '.join(sorted(segments))} can reach one another "
                    "there",
                    remedy="set `x-moot: {segmentation: required}` to refuse such venues",
                )
        yield from self._crowded()

    def _crowded(self) -> Iterator[Diagnostic]:
        """`place` spreads less than is wanted only where venues are silent."""
        for component, level, had, asked in _unspread(self.app, self.placement):
            yield Diagnostic(
                severity="warning",
                summary=f"{component.name} is not spread as x-moot.spread wants: "
                f"{had} of {asked} {PLURALS[level]}",
                detail=f"{', '.join(sorted(self.absent))} did not answer",
                remedy=f"`moot up` spreads it once there are as many {PLURALS[level]} again",
                place=component.place,
            )

    def _lowered(self, shares: Iterable[Share]) -> tuple[Resource, ...]:
        venues = self.world.venues
        shares = tuple(shares)
        backends = {share.venue: venues.provider(share.venue).lower for share in shares}
        return lower(self.app, shares, backends)


def _without_those_passed_over(ground: Ground, world: World) -> Placement | None:
    """The placement, None where there are such venues and the App could do with them."""
    if not ground.passed_over:
        return None
    try:
        placement = _placed(ground, world)
    except Refused:
        return None
    missed = _doubled(placement) or any(_unspread(ground.app, placement))
    return None if missed else placement


def _doubled(placement: Placement) -> bool:
    """Whether a machine of a pool has two replicas of a component: another would take one."""
    counted = Counter[tuple[str, str]]()
    for run in placement.runs:
        if run.offering.pool:
            counted[run.component, run.offering.venue] += run.count
    return any(count > 1 for count in counted.values())


def _placed(ground: Ground, world: World) -> Placement:
    with world.solver() as solve:
        placement = strive(ground, solve=solve)
    afford(ground.app, placement)
    return placement


def _unspread(app: App, placement: Placement) -> Iterator[tuple[Component, Level, int, int]]:
    """Components in fewer domains of a level than is wanted: in how many, and of how many."""
    places: dict[str, list[Offering]] = {}
    for run in placement.runs:
        places.setdefault(run.component, []).append(run.offering)
    atlas = apart(run.offering for run in placement.runs)
    for component in app.components:
        spread = wanted(app.policy, component)
        for level, n in atlas.lacks(places.get(component.name, ()), spread).items():
            yield component, level, spread[level] - n, spread[level]
