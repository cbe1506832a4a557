"""A Component x where others are -> what keeps it near some of them, and apart from others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from moot.model.app import App, Component
from moot.model.placement import Rejection
from moot.model.venue import Offering
from moot.passes.apart import Atlas, Path
from moot.passes.placing.fill import NOWHERE, Stand
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Room, Shelf, demand

Regions = Mapping[str, Collection[Path]]  # of components, by name


@dataclass(frozen=True, slots=True)
class Ties:
    """What the places of others ask of a component.

    `near` has the regions of those it is to be near, `followers` of those that are to be near it,
    `machines` who is there from whom it is to be apart.  What has no place yet binds nobody.
    """

    near: Regions
    followers: Regions
    machines: Mapping[Path, str]
    atlas: Atlas

    @classmethod
    def of(
        cls, app: App, component: str, atlas: Atlas, on: Mapping[str, Collection[Offering]]
    ) -> Ties:
        """`on` is what each component is on; that two are apart either of them may ask for."""
        mine = next(each for each in app.components if each.name == component)
        followers = [each.name for each in app.components if component in each.near]
        apart = {each.name for each in app.components if component in each.apart}

        def regions(names: Iterable[str]) -> Regions:
            return {n: {atlas.domain(o, "region") for o in on[n]} for n in names if on.get(n)}

        return cls(
            regions(mine.near),
            regions(followers),
            {atlas.domain(o, "host"): n for n in apart | {*mine.apart} for o in on.get(n, ())},
            atlas,
        )

    def against(self, offering: Offering) -> str:
        """Why the component cannot be there; "" where it may."""
        region, machine = (self.atlas.domain(offering, level) for level in ("region", "host"))
        far = next((name for name, there in self.near.items() if region not in there), None)
        if far is not None:
            return f"{far!r}, which it is to be near, is in {_named(self.near[far])}"
        if machine in self.machines:
            return f"has {self.machines[machine]!r}, and the two are to be apart"
        return ""

    def leaves(self, on: Iterable[Offering]) -> str:
        """Why it cannot be on these alone: somebody is to be near it; "" where it may."""
        there = {self.atlas.domain(o, "region") for o in on} if self.followers else set[Path]()
        for name, regions in self.followers.items():
            if alone := {*regions} - there:
                return f"it would leave {name!r}, which is to be near it, in {_named(alone)}"
        return ""

    def joins(self, offering: Offering) -> bool:
        """Whether it is in a region of each that is to be near the component."""
        region = self.atlas.domain(offering, "region")
        return all(region in regions for regions in self.followers.values())


def relate(
    basis: Basis, component: Component, shelf: Shelf, ties: Ties
) -> tuple[Shelf, list[Rejection]]:
    """What of the shelf its ties allow, and why not the rest."""
    if not ties.near and not ties.machines:
        return shelf, []
    offerings = basis.stock.offerings
    reasons = {n: why for n in shelf.numbers if (why := ties.against(offerings[n]))}
    return shelf.only(lambda number: number not in reasons), [
        Rejection(component.name, offerings[number].venue, offerings[number].name, reason)
        for number, reason in reasons.items()
    ]


def roomy(
    basis: Basis,
    component: Component,
    shelf: Shelf,
    room: Room,
    held: Mapping[str, Sequence[Stand]],
    coming: Collection[str],
) -> Shelf:
    """What of the shelf is in a region, or on a machine where they share a volume, with as much
    room, all in all, as it and those need that are `coming` there; what they run in has room.
    """
    stock, app = basis.stock, basis.app
    near = {c.name for c in app.components if c.name in component.near or component.name in c.near}
    sharing = {name for name, _ in basis.sharers.get(component.name, ())}
    kept = shelf
    for names, level in ((near, "region"), (sharing, "host")):
        group = [c for c in app.components if c.name in names and c.name in coming]
        if not group:
            continue
        places = stock.domains("region") if level == "region" else stock.venues
        large = _large(basis, [component, *group], places, room, held)
        kept = kept.only(lambda number, large=large, places=places: places[number] in large)
    return kept


def _large(
    basis: Basis,
    group: Sequence[Component],
    places: Sequence[int],
    room: Room,
    held: Mapping[str, Sequence[Stand]],
) -> set[int]:
    """The places with room for all of these, and those of the first where all run already."""
    needed = [sum(part) for part in zip(*(_total(each) for each in group), strict=True)]
    left: dict[int, list[int]] = {}
    for number, place in enumerate(places):
        sums = left.setdefault(place, [0, 0, 0])
        for index, rest in enumerate(room.left):
            sums[index] += rest[number]
    for each in group:
        for _, count, number in held.get(each.name, ()):
            for index, part in enumerate(demand(each.needs)):
                left[places[number]][index] += part * count
    large = {place for place, sums in left.items() if all(map(int.__ge__, sums, needed))}
    stood = basis.stood
    if all(sum(n for _, n, at in stood[c.name] if at != NOWHERE) >= c.replicas for c in group):
        large |= {places[at] for _, _, at in stood[group[0].name] if at != NOWHERE}
    return large


def _total(component: Component) -> list[int]:
    return [part * component.replicas for part in demand(component.needs)]


def _named(regions: Iterable[Path]) -> str:
    """As people know them: `lab fsn1`."""
    return ", ".join(sorted(" ".join(filter(None, region[1:])) for region in regions))
