"""What a `latency` in venues.yaml says of a region that its venue has not, as warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from moot.engine.turn import World
from moot.engine.venues import Venues
from moot.model.diagnostic import Diagnostic
from moot.model.position import Position
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.compose.reports import did_you_mean


def strayed(ground: Ground, world: World) -> Iterator[Diagnostic]:
    """Of the venues that an App may use, where it asks for a distance."""
    if any(component.latency for component in ground.app.components):
        names = dict.fromkeys(offering.venue for offering in ground.offerings)
        yield from astray(names, world.venues, ground.offerings)


def astray(
    names: Iterable[str], venues: Venues, offerings: Iterable[Offering]
) -> Iterator[Diagnostic]:
    """Of these venues, once where machines share it.

    Regions are those of what is offered: of an entry that was not asked, or answered in part, none
    is called wrong.
    """
    answered: dict[str, set[str]] = {}
    for offering in offerings:
        answered.setdefault(offering.venue, set()).add(offering.region)
    entries = {name: (name,) for name in venues.configured} | venues.pools()
    ways = dict.fromkeys(
        (venue.path("latency", way), venue.whose("latency"))
        for venue in map(venues.known, names)
        for way, _ in venue.latency
    )
    for path, name in ways:
        entry, slash, region = str(path[-1]).partition("/")
        if not slash or entry not in entries or not answered.keys() >= set(entries[entry]):
            continue
        regions = set[str]().union(*(answered[member] for member in entries[entry]))
        if region not in regions:
            yield _no_region(name, entry, region, sorted(regions - {""}), venues.written(*path))


def _no_region(
    name: str, entry: str, region: str, known: list[str], place: Position | None
) -> Diagnostic:
    regions = f"its regions are {', '.join(known)}" if known else "it has no regions"
    return Diagnostic(
        severity="warning",
        summary=f"the latency of venue {name!r} names a region that {entry} has not",
        detail=f"{region!r} is none: {regions}; what is said of it counts for nothing",
        remedy=did_you_mean(region, known, f"write `{entry}: ... ms`, or one of its regions"),
        place=place,
    )
