"""Where everything would run and how it would be reached: a turn before it looks at what exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from moot.engine.turn import World
from moot.model.app import App
from moot.model.codec import placement_from_json
from moot.model.diagnostic import Diagnostic
from moot.model.placement import SHARED, Placement, Share, component_of
from moot.model.resource import ConfigurationItem, Resource
from moot.passes.connect import Connected, connect
from moot.passes.lower import lower
from moot.passes.place import place
from moot.passes.thin import thin


@dataclass(frozen=True, slots=True)
class Sketch:
    """An App placed and connected, as it is wanted now."""

    app: App
    world: World
    placement: Placement
    connected: Connected

    @classmethod
    def of(cls, app: App, world: World, own: Iterable[ConfigurationItem]) -> Sketch:
        """`own` is what belongs to the App as a whole, its volumes among it."""
        offerings, absent = world.venues.offerings(_allowed(app, world))
        prior = world.store.placement(app.name)
        placement = place(
            app,
            offerings,
            prior=placement_from_json(prior) if prior else None,
            homes=_homes(own),
            absent=absent,
        )
        held = world.store.ports()
        mine = {purpose: port for owner, purpose, port in held if owner == app.name}
        taken = {port: owner for owner, _, port in held if owner != app.name}
        return cls(app, world, placement, connect(app, placement, mine, taken))

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
        """Where components can reach others that they should not."""
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

    def _lowered(self, shares: Iterable[Share]) -> tuple[Resource, ...]:
        venues = self.world.venues
        shares = tuple(shares)
        backends = {share.venue: venues.provider(share.venue).lower for share in shares}
        return lower(self.app, shares, backends)


def _allowed(app: App, world: World) -> list[str]:
    """The venues of this run that the App allows; BadInput where it names one that is not there."""
    for name in app.policy.venues:
        world.venues.known(name)
    return [v for v in world.allowed if not app.policy.venues or v in app.policy.venues]


def _homes(items: Iterable[ConfigurationItem]) -> dict[str, str]:
    """In which venue each of the App's volumes is."""
    return {
        str(item.address).rpartition("/volume/")[2]: item.venue
        for item in items
        if item.keeps_data and "/volume/" in str(item.address)
    }
