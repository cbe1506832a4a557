"""Where everything would run and how it would be reached: a turn before it looks at what exists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from moot.engine.offered import offered
from moot.engine.turn import World
from moot.model.app import App
from moot.model.codec import placement_from_json
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import SHARED, Placement, Share, component_of, machine_of
from moot.model.resource import ConfigurationItem, Resource
from moot.model.venue import Offering
from moot.passes.connect import Connected, connect
from moot.passes.lower import lower
from moot.passes.place import place
from moot.passes.thin import thin


@dataclass(frozen=True, slots=True)
class Sketch:
    """An App placed and connected, as it is wanted now.

    `absent` venues do not answer, for the reasons given.
    """

    app: App
    world: World
    placement: Placement
    connected: Connected
    absent: Mapping[str, str]

    @classmethod
    def of(cls, app: App, world: World, own: Iterable[ConfigurationItem]) -> Sketch:
        """`own` is what belongs to the App as a whole, its volumes among it."""
        offerings, absent = offered(_allowed(app, world), world.venues, world.slots)
        _refuse_twins(offerings)
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
        taken = {
            (machine_of(purpose), port): owner for owner, purpose, port in held if owner != app.name
        }
        return cls(app, world, placement, connect(app, placement, mine, taken), absent)

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
        places: dict[str, set[str]] = {}
        for run in self.placement.runs:
            places.setdefault(run.component, set()).add(run.offering.where)
        spread = self.app.policy.spread.get("host", 1)
        for component in self.app.components:
            wanted, had = min(spread, component.replicas), len(places.get(component.name, ()))
            if had < wanted:
                yield Diagnostic(
                    severity="warning",
                    summary=f"{component.name} is not spread as x-moot.spread wants: "
                    f"{had} of {wanted} machines",
                    detail=f"of its pool, {', '.join(sorted(self.absent))} did not answer",
                    remedy="`moot up` spreads it once there are as many machines again",
                    place=component.place,
                )

    def _lowered(self, shares: Iterable[Share]) -> tuple[Resource, ...]:
        venues = self.world.venues
        shares = tuple(shares)
        backends = {share.venue: venues.provider(share.venue).lower for share in shares}
        return lower(self.app, shares, backends)


def _allowed(app: App, world: World) -> list[str]:
    """The venues of this run that the App allows; BadInput where it names one that is not there."""
    for native in app.resources:
        world.venues.known(native.venue)
    named = world.venues.meant(app.policy.venues)
    return [v for v in world.allowed if not named or v in named]


def _refuse_twins(offerings: Iterable[Offering]) -> None:
    """Two machines of a pool that are one, or say they are, would be sent to at one address."""
    known: dict[tuple[str, str], str] = {}
    for offering in offerings:
        if offering.pool and offering.machine:
            first = known.setdefault((offering.pool, offering.machine), offering.venue)
            if first != offering.venue:
                raise Refused(_twins(first, offering))


def _twins(first: str, offering: Offering) -> Diagnostic:
    return Diagnostic(
        summary="two machines of a pool are one",
        detail=f"{first} and {offering.venue} both are {offering.machine}",
        remedy="keep one of them in `hosts`; if they are two, copied one from the other, give one "
        "an identity of its own: `rm /etc/machine-id; systemd-machine-id-setup`",
    )


def _homes(items: Iterable[ConfigurationItem]) -> dict[str, str]:
    """In which venue each of the App's volumes is."""
    return {
        str(item.address).rpartition("/volume/")[2]: item.venue
        for item in items
        if item.keeps_data and "/volume/" in str(item.address)
    }
