"""Ground x Placement -> Headroom: what would have no room after the loss of any one domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from moot.model.app import Component
from moot.model.availability import Level
from moot.model.headroom import Headroom, Shortfall
from moot.model.placement import Placement
from moot.model.rehearsal import Ground, Key, Loss, Rehearsed, Reliance, Trouble, key_of
from moot.model.venue import Offering
from moot.passes.apart import Atlas, apart
from moot.passes.beside import beside
from moot.passes.domains import Domains, domains
from moot.passes.place import place
from moot.passes.placing.prepare import prepare
from moot.passes.placing.ration import takes
from moot.passes.placing.search import LEAST, MOST
from moot.passes.rehearse import rehearse
from moot.passes.rely import rely
from moot.passes.striving.stand import stand
from moot.passes.suppose import suppose

MOST_LOOKS = 2_000_000  # components times offerings, of all losses together
FEWEST = 4
MOST_TRIED = 5_000  # looks of all attempts at placing what one loss leaves
FREE = Decimal(0)


def spare(ground: Ground, placement: Placement, whole: bool = True) -> Headroom | None:
    """Each domain of the level that the App uses is lost in turn, and what ran there placed anew
    beside what stays.  None where the App asks for no headroom.

    What would have to move although it is not lost is a shortfall as well; what its data holds on
    the lost domain is none.  Domains that are alike are looked at once, and unless the `whole` is
    asked for none after the first that lacks room; nor on which control planes the room relies.
    """
    level = ground.app.policy.headroom
    if level is None:
        return None
    policy = replace(ground.app.policy, availability=None, headroom=None, budget=None)
    bare = replace(ground, app=replace(ground.app, policy=policy))
    losses = _losses(bare, placement, level)
    looks = max(1, len(bare.app.components) * len(bare.offerings))
    most = max(FEWEST, MOST_LOOKS // looks)
    shortfalls: list[Shortfall] = []
    waits: dict[str, None] = {}
    planes = _known(bare).control_planes if whole and ground.steered else ()
    relies: list[Reliance | None] = []
    for loss in losses[:most]:
        found = rehearse(bare, placement, Trouble(losses=(loss,)), _settled)
        waits |= dict.fromkeys(f.component for f in found.fates if f.fortune == "waits")
        shortfalls += _short(bare, loss, found)
        if shortfalls and not whole:
            break
        relies.append(rely(bare, placement, loss, found, planes, _settled, _stopped))
    return Headroom(
        level=level,
        shortfalls=tuple(shortfalls),
        waits=tuple(waits),
        unchecked=max(0, len(losses) - most),
        relies=tuple(filter(None, relies)) if planes else None,
    )


def _stopped(found: Rehearsed) -> Collection[str]:
    return {fate.component for fate in found.fates if fate.fortune == "stops"}


def _settled(ground: Ground) -> Placement:
    """As it is placed where all prices are one: nobody moves for a lower one, or to join others."""
    assert ground.prior is not None, "what is rehearsed stands"
    held = stand(ground, ground.prior, tied=True)
    offerings = [replace(offering, hourly=FREE, disk=FREE) for offering in held.offerings]
    looks = max(1, len(held.app.components) * len(offerings))
    attempts = max(LEAST, min(MOST, MOST_TRIED // looks))
    return place(held.app, offerings, held.prior, held.homes, held.absent, attempts)


def losses_of(ground: Ground, level: Level, among: Sequence[Offering]) -> Iterator[Loss]:
    """The domains of a level in which these offerings are, each with all that is lost with it."""
    atlas = apart([*ground.offerings, *among])
    rooms: dict[tuple[str, ...], set[Key]] = {}
    of_venue: dict[str, set[Key]] = {}
    for offering in ground.offerings:
        rooms.setdefault(atlas.domain(offering, level), set()).add(key_of(offering))
        of_venue.setdefault(offering.venue, set()).add(key_of(offering))
    labels = _labels(ground)
    for path in dict.fromkeys(atlas.domain(offering, level) for offering in among):
        lost = frozenset(rooms.get(path, ()))
        venues = {venue for venue, _ in lost if of_venue[venue] <= lost}
        kind = "venue" if level == "vendor" or level == "replica" else level
        label = labels.get(lost) or "/".join(part for part in path[1:] if part)
        yield Loss(kind=kind, label=label, offerings=lost, venues=frozenset(venues))


def _labels(ground: Ground) -> Mapping[frozenset[Key], str]:
    """By what is offered in a domain its name among all that `what-if` knows, silent ones too."""
    offered = {key_of(offering) for offering in ground.offerings}
    standing = [run.offering for run in ground.prior.runs] if ground.prior else []
    known = domains(ground.venues.values(), (*ground.offerings, *standing))
    held = ((loss.offerings & offered, loss.label) for loss in known.all)
    return {offerings: label for offerings, label in held if offerings}


def _known(ground: Ground) -> Domains:
    """Those that `what-if` knows, the narrowest last."""
    used = {offering.venue for offering in ground.offerings}
    return domains((v for v in ground.venues.values() if v.name in used), ground.offerings)


def _losses(ground: Ground, placement: Placement, level: Level) -> Sequence[Loss]:
    """One of each kind that are alike, those first on which most runs."""
    there: dict[Key, Counter[str]] = {}
    for run in placement.runs:
        if run.offering.venue not in ground.absent:
            there.setdefault(key_of(run.offering), Counter())[run.component] += run.count
    offered = {key_of(offering): offering for offering in ground.offerings}
    used = [offered[key] for key in there if key in offered]
    atlas = apart(ground.offerings)
    alike: dict[object, Loss] = {}
    for loss in losses_of(ground, level, used):
        on = [(offered[key], there.get(key, Counter[str]())) for key in loss.offerings]
        alike.setdefault(frozenset(Counter(_kind(o, c, atlas, level) for o, c in on).items()), loss)

    def load(loss: Loss) -> tuple[int, str]:
        return -sum(there[key].total() for key in loss.offerings if key in there), loss.label

    return sorted(alike.values(), key=load)


def _kind(offering: Offering, counts: Counter[str], atlas: Atlas, level: Level) -> object:
    """Equal where one could stand for the other."""
    return (
        atlas.domain(offering, level)[:-1],
        *(offering.traits, offering.cpu, offering.memory_mib, offering.disk_mib),
        *(offering.gpus, offering.gpus_left, offering.segmented, offering.names),
        *(bool(offering.reach), bool(offering.spot), offering.name, frozenset(counts.items())),
        offering.quota and (offering.site, offering.quota),
    )


def _short(ground: Ground, loss: Loss, found: Rehearsed) -> Iterator[Shortfall]:
    stops: Counter[str] = Counter()
    moves: Counter[str] = Counter()
    for fate in found.fates:
        if fate.fortune == "stops":
            stops[fate.component] += fate.count
        elif fate.fortune == "moves" and fate.source and key_of(fate.source) not in loss.offerings:
            moves[fate.component] += fate.count
    components = {component.name: component for component in ground.app.components}
    for name, count in stops.items():
        yield _without_room(ground, loss, found, components[name], count)
    for name, count in moves.items():
        why = "no room where they are, though they are not lost"
        yield Shortfall(lost=loss.label, component=name, count=count, why=why)
    if found.problems and not stops:
        problem = found.problems[0]
        name = problem.component or ground.app.name
        yield Shortfall(lost=loss.label, component=name, count=1, why=f"out: {problem.summary}")


def _without_room(
    ground: Ground, loss: Loss, found: Rehearsed, component: Component, count: int
) -> Shortfall:
    """How many have none, and how much more one place would have to have for all of them."""
    then = suppose(ground, Trouble(losses=(loss,)))
    stock = prepare(then.app, then.offerings, None, then.homes, then.absent)
    shelf = stock.stock.shelf(stock.fits[component.name].ways)
    left = {key_of(offering): offering for offering in beside(found.running.runs, then)}
    places = [left[key_of(stock.stock.offerings[number])] for number in shelf.numbers]
    sites = {r.offering.site for r in found.running.runs if r.component == component.name}
    places = [place for place in places if place.site in sites or not sites]
    needs = component.needs
    fit = {key_of(place): _capacity(component, place, count) for place in places}
    if over := _over_quota(component, places, fit, count):
        return Shortfall(lost=loss.label, component=component.name, count=over[0], why=over[1])
    lacking = max(1, count - sum(fit.values()))
    more = [
        (
            max(0.0, lacking * needs.cpu - (place.cpu - fit[key_of(place)] * needs.cpu)),
            max(0, (lacking + fit[key_of(place)]) * needs.memory_mib - place.memory_mib),
        )
        for place in places
    ]
    cpu, memory_mib = min(more, default=(0.0, 0))
    lacks = f": {_amount(cpu, memory_mib)}" if cpu > 0 or memory_mib > 0 else ""
    why = f"without room{lacks}"
    return Shortfall(lost=loss.label, component=component.name, count=lacking, why=why)


def _over_quota(
    component: Component, places: Sequence[Offering], fit: Mapping[Key, int], count: int
) -> tuple[int, str] | None:
    """How many have none because of quotas, and because of which; None where that is not it."""
    rooms, left, why = Counter[str](), dict[str, int](), ""
    for each in places:
        rooms[each.site] += fit[key_of(each)]
        if each.quota:
            one = takes(component.needs, each)
            left[each.site] = each.quota.room(one, count)
            why = why or each.quota.lack(each.site, one, count)
    lacking = count - sum(min(room, left.get(site, room)) for site, room in rooms.items())
    if rooms.total() < count or lacking <= 0 or not why:
        return None
    return lacking, f"without room: {why}"


def _amount(cpu: float, memory_mib: int) -> str:
    parts = [f"{cpu:g} CPU{'s' * (cpu != 1)}"] if cpu > 0 else []
    parts += [f"{memory_mib} MiB of memory"] if memory_mib > 0 else []
    return f"{' and '.join(parts)} {'is' if cpu == 1 and not memory_mib else 'are'} lacking"


def _capacity(component: Component, place: Offering, most: int) -> int:
    needs = component.needs
    pairs = ((place.cpu + 1e-9, needs.cpu), (place.memory_mib, needs.memory_mib))
    pairs = (*pairs, (place.disk_mib, needs.disk_mib))
    return max(0, min([most, *(int(room // each) for room, each in pairs if each)]))
