"""App x Offerings x prior Placement -> Placement: drop what cannot run, take the cheapest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from moot.model.app import App, Component
from moot.model.availability import Level
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Placement, Rejection, Run
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.apart import PLURALS, Atlas, Spread, apart, wanted
from moot.passes.fill import MOVE_THRESHOLD, Room, fill, price
from moot.passes.fit import Way, aloof, fit
from moot.passes.search import Attempts, search


def place(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None = None,
    homes: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
) -> Placement:
    """Every replica on an offering with room, all replicas of a component in one venue or pool.

    They are in several where `x-moot.spread` asks for domains that no single one has, if replicas
    elsewhere can be reached from each.  Those with a volume of the App's, and all that share one,
    are together in one venue: a pool's machine.  `homes` says in which venue each existing volume
    is; a component goes where its data is.  `absent` are venues that do not answer, with the
    reason: what has its data there stays assigned there, whatever else was there goes elsewhere,
    also where that is less spread than the App wants.  What costs more than the budget is placed
    once more, and moves for any saving.  Raises Refused with every component that cannot be placed
    and why.
    """
    atlas = apart(offerings if app.policy.spread else ())

    def decided(
        order: Sequence[Component], threshold: Decimal, prior: Placement | None
    ) -> Placement:
        desk = _Desk(app, Room.offered(offerings), homes or {}, absent or {}, atlas, threshold)
        return desk.decide(offerings, prior, order)

    def searched(threshold: Decimal) -> Placement:
        attempts = Attempts(
            together=lambda order: decided(order, threshold, prior),
            alone=lambda component: decided([component], Decimal(0), None),
            worth=lambda found: spent(found) + threshold * _moved(found, prior),
        )
        return search(app.components, attempts, offerings)

    placement = searched(MOVE_THRESHOLD)
    budget = app.policy.budget
    if budget and spent(placement) > budget.hourly:
        with suppress(Refused):  # what moves may take the only room that another can have
            return min(placement, searched(Decimal(0)), key=spent)
    return placement


@dataclass
class _Desk:
    """One run of `place`: what was decided so far."""

    app: App
    room: Room
    homes: Mapping[str, str]
    absent: Mapping[str, str]
    atlas: Atlas
    threshold: Decimal
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
        self.silent = Counter(venue.partition(":")[0] for venue in self.absent)

    def decide(
        self, offerings: Sequence[Offering], prior: Placement | None, order: Sequence[Component]
    ) -> Placement:
        """Component by component in that order; Refused where one has no place."""
        for run in prior.runs if prior else ():
            self.before.setdefault(run.component, []).append(run)
            self.room.given[run.offering.venue] += run.count
        for component in self.app.components:
            fits, rejected = fit(self.app, component, offerings, self.homes)
            rejected += [Rejection(component.name, v, "-", why) for v, why in self.absent.items()]
            self.found[component.name] = fits, rejected
            self.able[component.name] = {offering.venue for offering, _ in fits}
        for component in order:
            self.place(component)
        if self.problems:
            raise Refused(*self.problems)
        position = {c.name: index for index, c in enumerate(self.app.components)}
        runs = sorted(self.placed, key=lambda run: position[run.component])
        rejections = sorted(self.rejections, key=lambda why: position[why.component])
        return Placement(assignments=Assignments(runs), rejections=tuple(rejections))

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
        """How it can run in each place, or else in several; those that are spread least too little.

        It is spread less only for want of venues that are silent.
        """
        places: dict[str, list[Way]] = {}
        for way in fits:
            places.setdefault(self.together_in(component, way[0]), []).append(way)
        spread = wanted(self.app.policy, component)
        found = [self.filled(component, ways, before, spread) for ways in places.values()]
        scattered = len({run.offering.site for run in before}) > 1
        if self.crosses(component, spread) and (
            scattered or not any(r and not n for n, r in found)
        ):
            joined = [way for way in fits if not aloof(component, way[0])]
            found.append(self.filled(component, joined, before, spread))
        least = min((lacking for lacking, runs in found if runs), default=0)
        return [runs for lacking, runs in found if runs and lacking == least]

    def filled(
        self, component: Component, ways: Sequence[Way], before: Sequence[Run], spread: Spread
    ) -> tuple[int, list[Run]]:
        """How many domains are lacking where it runs on these, and how it does: not at all where
        more are lacking than may be silent.
        """

        def tried(spread: Spread) -> list[Run]:
            given = self.app.name, component, ways, self.room, before, spread, self.atlas
            return fill(*given, threshold=self.threshold) or []

        if runs := tried(spread):
            return 0, runs
        lacks = self.lacks(component, ways, spread)
        if any(n > self.missing(component, ways, level) for level, n in lacks.items()):
            return 0, []
        least: Spread = {level: n - lacks.get(level, 0) for level, n in spread.items()}
        return sum(lacks.values()), tried(least) if lacks else []

    def lacks(self, component: Component, ways: Sequence[Way], spread: Spread) -> Spread:
        """How many domains fewer than are wanted have room for a replica."""
        if not spread:
            return {}
        open = (o for o, _ in ways if self.room.capacity(o, component) >= 1)
        return self.atlas.lacks(open, spread)

    def missing(self, component: Component, ways: Sequence[Way], level: Level) -> int:
        """How many domains of a level there may be that do not answer, beside these."""
        sites = {offering.site for offering, _ in ways}
        if self.keeps(component):
            return 0
        if level in ("vendor", "venue"):
            return len(self.silent.keys() - sites)
        if self.crosses(component, wanted(self.app.policy, component)):
            return self.silent.total()
        return sum(self.silent[site] for site in sites)

    def crosses(self, component: Component, spread: Spread) -> bool:
        """Whether it may run in several venues and pools: more machines alone are no reason."""
        return not self.keeps(component) and not spread.keys() <= {"host"}

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
            lone = next((o for o in others if offering.venue not in self.able[o[0]]), None)
            if lone:
                reason = "{!r}, which shares its volume {!r}, is not or cannot be there".format(
                    *lone
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
        homes = self.places(component, (r for r in before if r.first < component.replicas))
        whole = [c for c in choices if homes and homes <= self.places(component, c)]
        stay = whole or [c for c in choices if homes & self.places(component, c)]
        if stay:
            home = min(stay, key=rank)
            if _cost(home) - _cost(best) <= self.threshold:
                return home
        return best

    def places(self, component: Component, runs: Iterable[Run]) -> set[str]:
        return {self.together_in(component, run.offering) for run in runs}

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
        reasons = [f"{r.venue}/{r.offering}: {r.reason}" for r in rejected]
        reasons += [f"{o.venue}/{o.name}: {self.lack(component, o, fits)}" for o, _ in fits]
        return Diagnostic(
            summary=f"no venue can run component {component.name!r}",
            detail="\n".join(reasons) or "no venue offers any room",
            remedy="change what it needs, or add or repair a venue (`moot venue check`)",
            place=component.place,
            component=component.name,
        )

    def lack(self, component: Component, offering: Offering, fits: Sequence[Way]) -> str:
        """Why an offering that could take one replica does not help."""
        spread = wanted(self.app.policy, component)
        if spread and self.keeps(component):
            return "its volume keeps all on one machine, and x-moot.spread wants more"
        place = self.together_in(component, offering)
        ways = [way for way in fits if self.together_in(component, way[0]) == place]
        where = ""
        if self.crosses(component, spread):
            joined = [way for way in fits if not aloof(component, way[0])]
            if reason := aloof(component, offering):
                where = f"{reason}, and alone it "
            elif len(joined) > len(ways):
                ways, where = joined, "with the others that can be reached it "
        for level, n in self.lacks(component, ways, spread).items():
            had, unsaid = spread[level] - n, ""
            if level in ("region", "zone") and not any(getattr(o, level) for o, _ in ways):
                unsaid = f": nothing states its `{level}` in venues.yaml"
            wants = f"{spread[level]} {PLURALS[level]} that x-moot.spread wants"
            return f"{where}has room in {had} of the {wants}{unsaid}"
        return f"{where}has no room for all {component.replicas}"


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


def _moved(found: Placement, prior: Placement | None) -> int:
    """How many components have replicas on what they were not on."""
    before = {(run.component, run.offering.venue) for run in (prior.runs if prior else ())}
    stood = {name for name, _ in before}
    there = ((run.component, run.offering.venue) for run in found.runs)
    return len({name for name, venue in there if name in stood and (name, venue) not in before})


def _cost(choice: Sequence[Run]) -> Decimal:
    return sum((price(run.offering) * run.count for run in choice), Decimal(0))
