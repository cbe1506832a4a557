"""A Component x where others are -> what keeps it near some of them, and apart from others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from moot.model.app import App, Component
from moot.model.placement import Rejection
from moot.model.venue import Offering
from moot.passes.apart import Atlas, Path
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Room, Shelf, demand

Stands = Mapping[str, Sequence[int]]  # by component the numbers of the offerings that it is on


@dataclass(frozen=True, slots=True)
class Ties:
    """Where the components are that one is to be near, or apart from: by name their regions, and
    by machine who is there.
    """

    regions: Mapping[str, Collection[Path]]
    machines: Mapping[Path, str]
    atlas: Atlas

    @classmethod
    def of(
        cls, app: App, component: str, atlas: Atlas, on: Mapping[str, Collection[Offering]]
    ) -> Ties:
        """It does not matter which of two asks for it.  What has no place yet binds nobody."""
        near = (name for name in _tied(app, component, "near") if on.get(name))
        apart = (name for name in _tied(app, component, "apart") if on.get(name))
        return cls(
            {name: {atlas.domain(offering, "region") for offering in on[name]} for name in near},
            {atlas.domain(offering, "host"): name for name in apart for offering in on[name]},
            atlas,
        )

    def against(self, offering: Offering) -> str:
        """Why the component cannot be there; "" where it may."""
        region, machine = (self.atlas.domain(offering, level) for level in ("region", "host"))
        far = next((name for name, there in self.regions.items() if region not in there), None)
        if far is not None:
            where = ", ".join(sorted(" ".join(filter(None, r[1:])) for r in self.regions[far]))
            return f"{far!r} is in {where}, and the two are to be near each other"
        if machine in self.machines:
            return f"has {self.machines[machine]!r}, and the two are to be apart"
        return ""


def relate(
    basis: Basis, component: Component, shelf: Shelf, stands: Stands
) -> tuple[Shelf, list[Rejection]]:
    """What of the shelf its ties allow, and why not the rest."""
    tied = {*_tied(basis.app, component.name, "near"), *_tied(basis.app, component.name, "apart")}
    if not tied & stands.keys():
        return shelf, []
    offerings = basis.stock.offerings
    on = {name: [offerings[n] for n in stands[name]] for name in tied & stands.keys()}
    ties = Ties.of(basis.app, component.name, basis.stock.atlas, on)
    reasons = {n: why for n in shelf.numbers if (why := ties.against(offerings[n]))}
    return shelf.only(lambda number: number not in reasons), [
        Rejection(component.name, offerings[number].venue, offerings[number].name, reason)
        for number, reason in reasons.items()
    ]


def strays(basis: Basis, component: Component, on: Iterable[int], stands: Stands) -> str:
    """Who is to be near the component, and has replicas in regions where none of it would be, if
    it were on these; "" where nobody.
    """
    regions = basis.stock.domains("region")
    close = [c.name for c in basis.app.components if component.name in c.near and c.name in stands]
    there = {regions[number] for number in on} if close else set[int]()
    alone = (name for name in close if {regions[n] for n in stands[name]} - there)
    return next(alone, "")


def roomy(basis: Basis, component: Component, shelf: Shelf, room: Room, stands: Stands) -> Shelf:
    """What of the shelf is in a region with as much room, all in all, as it and those need that
    are to be near and have no place yet.
    """
    names = {*_tied(basis.app, component.name, "near")} - stands.keys()
    if not names:
        return shelf
    group = [c for c in basis.app.components if c.name in {*names, component.name}]
    needed = [sum(part) for part in zip(*(_total(each) for each in group), strict=True)]
    regions = basis.stock.domains("region")
    left: dict[int, list[int]] = {}
    for number, region in enumerate(regions):
        sums = left.setdefault(region, [0, 0, 0])
        for index, rest in enumerate(room.left):
            sums[index] += rest[number]
    large = {r for r, sums in left.items() if all(map(int.__ge__, sums, needed))}
    return shelf.only(lambda number: regions[number] in large)


def _tied(app: App, component: str, how: Literal["near", "apart"]) -> list[str]:
    """The others that it, or that itself, names so."""
    named: Mapping[str, Collection[str]] = {c.name: getattr(c, how) for c in app.components}
    mine = named[component]
    return [name for name, theirs in named.items() if name in mine or component in theirs]


def _total(component: Component) -> list[int]:
    return [part * component.replicas for part in demand(component.needs)]
