"""Ground x what stands x Trouble -> what would become of every replica, as `place` decides it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from moot.model.app import App
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.rehearsal import Ground, Key, Rehearsed, Trouble, key_of
from moot.model.venue import Offering
from moot.passes.afford import afford
from moot.passes.beside import beside
from moot.passes.connect import connect
from moot.passes.fare import fare
from moot.passes.place import place
from moot.passes.suppose import completed, keepers, suppose


def rehearse(ground: Ground, stands: Placement, trouble: Trouble) -> Rehearsed:
    """What `up` would make of what `stands`, were this so; component by component if it refuses.

    What is lost is to `place` as what does not answer.  A component that cannot be placed is left
    as it is with the room it has, and the others are placed.  Where a venue is lost in part, data
    is taken to be where its replicas stand.
    """
    desk = _Desk.of(ground, stands, trouble)
    placed = desk.placed()
    then = (*placed, *desk.remains(desk.bound), *desk.left())
    fates, stays = fare(desk.then.app, desk.before, then, desk.lost, desk.then.absent)
    running = tuple(run for run in then if not desk.is_gone(run.offering))
    return Rehearsed(
        fates=fates,
        stays=stays,
        before=_placement(desk.before),
        placement=_placement(then),
        running=_placement(running),
        problems=(*desk.problems, *desk.denied(then)),
        down=tuple(_down(desk.then.app, running)),
    )


@dataclass
class _Desk:
    """One rehearsal.  `before` is what stands at the prices of now, `then` what is decided from;
    components that are `bound` wait for what is lost in part, those `refused` cannot be placed.
    """

    before: Sequence[Run]
    then: Ground
    lost: frozenset[Key]
    bound: Collection[str]
    refused: set[str] = field(default_factory=set[str])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    @classmethod
    def of(cls, ground: Ground, stands: Placement, trouble: Trouble) -> _Desk:
        now = {key_of(offering): offering for offering in ground.offerings}
        before = [replace(r, offering=now.get(key_of(r.offering), r.offering)) for r in stands.runs]
        keeping, then = keepers(ground.app), suppose(ground, trouble)
        lost = frozenset(key for loss in trouble.losses for key in loss.offerings)
        in_part = (r for r in before if key_of(r.offering) in lost)
        in_part = (r for r in in_part if r.offering.venue not in then.absent)
        return cls(
            before=before,
            then=replace(then, homes={**_homes(keeping, before), **ground.homes}),
            lost=lost,
            bound={run.component for run in in_part if run.component in keeping},
        )

    def placed(self) -> tuple[Run, ...]:
        """Those that can be placed, beside what the others hold."""
        while True:
            app = self.app()
            names = {component.name for component in app.components}
            prior = (run for run in self.before if run.component in names)
            try:
                return place(
                    app,
                    beside(self.left(), self.then),
                    prior=_placement(prior),
                    homes=self.then.homes,
                    absent=self.then.absent,
                ).runs
            except Refused as refused:
                self.problems += refused.diagnostics
                # What is of no component is of all: they cannot be told apart.
                self.refused |= names & {d.component for d in refused.diagnostics} or names

    def app(self) -> App:
        """The components that are not known yet to be without a place."""
        out = {*self.refused, *self.bound}
        app = self.then.app
        return replace(app, components=tuple(c for c in app.components if c.name not in out))

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
        app, ground, placement = self.then.app, self.then, _placement(runs)
        try:
            connect(app, placement, ground.ports, ground.taken)
        except Refused as refused:
            yield from refused.diagnostics
        try:
            afford(app, placement)
        except Refused as refused:
            yield from refused.diagnostics


def _placement(runs: Iterable[Run]) -> Placement:
    return Placement(assignments=Assignments(runs))


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
