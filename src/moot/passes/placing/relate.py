"""A Component x where others are -> what keeps it near some of them, and apart from others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from moot.model.app import App, Component
from moot.model.placement import Rejection
from moot.model.venue import Offering
from moot.passes.apart import Atlas, Path
from moot.passes.placing.bonds import Within, bonds
from moot.passes.placing.fill import NOWHERE, Stand
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Room, Shelf, Stock, demand

_ITSELF: Mapping[int, Collection[int]] = {}


@dataclass(frozen=True, slots=True)
class Tie:
    """That two are to be near one another: the other one is in these regions."""

    other: str
    within: Within
    regions: Collection[Path]
    atlas: Atlas

    def reaches(self, region: Path) -> bool:
        """Whether what is there is near a replica of the other one."""
        return any(near(self.atlas, region, there, self.within) for there in self.regions)

    def against(self, region: Path, offering: Offering) -> str:
        """Why what is to be near the other one cannot be there; "" where it may."""
        if self.reaches(region):
            return ""
        if self.within is None:
            return f"{self.other!r}, which it is to be near, is in {_named(self.regions)}"
        known = [self.atlas.distance_ms(region, there) for there in self.regions]
        wanted = f"within {self.within:f} ms of {self.other!r}"
        if None not in known:
            return f"is {min(filter(None, known)):f} ms away, and it is to be {wanted}"
        far = min(r for r, ms in zip(self.regions, known, strict=True) if ms is None)
        return f"it is to be {wanted}, and {_unsaid(far, offering.site)}"


def near(atlas: Atlas, region: Path, other: Path, within: Within) -> bool:
    """Whether two regions are; what nobody knows is not."""
    if within is None:
        return region == other
    distance_ms = atlas.distance_ms(region, other)
    return distance_ms is not None and distance_ms <= within


@dataclass(frozen=True, slots=True)
class Ties:
    """What the places of others ask of a component.

    `leaders` are those it is to be near, `followers` those that are to be near it, `machines` where
    somebody is from whom it is to be apart.  What has no place yet binds nobody.
    """

    leaders: Sequence[Tie]
    followers: Sequence[Tie]
    machines: Mapping[Path, str]
    atlas: Atlas

    @classmethod
    def of(
        cls, app: App, component: str, atlas: Atlas, on: Mapping[str, Collection[Offering]]
    ) -> Ties:
        """`on` is what each component is on; that two are apart either of them may ask for."""
        mine = next(each for each in app.components if each.name == component)
        leaders = list(bonds(mine))
        followers = [(c.name, ms) for c in app.components for n, ms in bonds(c) if n == component]
        apart = {each.name for each in app.components if component in each.apart} | {*mine.apart}

        def ties(others: Iterable[tuple[str, Within]]) -> Iterator[Tie]:
            for name, within in others:
                if there := on.get(name):
                    regions = {atlas.domain(offering, "region") for offering in there}
                    yield Tie(name, within, regions, atlas)

        return cls(
            tuple(ties(leaders)),
            tuple(ties(followers)),
            {atlas.domain(o, "host"): n for n in sorted(apart) for o in on.get(n, ())},
            atlas,
        )

    def against(self, offering: Offering) -> str:
        """Why the component cannot be there; "" where it may."""
        region, machine = (self.atlas.domain(offering, level) for level in ("region", "host"))
        for tie in self.leaders:
            if why := tie.against(region, offering):
                return why
        if machine in self.machines:
            return f"has {self.machines[machine]!r}, and the two are to be apart"
        return ""

    def leaves(self, on: Iterable[Offering]) -> str:
        """Why it cannot be on these alone: somebody is to be near it; "" where it may."""
        there = {self.atlas.domain(o, "region") for o in on} if self.followers else set[Path]()
        for tie in self.followers:
            alone = [
                region
                for region in tie.regions
                if not any(near(self.atlas, region, mine, tie.within) for mine in there)
            ]
            if alone:
                told = f"it would leave {tie.other!r}, which is to be "
                if tie.within is None:
                    return f"{told}near it, in {_named(alone)}"
                pairs = ((far, here) for far in sorted(alone) for here in sorted(there))
                unknown = (p for p in pairs if self.atlas.distance_ms(*p) is None)
                told += f"within {tie.within:f} ms of it, in {_named(alone)}"
                return next((f"{told}; {_unsaid(far, p[1])}" for far, p in unknown), told)
        return ""

    def joins(self, offering: Offering) -> bool:
        """Whether it is near a replica of each that is to be near the component."""
        region = self.atlas.domain(offering, "region")
        return all(tie.reaches(region) for tie in self.followers)


def relate(
    basis: Basis, component: Component, shelf: Shelf, ties: Ties
) -> tuple[Shelf, list[Rejection]]:
    """What of the shelf its ties allow, and why not the rest."""
    if not ties.leaders and not ties.machines:
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
    """What of the shelf has as much room around, all in all, as it and those need that are `coming`
    near it, or on its machine where they share a volume; where they run there is room.
    """
    tied = {component.name, *basis.minded.get(component.name, ())}
    sharing = {name for name, _ in basis.sharers.get(component.name, ())}
    if len(tied) == 1 and not sharing:
        return shelf
    stock, components = basis.stock, basis.app.components
    close: dict[Within, set[str]] = {}
    for each in (c for c in components if c.name in tied):
        for name, within in bonds(each):
            if component.name in (name, each.name):
                close.setdefault(within, set()).update((name, each.name))
    wanted = [(names, stock.domains("region"), _reach(stock, w)) for w, names in close.items()]
    for names, places, reach in (*wanted, (sharing, stock.venues, _ITSELF)):
        group = [c for c in components if c.name in names & {*coming} - {component.name}]
        if group:
            large = _large(basis, [component, *group], _Around(places, reach), room, held)
            shelf = shelf.only(lambda number, large=large, at=places: at[number] in large)
    return shelf


class _Around(NamedTuple):
    """The place of each offering, and by place those that count as one with it, if not it alone."""

    places: Sequence[int]
    reach: Mapping[int, Collection[int]]


def _reach(stock: Stock, within: Within) -> Mapping[int, Collection[int]]:
    """By region those that are near it."""
    if within is None:
        return _ITSELF
    atlas, numbers = stock.atlas, stock.domains("region")
    of = {n: atlas.domain(o, "region") for n, o in zip(numbers, stock.offerings, strict=True)}
    return {
        number: [n for n, other in of.items() if near(atlas, region, other, within)]
        for number, region in of.items()
    }


def _large(
    basis: Basis,
    group: Sequence[Component],
    around: _Around,
    room: Room,
    held: Mapping[str, Sequence[Stand]],
) -> set[int]:
    """The places with room for all of these, and those of the first where all run already."""
    needed = [sum(part) for part in zip(*(_total(each) for each in group), strict=True)]
    places, reach = around
    left: dict[int, list[int]] = {}
    for number, place in enumerate(places):
        sums = left.setdefault(place, [0, 0, 0])
        for index, rest in enumerate(room.left):
            sums[index] += rest[number]
    for each in group:
        for _, count, number in held.get(each.name, ()):
            for index, part in enumerate(demand(each.needs)):
                left[places[number]][index] += part * count
    large = {
        place
        for place in left
        if all(
            sum(left[n][index] for n in reach.get(place, (place,))) >= need
            for index, need in enumerate(needed)
        )
    }
    if basis.stock.quotas:
        asks = [(demand(c.needs, c.name), c.replicas, held.get(c.name, ())) for c in group]
        on: dict[int, list[int]] = {}
        for number, place in enumerate(places):
            on.setdefault(place, []).append(number)
        there = {place: [n for p in reach.get(place, (place,)) for n in on[p]] for place in large}
        large = {place for place in large if room.enough(asks, there[place])}
    stood = basis.stood
    if all(sum(n for _, n, at in stood[c.name] if at != NOWHERE) >= c.replicas for c in group):
        large |= {places[at] for _, _, at in stood[group[0].name] if at != NOWHERE}
    return large


def _total(component: Component) -> list[int]:
    return [part * component.replicas for part in demand(component.needs)]


def _unsaid(far: Path, site: str) -> str:
    way = f"`latency: {{{'/'.join(filter(None, far[1:]))}: ... ms}}`"
    return f"nothing says how far {_named([far])} is: state {way} of {site} in venues.yaml"


def _named(regions: Iterable[Path]) -> str:
    """As people know them: `lab fsn1`."""
    return ", ".join(sorted(" ".join(filter(None, region[1:])) for region in regions))
