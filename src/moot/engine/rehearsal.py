"""Rehearse trouble: the venues are asked as for a plan, and nothing is changed or written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from moot.engine.cost import cost
from moot.engine.ground import explored
from moot.engine.observe import observe
from moot.engine.promised import promised
from moot.engine.recorded import Seen, fresh
from moot.engine.spared import spared
from moot.engine.turn import Turn, World
from moot.model.app import App
from moot.model.availability import Outlook
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Placement
from moot.model.rehearsal import (
    Damage,
    Ground,
    Loss,
    PriceChange,
    Rehearsed,
    Trouble,
    Worst,
    key_of,
)
from moot.model.report import Failures, Rehearsal, Stale
from moot.passes.damage import damage, worst
from moot.passes.domains import Domains, domains
from moot.passes.outlook import outlook
from moot.passes.rehearse import rehearse
from moot.passes.strive import strive
from moot.passes.suppose import LOST, suppose

# In a plan: domains in use, times what stands, times what is offered.  It comes to some hundredths
# of a second of CPU, a twentieth of what a plan takes by itself.
MOST_WORK = 8_000
LEAST_OFFERED = 10  # what a placement costs at least, in offerings


@dataclass(frozen=True, slots=True)
class Stage:
    """Where trouble is rehearsed: the `ground`, and what `stands` on it or would after `up`."""

    world: World
    ground: Ground
    stands: Placement
    stale: tuple[Stale, ...] = ()

    @classmethod
    def of(cls, app: App, world: World) -> Stage:
        """By what the venues say now and what was recorded last.

        Where nothing was, the plan's placement stands for it; Refused where there is none.
        """
        observed = None if fresh(app.name, world) else observe(app.name, world)
        seen = Seen(app.name, world, observed)
        silent = observed.unreached if observed else None
        ground = explored(app, world, seen.within(()).items, silent, patient=True)
        stands = ground.prior
        if stands is None:
            with world.solver() as solve:
                stands = strive(ground, solve=solve)
        return cls(world, ground, stands, observed.stale if observed else ())

    def what_if(self, lose: Sequence[str], load: int, prices: Iterable[PriceChange]) -> Rehearsal:
        """What comes of all this at once; BadInput for a name that means nothing, or several."""
        venues = self.world.venues
        trouble = Trouble(
            losses=self._domains().meant(lose),
            load=load,
            prices=tuple(replace(p, venues=frozenset(venues.meant(p.venues))) for p in prices),
        )
        with self.world.solver() as solve:
            found = rehearse(self.ground, self.stands, trouble, partial(strive, solve=solve))
        if not found.problems:
            found = replace(found, problems=self._broken(found, trouble))
        return Rehearsal(
            trouble=trouble,
            rehearsed=found,
            cost=cost(found.placement, found.before, self.ground.app.policy.budget),
            availability=self._outlook(found),
            stale=self.stale,
        )

    def failures(self) -> Failures:
        """What the loss of each domain that is in use would do."""
        known = self._domains()
        return Failures(damages=self._damages(known, self._used(known)), stale=self.stale)

    def worst(self) -> Worst:
        """The worst single failure, unless it takes long to look at so many."""
        known = self._domains()
        losses, control_planes = self._used(known), known.control_planes
        offered = len(self.ground.offerings) + LEAST_OFFERED
        policy = self.ground.app.policy
        offered *= 4 if policy.availability is not None or policy.headroom else 1  # it is striven
        offered *= 1 + bool(control_planes)  # it is rehearsed without them, too
        if len(losses) * len(self.stands.runs) * offered > MOST_WORK:
            return Worst(left_out=len(losses))
        damages = self._damages(known, losses)
        relies = tuple(found.reliance for found in damages if found.reliance)
        return Worst(damage=worst(damages), relies=relies if control_planes else None)

    def _damages(self, known: Domains, losses: Iterable[Loss]) -> tuple[Damage, ...]:
        return damage(self.ground, self.stands, losses, strive, known.control_planes)

    def _used(self, known: Domains) -> tuple[Loss, ...]:
        return tuple(known.used({key_of(run.offering) for run in self.stands.runs}))

    def _domains(self) -> Domains:
        here = (self.world.venues.configured[name] for name in self.world.allowed)
        standing = (run.offering for run in self.stands.runs)
        return domains(here, (*self.ground.offerings, *standing))

    def _broken(self, found: Rehearsed, trouble: Trouble) -> tuple[Diagnostic, ...]:
        """Why `up` would refuse it for what is promised; while something is lost it does not."""
        lost = {venue: LOST for loss in trouble.losses for venue, _ in loss.offerings}
        silent = {**self.ground.absent, **lost}
        try:
            promised(replace(self.ground, absent=silent), found.placement)
            if not trouble.losses:
                spared(suppose(self.ground, trouble), found.placement)
        except Refused as refused:
            return refused.diagnostics
        return ()

    def _outlook(self, found: Rehearsed) -> Outlook:
        """Of what would run; nothing remains where too few replicas do of a component needed."""
        outlooked = outlook(self.ground.app, found.running, self.world.venues.configured)
        if not found.down:
            return outlooked
        return replace(outlooked, least=0.0, most=0.0, limit=", ".join(found.down))


def worst_of(turn: Turn, world: World) -> Worst:
    """The worst single failure of what a plan will have placed."""
    if turn.ground is None or turn.placement is None:
        return Worst()
    return Stage(world, turn.ground, turn.placement).worst()
