"""App -> what must have room where: a Lot for every domain over which it is spread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

from moot.model.app import App, Component
from moot.model.purchase import Lot, Piece
from moot.passes.apart import wanted
from moot.passes.buying.supply import LASTING, LEASE, LINUX, TAKEN_BACK

# How traits of machines begin; whatever else is asked for is of the region.
OF_MACHINES = ("arch:", "device:", "gpu", "has:", LEASE, "os:", "runs:")
LEAVES = {"never": {LASTING}, "allowed": set[str](), "only": {TAKEN_BACK}}
SHARED_MACHINE = ("process", "container")  # what can be isolated on a machine with others


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """`lots` has one for each domain, the first with all that is free to be anywhere; `whole` is
    all of it as if there were one domain.

    They are in so many `vendors`, `regions` and, beyond these, zones; every region must have all
    of the traits `areas` and, where one is asked for, one of `residency`.  Where there is no way,
    `problem` says why.
    """

    lots: tuple[Lot, ...] = ()
    whole: Lot = ()
    vendors: int = 1
    regions: int = 1
    areas: frozenset[str] = frozenset()
    residency: frozenset[str] = frozenset()
    problem: str = ""

    def allows(self, traits: Collection[str]) -> bool:
        """Whether a region that has these may be used."""
        there = not self.residency or not self.residency.isdisjoint(traits)
        return there and self.areas.issubset(traits)


def need(app: App) -> Needed:
    """Of every component one replica is in each further domain, as far as it has so many.

    What keeps data is with all that shares it on one machine.
    """
    components = [_leased(app, component) for component in app.components if component.replicas]
    kept = _kept(app, components)
    if problem := _problem(app, components, kept):
        return Needed(problem=problem)
    spread = {component.name: _spread(app, component) for component in components}
    vendors, regions, domains, _ = (
        max((each[n] for each in spread.values()), default=1) for n in range(4)
    )
    asked = frozenset[str]().union(*(traits_asked(c) for c in components))
    data = {component.name for group in kept for component in group}
    loose = [component for component in components if component.name not in data]

    def first(component: Component) -> tuple[int, int]:
        _, _, domains, hosts = spread[component.name]
        further = min(domains, component.replicas) - 1
        return component.replicas - further, min(hosts, component.replicas) - further

    def further(n: int) -> Lot:
        apart = (c for c in loose if min(c.replicas, spread[c.name][2]) > n)
        return _lot((), apart, lambda component: (1, 1))

    def whole(component: Component) -> tuple[int, int]:
        return component.replicas, min(component.replicas, max(spread[component.name]))

    return Needed(
        lots=(_lot(kept, loose, first), *map(further, range(1, domains))),
        whole=_lot(kept, loose, whole),
        vendors=vendors,
        regions=regions,
        areas=frozenset(trait for trait in asked if not trait.startswith(OF_MACHINES)),
        residency=frozenset(app.policy.residency),
    )


def _spread(app: App, component: Component) -> tuple[int, int, int, int]:
    """In how many vendors, regions, domains of any level beyond machines, and machines it is to be.

    An account with a vendor is one venue.
    """
    asked = wanted(app.policy, component)
    vendors = max(asked.get("vendor", 1), asked.get("venue", 1))
    regions = max(vendors, asked.get("region", 1))
    return vendors, regions, max(regions, asked.get("zone", 1)), asked.get("host", 1)


def _leased(app: App, component: Component) -> Component:
    """With what it asks for of machines that may be taken back, as a trait."""
    needs = component.needs
    traits = needs.traits | LEAVES[app.leave(component)]
    return replace(component, needs=replace(needs, traits=traits))


Group = tuple[Component, ...]  # with data in common, so on one machine


def _kept(app: App, components: Sequence[Component]) -> list[Group]:
    """The components that keep data, those together that share a volume."""
    ours = {volume.name for volume in app.volumes if not volume.external}
    groups: list[tuple[set[str], list[Component]]] = []
    for component in components:
        used = {m.source for m in component.mounts if m.kind == "volume"} & ours
        if not used:
            continue
        joined = [group for group in groups if group[0] & used]
        groups = [group for group in groups if not group[0] & used]
        members = [member for _, some in joined for member in some]
        groups.append((used.union(*(some for some, _ in joined)), [*members, component]))
    return [tuple(members) for _, members in groups]


def _problem(app: App, components: Iterable[Component], kept: Iterable[Group]) -> str:
    for component in components:
        if component.isolation and component.isolation not in SHARED_MACHINE:
            return f"{component.name} wants to be isolated as a {component.isolation}"
    for group in kept:
        if len({app.leave(member) for member in group} - {"allowed"}) > 1:
            names = " and ".join(member.name for member in group)
            return f"{names} keep data on one machine, and x-moot.spot is only of one, never of one"
    for member in (member for group in kept for member in group):
        if wanted(app.policy, member):
            return f"{member.name} keeps data on one machine, and x-moot.spread wants several"
    return ""


Wish = Callable[[Component], tuple[int, int]]  # how many replicas, on how many machines at least


def _lot(groups: Iterable[Group], loose: Iterable[Component], wish: Wish) -> Lot:
    """Pieces that are alike are one, in an order that is always the same."""
    alike: dict[tuple[object, ...], Piece] = {}
    for piece in _pieces(groups, loose, wish):
        key = (*piece[1:5], piece.most and piece.names[0])
        if known := alike.get(key):
            piece = piece._replace(names=tuple(sorted((*known.names, *piece.names))))
        if piece.names:
            alike[key] = piece
    return tuple(sorted(alike.values(), key=_order))


def _order(piece: Piece) -> tuple[object, ...]:
    sizes = piece.millicpu, piece.memory_mib, piece.gpus, sorted(piece.traits)
    return (*sizes, piece.most is None, piece.names)


def _pieces(groups: Iterable[Group], loose: Iterable[Component], wish: Wish) -> Iterator[Piece]:
    for group in groups:
        each = [_piece(component, component.replicas) for component in group]
        names = sorted(name for piece in each for name in piece.names)
        yield Piece(
            ("+".join(names),),
            sum(piece.millicpu * piece.amount for piece in each),
            sum(piece.memory_mib * piece.amount for piece in each),
            sum(piece.gpus * piece.amount for piece in each),
            frozenset[str]().union(*(piece.traits for piece in each)),
        )
    for component in loose:
        count, machines = wish(component)
        alone = machines if machines > 1 else 0
        if alone:
            yield _piece(component, alone)._replace(most=1)
        if count > alone:
            yield _piece(component, count - alone)


def _piece(component: Component, count: int) -> Piece:
    needs = component.needs
    traits = frozenset(trait for trait in traits_asked(component) if trait.startswith(OF_MACHINES))
    return Piece(
        (component.name,) * count,
        ceil(needs.cpu * 1000 - 0.001),
        needs.memory_mib,
        _gpus(component),
        traits - LINUX,
    )


def traits_asked(component: Component) -> frozenset[str]:
    """The traits it asks for; the platform of its image is one."""
    platform = component.container.platform if component.container else None
    parts = platform.split("/") if platform and not component.process else []
    return component.needs.traits | {f"arch:{arch}" for arch in parts[1:2]}


def _gpus(component: Component) -> int:
    """Each replica has what it asks for to itself: one where it asks for all, or for a part."""
    needs = component.needs
    if needs.gpus == inf or not needs.gpus:
        return int(any(trait.startswith("gpu") for trait in needs.traits))
    return ceil(needs.gpus)
