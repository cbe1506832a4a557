"""Rebuild a lost, restored or copied memory from the marks on the venues, and take over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from moot.engine.guard import Guard
from moot.engine.hold import hold
from moot.engine.journal import Journal
from moot.engine.offered import offered
from moot.engine.survey import app_of, displaced, survey, unknown
from moot.engine.turn import World, sealed
from moot.model.codec import placement_to_json
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignment, Placement, collide, on_machine
from moot.model.report import Recovery
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, is_list, is_mapping
from moot.model.venue import Offering
from moot.passes.connect import PORTS, first_choice


@dataclass(frozen=True, slots=True)
class Rebuild:
    """One attempt for one installation, which is another than ours only where ours is empty."""

    world: World
    guard: Guard
    installation: str

    def run(self, confirm: Callable[[Recovery], bool]) -> Recovery:
        """Take on what the venues show; nothing is written where `confirm` says no.

        The generation comes last: killed before, the same command is simply run again.
        """
        recovery, seen_generation = self._found()
        if not confirm(recovery):
            return recovery
        if self.installation != self.guard.installation:
            self.guard.home.put_installation(self.installation)
        by_app: dict[str, list[ConfigurationItem]] = {}
        for item in recovery.items:
            by_app.setdefault(app_of(str(item.address)), []).append(item)
        for app, items in by_app.items():
            with hold(app, "recover", self.world) as journal:
                _record(app, items, self.world, journal)
                _reserve(app, items, self.world, journal)
        generation = self.guard.take_over(self.installation, seen_generation)
        return replace(recovery, generation=generation)

    def _found(self) -> tuple[Recovery, int]:
        """What the venues show of this installation, and the highest generation among it."""
        world, known = self.world, self.world.store.inventory()
        ours, asked = self.guard.installation, self.installation
        if asked != ours and known:
            raise Refused(_another(ours, asked, len(known)))
        seen = survey(world.allowed, asked, world.venues, world.slots)
        if not seen.items and not known:
            # Where nothing is ours the id may be what was lost: whose things are there?
            seen = survey(world.allowed, asked, world.venues, world.slots, everybody=True)
        chosen, doubles = _oldest(unknown(seen.items, known))
        doubt = self.guard.doubt()
        recovery = Recovery(
            installation=asked,
            why=doubt.diagnostic("warning") if doubt else None,
            known=len(known),
            items=tuple(sealed(item, world) for item in chosen),
            doubles=tuple(sealed(item, world) for item in doubles),
            others=seen.others,
            stale=seen.stale,
        )
        return recovery, seen.generation


def _record(app: str, items: Iterable[ConfigurationItem], world: World, journal: Journal) -> None:
    """Write down what is there, and that what had its identifier before is not."""
    items = tuple(items)
    gone = tuple(displaced(items, world.store.inventory(app)))
    with world.store.turn(journal.lease):
        for item in gone:
            journal.gone(item, "seen to be gone")
        for item in items:
            assert item.uid, "what carries our marks carries a uid"
            journal.uids[str(item.address)] = item.uid
            journal.write(item)


def _reserve(app: str, items: Iterable[ConfigurationItem], world: World, journal: Journal) -> None:
    """Where each replica is and which ports the App holds, unless that is known still."""
    items = tuple(items)
    offers, _ = offered(dict.fromkeys(item.venue for item in items), world.venues, world.slots)
    placement, held = _placement(items, offers), {owner for owner, _, _ in world.store.ports()}
    machines = {offer.venue: offer.where for offer in offers}
    with world.store.turn(journal.lease):
        if world.store.placement(app) is None and placement.assignments:
            body = {**placement_to_json(placement), "endpoints": _endpoints(items)}
            world.store.put_placement(app, body)
        if app not in held:
            others = [(purpose, port) for _, purpose, port in world.store.ports()]
            ports = {
                on_machine(purpose, machines.get(item.venue, item.venue)): port
                for item in items
                for purpose, port in _ports(item)
            }
            world.store.put_ports(app, dict(_free(ports, others)))


def _placement(items: Iterable[ConfigurationItem], offers: Sequence[Offering]) -> Placement:
    """Replicas where they are, each on the offering of that venue that it names, or the first."""
    mains = [item for item in items if item.main and item.replica]
    found: dict[str, Assignment] = {}
    for item in mains:
        here = [o for o in offers if o.venue == item.venue]
        named = [o for o in here if o.name == item.properties.get("offering")] or here
        _, component, index = str(item.replica).split("/")
        runs_as = str(item.address).rpartition("/")[2]
        if named and (runs_as == "process" or runs_as == "container"):
            found[str(item.replica)] = Assignment(
                str(item.replica), component, int(index), named[0], runs_as
            )
    return Placement(assignments=tuple(found.values()))


def _ports(item: ConfigurationItem) -> Iterator[tuple[str, int]]:
    """Machine ports that a thing holds, by purpose.

    A port of ours is given by its purpose and found again under it; what is published under a
    number of its own only has to be kept from other Apps until the next turn.
    """
    for listener, binds in _listeners(item):
        for _, port in binds:
            if port in PORTS:
                yield _purpose(app_of(str(item.address)), listener, port), port
    for port in item.tcp_ports:
        if port not in PORTS:
            yield f"recovered:{port}", port


def _free(ports: Mapping[str, int], others: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Those that no other App has on the same machine."""
    held: dict[int, list[str]] = {}
    for purpose, port in others:
        held.setdefault(port, []).append(purpose)
    for purpose, port in ports.items():
        if not any(collide(purpose, other) for other in held.get(port, ())):
            yield purpose, port


def _endpoints(items: Iterable[ConfigurationItem]) -> list[JSON]:
    """Where each component can be reached, as far as its gateway shows it."""
    return [
        [*_component_and_target(listener), [f"{address}:{port}" for address, port in binds]]
        for item in items
        for listener, binds in _listeners(item)
    ]


def _listeners(item: ConfigurationItem) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Name and binds of a gateway's listeners, where its venue shows them."""
    listeners = item.properties.get("listeners")
    for listener in listeners if is_list(listeners) else ():
        if is_mapping(listener) and listener.get("binds"):
            yield str(listener["name"]), [(str(a), int(p)) for a, p in listener["binds"]]


def _component_and_target(listener: str) -> tuple[str, int]:
    component, _, target = listener.rpartition("-")
    return component, int(target)


def _purpose(app: str, listener: str, port: int) -> str:
    """What a port of ours is for: inside the App, or to be published under any number."""
    component, target = _component_and_target(listener)
    inside = f"{component}:{target}"
    published = f"{inside}/published"
    return published if first_choice(app, published) == port else inside


def _oldest(
    items: Iterable[ConfigurationItem],
) -> tuple[list[ConfigurationItem], list[ConfigurationItem]]:
    """Of several things that say they are the same one, the oldest, and the others apart."""
    chosen: dict[tuple[str, int], ConfigurationItem] = {}
    doubles: list[ConfigurationItem] = []
    for item in items:
        first = chosen.setdefault((str(item.address), item.incarnation), item)
        if first is not item:
            doubles.append(item)
    return list(chosen.values()), doubles


def _another(ours: str, asked_for: str, known: int) -> Diagnostic:
    return Diagnostic(
        summary=f"this database belongs to installation {ours}",
        detail=f"it knows {known} things of it; those of {asked_for} belong into another one",
        remedy="set MOOT_HOME to an empty folder and run the same command again",
    )
