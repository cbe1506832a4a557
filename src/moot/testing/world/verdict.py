"""What the world looks like from the venues' side, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from moot.model.resource import Resource
from moot.model.value import Ref, unknowns
from moot.testing.world.kinds import is_bare
from moot.testing.world.venue import Remove, Request, Thing, Venue
from moot.testing.world.world import World

COMPARED = ("shape", "size")
STRAY = "stray"  # the uid of what carries our marks, though no journal explains it


@dataclass(frozen=True, slots=True)
class Estate:
    """All that is not ours to touch: other Apps' things, and what no journal explains."""

    things: tuple[Thing, ...]

    @classmethod
    def of_others(cls, world: World, app: str) -> Estate:
        """What does not carry the marks of this App, or carries them without a reason."""
        return cls(tuple(thing for thing in _all(world) if not _is_ours(thing, app)))

    @classmethod
    def of_all(cls, world: World) -> Estate:
        """Everything there is."""
        return cls(tuple(_all(world)))


def faults(world: World, app: str, others: Estate, *, purged: bool = False) -> list[str]:
    """In which ways a quiet world is not what was asked for; empty when all is well.

    Counted are things by the marks they carry.  What keeps data stays when nobody asks for it any
    more, unless it was `purged`.  Types without marks are not counted.
    """
    wishes = {want.address: want for want in world.wishes[app] if not is_bare(want.type)}
    ours: dict[str, list[Thing]] = {}
    for thing in _all(world):
        if _is_ours(thing, app):
            ours.setdefault(thing.tags["moot.address"], []).append(thing)
    return [
        *world.wrong,
        *_miscounted(wishes, ours, world, purged),
        *_misshapen(wishes, ours),
        *(() if purged else _data_lost(world)),
        *_touched(world, app, others),
    ]


def gaps(world: World, venue: Venue, request: Request) -> Iterator[str]:
    """Whether a request takes away the last thing at an address that serves; for `World.watch`."""
    thing = venue.things.get(request.number) if isinstance(request, Remove) else None
    if thing is None or not _serves(world, thing):
        return
    address = thing.tags.get("moot.address")
    others = (t for t in venue.things.values() if t.tags.get("moot.address") == address)
    if not any(_serves(world, other) for other in others if other is not thing):
        yield f"{address} was deleted before another one served"


def _serves(world: World, thing: Thing) -> bool:
    whole = "size" in thing.properties
    return whole and thing.born + thing.properties.get("starts_s", 0.0) <= world.now


def _miscounted(
    wishes: Mapping[str, Resource], ours: Mapping[str, list[Thing]], world: World, purged: bool
) -> Iterator[str]:
    for address in wishes.keys() - ours.keys():
        yield f"{address} is not there"
    for address, things in ours.items():
        if len(things) > 1:
            yield f"{address} is there {len(things)} times: {', '.join(t.id for t in things)}"
        keeps = all(world.types[thing.type].keeps_data for thing in things)
        if address not in wishes and (purged or not keeps):
            yield f"{address} is an orphan: {', '.join(t.id for t in things)}"


def _misshapen(wishes: Mapping[str, Resource], ours: Mapping[str, list[Thing]]) -> Iterator[str]:
    alive = {thing.id for things in ours.values() for thing in things}
    for address, want in wishes.items():
        for thing in ours.get(address, ()):
            for name in COMPARED:
                if thing.properties.get(name) != want.properties.get(name):
                    yield f"{name} of {address} is {thing.properties.get(name)}"
            used = thing.properties.get("uses", ())
            if not {*used} <= alive or len(used) != sum(1 for _ in _refs(want)):
                yield f"{address} uses {', '.join(used) or 'nothing'}"


def _touched(world: World, app: str, others: Estate) -> Iterator[str]:
    """What others had and have no more, or have otherwise."""
    standing = list(_all(world))
    for thing in others.things:
        if not any(thing is other for other in standing):
            yield f"{thing.id} is not ours and was touched"
    for venue in world.venues.values():
        yield from (f"{t.id} was not ours" for t in venue.removed if not _is_ours(t, app))


def _data_lost(world: World) -> Iterator[str]:
    """What keeps data and was removed, though it was no younger double of a thing that stood then.

    An accident may have taken that since.
    """
    for venue in world.venues.values():
        removed = {thing.number for thing in venue.removed}
        standing = list(venue.things.values())
        for _, thing in reversed(venue.gone):
            keeps_data = world.types[thing.type].keeps_data and thing.number in removed
            if keeps_data and not _is_double(thing, standing):
                yield f"{thing.id} kept data and was deleted: {thing.tags.get('moot.address')}"
            standing.append(thing)


def _is_double(thing: Thing, standing: Iterable[Thing]) -> bool:
    marks = ("moot.uid", "moot.incarnation")
    return any(
        other.number < thing.number and all(other.tags[m] == thing.tags[m] for m in marks)
        for other in standing
        if other.tags
    )


def _is_ours(thing: Thing, app: str) -> bool:
    return thing.tags.get("moot.app") == app and thing.tags["moot.uid"] != STRAY


def _refs(want: Resource) -> Iterator[Ref]:
    return (u for u in unknowns(want.properties.get("uses", ())) if isinstance(u, Ref))


def _all(world: World) -> Iterator[Thing]:
    for venue in world.venues.values():
        yield from venue.things.values()
