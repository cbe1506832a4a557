"""App x Offerings x prior Placement -> Placement: drop what cannot run, take the cheapest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal

from moot.model.app import App, Component
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Placement, Rejection, Run
from moot.model.venue import Offering
from moot.passes.fill import MOVE_THRESHOLD, Room, fill, price
from moot.passes.fit import Way, fit


def place(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None = None,
    homes: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
) -> Placement:
    """Every replica on an offering with room, all replicas of a component in one venue or pool.

    Those with a volume of the App's, and all that share one, are together in one venue: a pool's
    machine.  `homes` says in which venue each existing volume is; a component goes where its data
    is.  `absent` are venues that do not answer, with the reason: what has its data there stays
    assigned there, whatever else was there goes elsewhere, also where
    that is less spread than the App wants.  Raises Refused with every component
    that cannot be placed and why.
    """
    desk = _Desk(app, Room.offered(offerings), homes or {}, absent or {})
    for run in prior.runs if prior else ():
        desk.before.setdefault(run.component, []).append(run)
        desk.room.given[run.offering.venue] += run.count
    for component in app.components:
        fits, rejected = desk.found[component.name] = fit(app, component, offerings, desk.homes)
        desk.able[component.name] = {offering.venue for offering, _ in fits}
        rejected += [Rejection(component.name, v, "-", why) for v, why in desk.absent.items()]
    for component in app.components:
        desk.place(component)
    if desk.problems:
        raise Refused(*desk.problems)
    return Placement(assignments=Assignments(desk.placed), rejections=tuple(desk.rejections))


@dataclass
class _Desk:
    """One run of `place`: what was decided so far."""

    app: App
    room: Room
    homes: Mapping[str, str]
    absent: Mapping[str, str]
    before: dict[str, list[Run]] = field(default_factory=dict[str, "list[Run]"])
    found: dict[str, tuple[list[Way], list[Rejection]]] = field(
        default_factory=dict[str, "tuple[list[Way], list[Rejection]]"]
    )
    able: dict[str, set[str]] = field(default_factory=dict[str, "set[str]"])
    placed: list[Run] = field(default_factory=list[Run])
    rejections: list[Rejection] = field(default_factory=list[Rejection])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def __post_init__(self) -> None:
        self.volumes = {volume.name for volume in self.app.volumes if not volume.external}
        self.sharers = _sharers(self.app, self.volumes)
        self.spread = self.app.policy.spread.get("host", 1)

    def place(self, component: Component) -> None:
        """Decide where all replicas of a component run."""
        fits, rejected = self.together(component)
        self.rejections += rejected
        before = self.before.get(component.name, [])
        for run in before:
            self.room.given[run.offering.venue] -= run.count
        choices = self.choices(component, fits, before)
        if best := self.choose(component, choices, before) or list(self.stranded(component)):
            self.placed += best
            self.able[component.name] = {run.offering.venue for run in best}
            for run in best if choices else ():
                self.room.take(run.offering, component, run.count)
        elif component.replicas:
            self.problems.append(self.unplaceable(component, fits, rejected))

    def choices(
        self, component: Component, fits: Sequence[Way], before: Sequence[Run]
    ) -> list[list[Run]]:
        """How it can run in each place; spread less only for want of machines that are silent."""
        places: dict[str, list[Way]] = {}
        for way in fits:
            places.setdefault(self.together_in(component, way[0]), []).append(way)
        silent = Counter(venue.partition(":")[0] for venue in self.absent)
        wanted = min(self.spread, component.replicas)
        for lacking in range(wanted):
            filled = (
                fill(self.app.name, component, ways, self.room, before, wanted - lacking)
                for place, ways in places.items()
                if lacking <= silent[place]
            )
            if found := [choice for choice in filled if choice]:
                return found
        return []

    def together_in(self, component: Component, offering: Offering) -> str:
        """What its replicas may not leave: the machine of their data, else venue or pool."""
        return offering.venue if self.keeps(component) else offering.site

    def keeps(self, component: Component) -> bool:
        return any(m.kind == "volume" and m.source in self.volumes for m in component.mounts)

    def together(self, component: Component) -> tuple[list[Way], list[Rejection]]:
        """The candidates in venues that can run, or already do, all it shares a volume with."""
        found, rejected = self.found[component.name]
        others = self.sharers.get(component.name)
        if not others:
            return found, rejected
        fits: list[Way] = []
        for offering, runs_as in found:
            apart = next((o for o in others if offering.venue not in self.able[o[0]]), None)
            if apart:
                reason = "{!r}, which shares its volume {!r}, is not or cannot be there".format(
                    *apart
                )
                rejected.append(Rejection(component.name, offering.venue, offering.name, reason))
            else:
                fits.append((offering, runs_as))
        return fits, rejected

    def choose(
        self, component: Component, choices: Sequence[list[Run]], before: Sequence[Run]
    ) -> list[Run]:
        """The cheapest, but stay where most replicas are unless moving saves the threshold.

        Ties: a plain process before a container, then by name and on the machine of a pool that
        has least to do, so that the same input gives the same placement on every machine.
        """

        def rank(choice: list[Run]) -> tuple[Decimal, bool, str, int, str]:
            first = choice[0].offering
            given = self.room.given[first.venue] if first.pool else 0
            contained = choice[0].runs_as == "container"
            return _cost(choice), contained, first.site, given, first.venue

        if not choices:
            return []
        best = min(choices, key=rank)
        homes = {
            self.together_in(component, run.offering)
            for run in before
            if run.first < component.replicas
        }
        stay = [c for c in choices if self.together_in(component, c[0].offering) in homes]
        if stay:
            home = min(stay, key=rank)
            if _cost(home) - _cost(best) <= MOVE_THRESHOLD:
                return home
        return best

    def stranded(self, component: Component) -> Iterator[Run]:
        """Where it was, if its data is there and nobody answers."""
        homes = {self.homes.get(m.source) for m in component.mounts if m.kind == "volume"}
        for last in self.before.get(component.name, ()):
            if last.offering.venue in homes & self.absent.keys():
                name, count = component.name, component.replicas
                yield Run(self.app.name, name, 0, count, last.offering, last.runs_as)
                return

    def unplaceable(
        self, component: Component, fits: Sequence[Way], rejected: Sequence[Rejection]
    ) -> Diagnostic:
        spread = min(self.spread, component.replicas)
        lack = f"has no room for all {component.replicas}"
        if spread > 1:
            lack += f" on {spread} machines, as x-moot.spread wants"
        if spread > 1 and self.keeps(component):
            lack = "its volume keeps all on one machine, and x-moot.spread wants more"
        reasons = [f"{r.venue}/{r.offering}: {r.reason}" for r in rejected]
        reasons += [f"{o.venue}/{o.name}: {lack}" for o, _ in fits]
        return Diagnostic(
            summary=f"no venue can run component {component.name!r}",
            detail="\n".join(reasons) or "no venue offers any room",
            remedy="change what it needs, or add or repair a venue (`moot venue check`)",
            place=component.place,
        )


def _sharers(app: App, ours: Set[str]) -> dict[str, list[tuple[str, str]]]:
    """By component the others with replicas that share a volume with it, each with that volume."""
    users: dict[str, list[str]] = {}
    for component in app.components:
        for source in {m.source for m in component.mounts if m.kind == "volume"} & ours:
            users.setdefault(source, []).append(component.name)
    position = {c.name: index for index, c in enumerate(app.components) if c.replicas}
    found: dict[str, list[tuple[str, str]]] = {}
    for source, names in users.items():
        for name in names:
            others = ((other, source) for other in names if other != name and other in position)
            found.setdefault(name, []).extend(others)
    for shared in found.values():
        shared.sort(key=lambda other: (position[other[0]], other[1]))
    return found


def _cost(choice: Sequence[Run]) -> Decimal:
    return sum((price(run.offering) * run.count for run in choice), Decimal(0))
