"""Basis x an order of components -> Placement: one after the other, each where it is cheapest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from moot.model.app import Component
from moot.model.availability import Level
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Placement, Rejection, Run, runs_of
from moot.model.venue import Offering
from moot.passes.apart import Spread, wanted
from moot.passes.disk import disk
from moot.passes.egress import egress
from moot.passes.placing.fill import CROWDED, DENSE, NOWHERE, fill
from moot.passes.placing.prepare import Basis
from moot.passes.placing.ration import room_in, takes
from moot.passes.placing.refuse import refuse
from moot.passes.placing.relate import Ties, relate, roomy
from moot.passes.placing.stock import Shelf, Stand, demand
from moot.passes.placing.toll import toll


def assign(
    basis: Basis,
    threshold: Decimal,
    order: Sequence[Component],
    *,
    drives: bool,
    packs: bool,
    sites: Mapping[str, str] | None = None,
) -> Placement:
    """Component by component in that order; Refused with those that have no place, and why.

    What runs already keeps its room until its turn, unless whoever comes first `drives` it out.
    Where it `packs`, machines are not levelled strictly, so that more has room.  Components go to
    no venue or pool but those of `sites`.
    """
    return _Desk(basis, threshold, packs, sites or {}).decide(order, () if drives else order)


class _Desk:
    """One attempt: what was decided so far.

    `held` is the room of those that run already and whose turn is still to come, `ties` are those
    of the component whose turn it is, and `alone` says whom it would leave alone.
    """

    def __init__(
        self, basis: Basis, threshold: Decimal, packs: bool, sites: Mapping[str, str]
    ) -> None:
        self.basis = basis
        self.app = basis.app
        self.stock = basis.stock
        self.threshold = threshold
        self.packs = packs
        self.sites = sites
        self.room = room_in(basis.stock, basis.recorded)
        self.held: dict[str, list[Stand]] = {}
        self.able: dict[str, set[str]] = {}
        self.placed: dict[str, list[Stand]] = {}
        self.coming: set[str] = set()
        self.ties = self.untied = Ties((), (), {}, basis.stock.atlas)
        self.alone = ""
        self.stranded: dict[str, list[Run]] = {}
        self.rejected: dict[str, list[Rejection]] = {}
        self.problems: list[Diagnostic] = []

    def decide(self, order: Sequence[Component], held: Iterable[Component]) -> Placement:
        for name in self.basis.sharers:
            numbers = self.stock.shelf(self.basis.fits[name].ways).numbers
            self.able[name] = {self.stock.offerings[number].venue for number in numbers}
        for component in held:
            self.hold(component)
        for component in order:
            runs = self.left_alone(component)
            if component.replicas and not runs:
                self.coming.add(component.name)
            for run in runs:
                each = takes(component.needs, run.offering)
                self.room.set_aside(run.offering.site, each, run.count)
        for component in order:
            self.coming.discard(component.name)
            self.place(component)
        if self.problems:
            raise Refused(*self.problems)
        names = [component.name for component in self.app.components]
        runs = Assignments(run for name in names for run in self.runs(name))
        return Placement(
            assignments=runs,
            rejections=tuple(why for n in names for why in self.rejected.get(n, ())),
            egress=egress(self.app, runs.runs) if self.basis.talks else (),
            disk=disk(self.app, runs.runs),
        )

    def hold(self, component: Component) -> None:
        """Keep the room in which it stands, also where there is less of it by now."""
        ways, kinds = self.basis.fits[component.name].ways, self.stock.kind_of
        stands = self.basis.stood[component.name]
        held = [s for s in stands if s[2] != NOWHERE and kinds[s[2]] in ways]
        self.room.take_all(held, demand(component.needs, component.name))
        self.held[component.name] = held

    def release(self, component: Component) -> None:
        given = demand(component.needs, component.name)
        self.room.take_all(self.held.pop(component.name, ()), given, -1)

    def place(self, component: Component) -> None:
        """Decide where all replicas of a component run."""
        self.release(component)
        self.ties, self.alone = self.tied(component), ""
        shelf, rejected = relate(self.basis, component, self.together(component), self.ties)
        if site := self.sites.get(component.name):
            shelf = shelf.only(lambda number: self.stock.offerings[number].site == site)
        self.rejected[component.name] += rejected
        stands = self.found(component, shelf)
        if stands:
            self.accept(component, stands)
        elif runs := self.left_alone(component):
            self.stranded[component.name] = runs
            self.able[component.name] = {run.offering.venue for run in runs}
        elif component.replicas:
            rejected = self.rejected[component.name]
            given = self.basis, component, shelf, self.room, rejected, self.alone
            self.problems.append(refuse(*given))

    def tied(self, component: Component) -> Ties:
        """To those that are placed already."""
        offerings, placed = self.stock.offerings, self.placed
        minded = self.basis.minded.get(component.name, ())
        if not minded:
            return self.untied
        on = {name: [offerings[n] for _, _, n in placed.get(name, ())] for name in minded}
        return Ties.of(self.app, component.name, self.stock.atlas, on)

    def found(self, component: Component, shelf: Shelf) -> list[Stand]:
        """Where it goes: if possible in the regions of those that are to be near it, and where all
        have room that are coming there; packed, that counts for more than a lower price.
        """
        offerings, close = self.stock.offerings, shelf
        if self.ties.followers:
            homes = {home for _, _, home in self.basis.stood[component.name]}
            close = shelf.only(lambda n: n in homes or self.ties.joins(offerings[n]))
        given = self.basis, component, close, self.room, self.held, self.coming
        large = roomy(*given)
        stands = self.chosen(component, large)
        if large is not close and not (stands and self.packs):
            others = self.chosen(component, close)
            if others and (
                not stands or self.cost(component, others) < self.cost(component, stands)
            ):
                stands = others
        return stands or (self.chosen(component, shelf) if close is not shelf else [])

    def chosen(self, component: Component, shelf: Shelf) -> list[Stand]:
        return self.choose(component, self.choices(component, shelf))

    def accept(self, component: Component, stands: list[Stand]) -> None:
        self.room.take_all(stands, demand(component.needs, component.name))
        self.placed[component.name] = stands
        if component.name in self.basis.sharers:
            offerings = self.stock.offerings
            self.able[component.name] = {offerings[number].venue for _, _, number in stands}

    def runs(self, name: str) -> Iterable[Run]:
        """What became of a component."""
        ways, kinds = self.basis.fits[name].ways, self.stock.kind_of
        offerings, app = self.stock.offerings, self.app.name
        return self.stranded.get(name) or [
            Run(app, name, first, count, offerings[number], ways[kinds[number]], gpus)
            for stand in self.placed.get(name, ())
            for first, count, number, gpus in self.room.handed(name, stand)
        ]

    def choices(self, component: Component, shelf: Shelf) -> list[list[Stand]]:
        """How it can run in each place, or else in several; those that are spread least too little.

        It is spread less only for want of venues that are silent.
        """
        spread = wanted(self.app.policy, component)
        places = self.basis.places(component, shelf).values()
        found = [self.filled(component, place, spread) for place in places]
        if self.basis.crosses(component, spread) and (
            self.is_scattered(component) or not any(r and not n for n, r in found)
        ):
            found.append(self.filled(component, self.basis.reachable(component, shelf), spread))
        found = [(lacking, stands) for lacking, stands in found if stands]
        if self.ties.followers:
            found = [way for way in found if not self.leaves(way[1])]
        least = min((lacking for lacking, _ in found), default=0)
        return [stands for lacking, stands in found if lacking == least]

    def leaves(self, stands: Iterable[Stand]) -> bool:
        """Whether somebody who is to be near it would be alone, who is then to blame."""
        self.alone = self.ties.leaves(self.stock.offerings[number] for _, _, number in stands)
        return bool(self.alone)

    def filled(self, component: Component, shelf: Shelf, spread: Spread) -> tuple[int, list[Stand]]:
        """How many domains are lacking where it runs on these, and how it does: not at all where
        more are lacking than may be silent.
        """

        def tried(spread: Spread) -> list[Stand]:
            before = self.basis.stood[component.name]
            given = component, shelf, self.room, before, spread, self.threshold, self.packs
            return fill(*given, DENSE if self.is_shunned(component) else CROWDED) or []

        if stands := tried(spread):
            return 0, stands
        lacks = self.lacks(component, shelf, spread)
        if any(n > self.missing(component, shelf, level) for level, n in lacks.items()):
            return 0, []
        least: Spread = {level: n - lacks.get(level, 0) for level, n in spread.items()}
        return sum(lacks.values()), tried(least) if lacks else []

    def is_shunned(self, component: Component) -> bool:
        """Whether others are to have machines without it."""
        return bool(component.apart) or any(component.name in c.apart for c in self.app.components)

    def lacks(self, component: Component, shelf: Shelf, spread: Spread) -> Spread:
        """How many domains fewer than are wanted have room for a replica."""
        return self.stock.lacks(self.room.open(shelf.numbers, demand(component.needs)), spread)

    def missing(self, component: Component, shelf: Shelf, level: Level) -> int:
        """How many domains of a level there may be that do not answer, beside these."""
        silent = self.basis.silent
        if self.basis.keeps(component):
            return 0
        if level in ("vendor", "venue"):
            return len(silent.keys() - shelf.sites.keys())
        if self.basis.crosses(component, wanted(self.app.policy, component)):
            return silent.total()
        return sum(silent[site] for site in shelf.sites)

    def is_scattered(self, component: Component) -> bool:
        return len({run.offering.site for run in self.basis.before.get(component.name, ())}) > 1

    def together(self, component: Component) -> Shelf:
        """The candidates in venues that can run, or already do, all it shares a volume with."""
        fits = self.basis.fits[component.name]
        rejected = self.rejected[component.name] = list(fits.rejected)
        for venue, why in self.basis.absent.items():
            rejected.append(Rejection(component.name, venue, "-", why))
        shelf = self.stock.priced(component.needs).shelf(fits.ways)
        others = self.basis.sharers.get(component.name, ())
        if not others:
            return shelf
        kept: set[int] = set()
        for number in shelf.numbers:
            offering = self.stock.offerings[number]
            lone = next((o for o in others if offering.venue not in self.able[o[0]]), None)
            if lone:
                reason = "{!r}, which shares its volume {!r}, is not or cannot be there".format(
                    *lone
                )
                rejected.append(Rejection(component.name, offering.venue, offering.name, reason))
            else:
                kept.add(number)
        return shelf.only(kept.__contains__)

    def choose(self, component: Component, choices: Sequence[list[Stand]]) -> list[Stand]:
        """The cheapest, but stay where most replicas are unless moving saves the threshold.

        Ties: a plain process before a container, then by name and on the machine of a pool that
        has least to do, so that the same input gives the same placement on every machine.
        """
        if len(choices) < 2:
            return choices[0] if choices else []
        ways = self.basis.fits[component.name].ways
        costs = {id(choice): self.cost(component, choice) for choice in choices}

        def rank(choice: list[Stand]) -> tuple[Decimal, bool, str, int, str]:
            number = choice[0][2]
            first = self.stock.offerings[number]
            given = self.room.given[self.stock.venues[number]] if first.pool else 0
            contained = ways[self.stock.kind_of[number]] == "container"
            return costs[id(choice)], contained, first.site, given, first.venue

        def places(offerings: Iterable[Offering]) -> set[str]:
            return {o.venue for o in offerings} if keeps else {o.site for o in offerings}

        def used(choice: list[Stand]) -> set[str]:
            return places(self.stock.offerings[number] for _, _, number in choice)

        keeps = self.basis.keeps(component)
        before = self.basis.before.get(component.name, ())
        best = min(choices, key=rank)
        homes = places(run.offering for run in before if run.first < component.replicas)
        whole = [choice for choice in choices if homes and homes <= used(choice)]
        stay = whole or [choice for choice in choices if homes & used(choice)]
        home = min(stay, key=rank, default=best)
        return home if costs[id(home)] - costs[id(best)] <= self.threshold else best

    def cost(self, component: Component, choice: Sequence[Stand]) -> Decimal:
        """With what its traffic costs from there."""
        prices = self.stock.priced(component.needs).prices
        paid = sum((prices[number] * count for _, count, number in choice), Decimal(0))
        return paid + toll(self.basis, component.name, choice, self.placed)

    def left_alone(self, component: Component) -> list[Run]:
        """Where it was, if its data is there and nobody answers."""
        homes = {self.basis.homes.get(m.source) for m in component.mounts if m.kind == "volume"}
        for last in self.basis.before.get(component.name, ()):
            if last.offering.venue in homes & self.basis.absent.keys():
                name, count = component.name, component.replicas
                found = Run(self.app.name, name, 0, count, last.offering, last.runs_as)
                return [*_with_gpus(found, self.basis.before[name])]
        return []


def _with_gpus(run: Run, before: Iterable[Run]) -> Sequence[Run]:
    """Each replica with the GPUs that it had."""
    had = {one.index: one.gpus for each in before if each.gpus for one in each}
    return runs_of([replace(one, gpus=had.get(one.index, ())) for one in run]) if had else (run,)
