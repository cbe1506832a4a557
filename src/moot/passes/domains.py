"""Venues x Offerings -> the failure domains there are, each with the names it can be called by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from moot.model.availability import CONTROL_PLANE
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.rehearsal import Key, Kind, Loss
from moot.model.venue import Offering, Venue

MOST_NAMED = 12  # in one message
WIDEST_FIRST: Sequence[Kind] = ("pool", "venue", "region", "zone", "host", CONTROL_PLANE)

Place = tuple[Kind, tuple[str, ...]]  # the names of what is around it, then its own


def domains(venues: Iterable[Venue], offerings: Iterable[Offering]) -> Domains:
    """All domains of these venues and offerings, the wider ones first.

    Regions and zones are those of one venue or pool, as in an outlook: two venues may each have a
    zone `a`.  Venues on one machine are lost with it.  A control plane is one where any venue of
    its region states it.
    """
    whole: dict[Place, set[str]] = {}
    steered: set[str] = set()
    for venue in venues:
        if venue.sla and venue.sla.control_plane is not None:
            steered.add(venue.name)
        for place in _of_venue(venue):
            whole.setdefault(place, set()).add(venue.name)
    known: dict[Key, Offering] = {}
    for offering in offerings:
        known.setdefault((offering.venue, offering.name), offering)
    rooms: dict[Place, set[Key]] = {place: set() for place in whole}
    on: dict[str, dict[str, None]] = {}
    for offering in known.values():
        on.setdefault(offering.machine, {})[offering.venue] = None
    for key, offering in known.items():
        for place in _of_offering(offering, on.get(offering.machine, {})):
            rooms.setdefault(place, set()).add(key)
    planes = {_plane(offering) for offering in known.values() if offering.venue in steered}
    for key, offering in known.items() if planes else ():
        if (place := _plane(offering)) in planes:
            rooms.setdefault(place, set()).add(key)
    reached = {offering.venue: offering.reach for offering in known.values()}
    names = {place: _names(place, reached.get(place[1][0], "")) for place in rooms}
    return Domains.of(names, rooms, whole, known)


@dataclass(frozen=True, slots=True)
class Domains:
    """Every domain, and which of them a name may mean."""

    all: tuple[Loss, ...]
    by_name: Mapping[str, Sequence[Loss]]

    @classmethod
    def of(
        cls,
        names: Mapping[Place, Sequence[str]],
        rooms: Mapping[Place, set[Key]],
        whole: Mapping[Place, set[str]],
        known: Iterable[Key],
    ) -> Domains:
        """Each with all it takes along, labelled with the first of its names that no other has."""
        of_venue: dict[str, set[Key]] = {}
        for key in known:
            of_venue.setdefault(key[0], set()).add(key)
        bearers = Counter(name for called in names.values() for name in called)
        by_name: dict[str, list[Loss]] = {}
        losses: list[Loss] = []
        for place in sorted(rooms, key=lambda place: (WIDEST_FIRST.index(place[0]), place[1])):
            venues = whole.get(place, set())
            held = rooms[place] if place[0] == CONTROL_PLANE else set[Key]()
            lost = (rooms[place] - held).union(*(of_venue.get(venue, set()) for venue in venues))
            emptied = {venue for venue, _ in lost if of_venue[venue] <= lost}
            loss = Loss(
                kind=place[0],
                label=next((n for n in names[place] if bearers[n] == 1), names[place][-1]),
                offerings=frozenset(lost),
                venues=frozenset(venues | emptied),
                frozen=frozenset(held),
            )
            losses.append(loss)
            for name in names[place]:
                by_name.setdefault(name, []).append(loss)
        return cls(tuple(losses), by_name)

    def meant(self, names: Iterable[str]) -> tuple[Loss, ...]:
        """The domains a user means; BadInput with every name that means none, or several."""
        problems: list[Diagnostic] = []
        chosen: list[Loss] = []
        for name in names:
            found = self.by_name.get(name, ())
            if not found:
                problems.append(_unknown(name, self.all))
            elif len({(loss.offerings, loss.venues, loss.frozen) for loss in found}) > 1:
                problems.append(_ambiguous(name, found))
            else:
                chosen.append(found[0])
        if problems:
            raise BadInput(*problems)
        return tuple(dict.fromkeys(chosen))

    @property
    def control_planes(self) -> tuple[Loss, ...]:
        """Those by which something is started."""
        return tuple(loss for loss in self.all if loss.frozen)

    def used(self, keys: Collection[Key]) -> Iterator[Loss]:
        """Those that hold any of these offerings; of several that hold the same the widest."""
        seen: set[frozenset[Key]] = set()
        for loss in self.all:
            if loss.offerings not in seen and not loss.offerings.isdisjoint(keys):
                seen.add(loss.offerings)
                yield loss


def _of_venue(venue: Venue) -> Iterator[Place]:
    """What it is by itself, also while it does not answer."""
    if venue.pool:
        yield "pool", (venue.pool,)
        yield "host", (venue.name,)
    else:
        yield "venue", (venue.name,)


def _of_offering(offering: Offering, beside: Iterable[str]) -> Iterator[Place]:
    """What is around it; `beside` are the venues on its machine."""
    if offering.region:
        yield "region", (offering.site, offering.region)
    if offering.zone:
        yield "zone", (offering.site, offering.region, offering.zone)
    for venue in beside if offering.machine else ():
        yield "host", (venue,)


def _plane(offering: Offering) -> Place:
    """The control plane of its region, or of a venue that tells of none."""
    return CONTROL_PLANE, (offering.site, offering.region)


def _names(place: Place, reach: str) -> list[str]:
    """What it can be called, the best first: `lab:h1`, `h1`; `zone:b`, `zone:lab/b`, `b`."""
    kind, path = place
    full = "/".join(part for part in path if part)
    if kind == CONTROL_PLANE:
        return [f"{kind}:{name}" for name in dict.fromkeys((full, path[1])) if name]
    if kind in {"region", "zone"}:
        plain = [path[-1], f"{path[0]}/{path[-1]}", full]
        return list(dict.fromkeys([*(f"{kind}:{name}" for name in plain), *plain]))
    plain = [full]
    if kind == "host":
        short = [name for name in (full.partition(":")[2], reach) if name]
        # A venue by itself is meant by its name, and its machine only where that is said.
        plain = [full, *short] if ":" in full else []
        return list(dict.fromkeys([*plain, *(f"host:{name}" for name in (full, *short))]))
    return [full, f"{kind}:{full}"]


def _unknown(name: str, all: Sequence[Loss]) -> Diagnostic:
    kind = name.partition(":")[0]
    labels = sorted((loss.label for loss in all), key=lambda each: not each.startswith(f"{kind}:"))
    forms = ["a venue", "a pool", "a machine", "region:NAME", "zone:NAME"]
    forms += [f"{CONTROL_PLANE}:NAME"] if any(loss.frozen for loss in all) else []
    return Diagnostic(
        summary=f"there is no failure domain {name!r}",
        detail=f"there are {_listed(labels)}" if labels else "there are none: no venue answers",
        remedy=f"name {', '.join(forms[:-1])} or {forms[-1]} of these",
    )


def _ambiguous(name: str, found: Sequence[Loss]) -> Diagnostic:
    return Diagnostic(
        summary=f"{name!r} may be several failure domains",
        detail=f"there are {_listed([loss.label for loss in found])}",
        remedy=f"name one of them, for example --lose {found[0].label}",
    )


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    return ", ".join(labels[:MOST_NAMED]) + more
