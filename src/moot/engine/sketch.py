"""Where everything would run and how it would be reached: a turn before it looks at what exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from moot.engine.ground import explored
from moot.engine.reasoned import reasoned
from moot.engine.turn import World
from moot.model.app import App
from moot.model.diagnostic import Diagnostic
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
    def of(cls, app: App, world: World, own: Iterable[ConfigurationItem]) -> Sketch:
        """`own` is what belongs to the App as a whole, its volumes among it."""
        ground = explored(app, world, own)
        with reasoned(ground, world), world.solver() as solve:
            placement = strive(ground, solve=solve)
            afford(app, placement)
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
        places: dict[str, list[Offering]] = {}
        for run in self.placement.runs:
            places.setdefault(run.component, []).append(run.offering)
        atlas = apart(run.offering for run in self.placement.runs)
        for component in self.app.components:
            spread = wanted(self.app.policy, component)
            for level, n in atlas.lacks(places.get(component.name, ()), spread).items():
                had = f"{spread[level] - n} of {spread[level]} {PLURALS[level]}"
                yield Diagnostic(
                    severity="warning",
                    summary=f"{component.name} is not spread as x-moot.spread wants: {had}",
                    detail=f"{', '.join(sorted(self.absent))} did not answer",
                    remedy=f"`moot up` spreads it once there are as many {PLURALS[level]} again",
                    place=component.place,
                )

    def _lowered(self, shares: Iterable[Share]) -> tuple[Resource, ...]:
        venues = self.world.venues
        shares = tuple(shares)
        backends = {share.venue: venues.provider(share.venue).lower for share in shares}
        return lower(self.app, shares, backends)
