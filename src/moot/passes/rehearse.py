"""Ground x what stands x Trouble -> what would become of every replica, as it is decided now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from moot.model.app import App, Component
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.rehearsal import Fate, Ground, Key, Rehearsed, Trouble, key_of
from moot.model.venue import Offering
from moot.passes.afford import afford
from moot.passes.beside import beside
from moot.passes.blame import blame
from moot.passes.connect import connect
from moot.passes.disk import disk
from moot.passes.egress import egress
from moot.passes.explaining.attempt import Decide
from moot.passes.fare import fare
from moot.passes.freeze import freeze
from moot.passes.lessen import lessen
from moot.passes.suppose import completed, keepers, suppose


def rehearse(ground: Ground, stands: Placement, trouble: Trouble, decide: Decide) -> Rehearsed:
    """What `up` would make of what `stands`, were this so; component by component if it refuses.

    What is lost is to `place` as what does not answer.  A component that cannot be placed is left
    as it is with the room it has, and the others are placed; then more of its replicas, as many as
    have room beside them.  Where a venue is lost in part, data is taken to be where its replicas
    stand.  Where the loss of a control plane is the reason that something cannot run, it is named.
    """
    found = _rehearsed(ground, stands, trouble, decide)
    steered = tuple(loss for loss in trouble.losses if not loss.frozen)
    if not found.lacking or steered == trouble.losses:
        return found
    free = _rehearsed(ground, stands, replace(trouble, losses=steered), decide)
    return blame(found, free, [loss for loss in trouble.losses if loss.frozen])


def _rehearsed(ground: Ground, stands: Placement, trouble: Trouble, decide: Decide) -> Rehearsed:
    desk = _Desk.of(ground, stands, trouble, decide)
    placed = desk.placed()
    then = (*placed, *desk.remains(desk.bound), *desk.left())
    fates, stays = fare(desk.then.app, desk.before, then, desk.lost, desk.then.absent)
    running = tuple(run for run in then if not desk.is_gone(run.offering))
    return Rehearsed(
        fates=tuple(map(desk.told, fates)),
        stays=stays,
        before=_placement(ground.app, desk.before),
        placement=_placement(desk.then.app, then),
        running=_placement(desk.then.app, running),
        problems=(*desk.problems, *desk.denied(then)),
        down=tuple(_down(desk.then.app, running)),
    )


@dataclass
class _Desk:
    """One rehearsal.  `before` is what stands at the prices of now, `then` what is decided from;
    components that are `bound` wait for what is lost in part, those `refused` cannot be placed,
    and of some there are `fewer` replicas than are wanted.
    """

    before: Sequence[Run]
    then: Ground
    lost: frozenset[Key]
    bound: Collection[str]
    decide: Decide
    refused: set[str] = field(default_factory=set[str])
    fewer: dict[str, int] = field(default_factory=dict[str, int])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    @classmethod
    def of(cls, ground: Ground, stands: Placement, trouble: Trouble, decide: Decide) -> _Desk:
        now = {key_of(offering): offering for offering in ground.offerings}
        before = [replace(r, offering=now.get(key_of(r.offering), r.offering)) for r in stands.runs]
        keeping, then = keepers(ground.app), suppose(ground, trouble)
        lost = frozenset(key for loss in trouble.losses for key in loss.offerings)
        frozen = frozenset(key for loss in trouble.losses for key in loss.frozen)
        in_part = (r for r in before if key_of(r.offering) in lost)
        in_part = (r for r in in_part if r.offering.venue not in then.absent)
        return cls(
            before=before,
            then=replace(then, homes={**_homes(keeping, before), **ground.homes}),
            lost=lost,
            bound={run.component for run in in_part if run.component in keeping},
            decide=freeze(decide, frozen - lost),
        )

    def placed(self) -> tuple[Run, ...]:
        """Those that can be placed, beside what the others hold; then of these what has room."""
        runs = self.whole()
        for component in self.then.app.components:
            if component.name in self.refused - {*self.bound}:
                runs = self.lessened(component, runs)
        return runs

    def whole(self) -> tuple[Run, ...]:
        """The components that can be placed with all their replicas."""
        while True:
            ground = self.ground()
            try:
                return self.decide(ground).runs
            except Refused as refused:
                self.problems += refused.diagnostics
                names = {component.name for component in ground.app.components}
                # What is of no component is of all: they cannot be told apart.
                self.refused |= names & {d.component for d in refused.diagnostics} or names

    def lessened(self, component: Component, runs: tuple[Run, ...]) -> tuple[Run, ...]:
        """With as many of its replicas as have room, if these are more than go on running."""
        name = component.name
        stays = [run for run in self.remains((name,)) if not self.is_gone(run.offering)]
        count = sum(run.count for run in stays)
        last = max((run.first + run.count for run in stays), default=0)
        self.refused.discard(name)
        found = lessen(self.ground(), name, runs, max(count, last - 1), self.decide)
        if found is None:
            self.refused.add(name)
            return runs
        self.fewer[name], placement = found
        return placement.runs

    def ground(self) -> Ground:
        """What is placed now: the components that are not known to be without a place."""
        out = {*self.refused, *self.bound}
        components = tuple(
            replace(c, replicas=self.fewer.get(c.name, c.replicas))
            for c in self.then.app.components
            if c.name not in out
        )
        app = replace(self.then.app, components=components)
        names = {component.name for component in components}
        prior = (run for run in self.before if run.component in names)
        waits = (run for run in self.remains(self.bound) if self.is_gone(run.offering))
        offerings = beside((*self.left(), *waits), self.then)
        return replace(self.then, app=app, offerings=offerings, prior=_placement(app, prior))

    def told(self, fate: Fate) -> Fate:
        """With how many there is room for, where that is the reason."""
        if fate.component not in self.fewer or fate.fortune not in ("stops", "lacks"):
            return fate
        wanted = {c.name: c.replicas for c in self.then.app.components}[fate.component]
        return replace(fate, why=f"there is room for {self.fewer[fate.component]} of {wanted}")

    def left(self) -> tuple[Run, ...]:
        """What goes on where it was, of components that cannot be placed."""
        return tuple(run for run in self.remains(self.refused) if not self.is_gone(run.offering))

    def remains(self, components: Collection[str]) -> Iterator[Run]:
        """What stands of these components and is still wanted."""
        wanted = {c.name: c.replicas for c in self.then.app.components if c.name in components}
        for run in self.before:
            count = min(run.count, wanted.get(run.component, 0) - run.first)
            if count > 0:
                yield replace(run, count=count)

    def is_gone(self, offering: Offering) -> bool:
        return key_of(offering) in self.lost or offering.venue in self.then.absent

    def denied(self, runs: Sequence[Run]) -> Iterator[Diagnostic]:
        """Why it could not be reached, or not be paid for."""
        app, ground, placement = self.then.app, self.then, _placement(self.then.app, runs)
        try:
            connect(app, placement, ground.ports, ground.taken)
        except Refused as refused:
            yield from refused.diagnostics
        try:
            afford(app, placement)
        except Refused as refused:
            yield from refused.diagnostics


def _placement(app: App, runs: Iterable[Run]) -> Placement:
    placed = Assignments(runs)
    return Placement(
        assignments=placed, egress=egress(app, placed.runs), disk=disk(app, placed.runs)
    )


def _homes(keeping: Mapping[str, Iterable[str]], before: Iterable[Run]) -> dict[str, str]:
    """Where the data will be of what is not made yet."""
    found: dict[str, str] = {}
    for run in before:
        for volume in keeping.get(run.component, ()):
            found.setdefault(volume, run.offering.venue)
    return found


def _down(app: App, running: Iterable[Run]) -> Iterator[str]:
    """The components that are needed and have not enough replicas."""
    up: Counter[str] = Counter()
    for run in running:
        up[run.component] += run.count
    jobs = completed(app)
    needed = (c for c in app.components if c.replicas and c.name not in jobs)
    yield from (c.name for c in needed if up[c.name] < c.quorum)
