"""Ground x what stands x failure domains -> what the loss of each would do, the worst first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from moot.model.placement import Placement
from moot.model.rehearsal import Damage, Ground, Loss, Rehearsed, Trouble
from moot.passes.explaining.attempt import Decide
from moot.passes.rehearse import rehearse
from moot.passes.rely import rely


def damage(
    ground: Ground,
    stands: Placement,
    losses: Iterable[Loss],
    decide: Decide,
    control_planes: Collection[Loss] = (),
) -> tuple[Damage, ...]:
    """Worse is what leaves more components without enough replicas; then what leaves more replicas
    that cannot run, then what `up` would refuse to make good, then what makes more move.  Each says
    without which control planes a component would have too few replicas.
    """

    def done(loss: Loss) -> Damage:
        found = rehearse(ground, stands, Trouble(losses=(loss,)), decide)
        reliance = rely(ground, stands, loss, found, control_planes, decide, _down)
        return Damage(loss=loss, rehearsed=found, reliance=reliance)

    return tuple(sorted(map(done, losses), key=_rank))


def worst(damages: Sequence[Damage]) -> Damage | None:
    """The worst that leaves something running; the worst of all where nothing does that.

    That an App whose only pool is lost stands still says nothing about the App.
    """
    return next((d for d in damages if not d.total), damages[0] if damages else None)


def _down(found: Rehearsed) -> Collection[str]:
    return found.down


def _rank(damage: Damage) -> tuple[int, int, bool, int, str]:
    found = damage.rehearsed
    down, moves = len(found.down), found.count("moves")
    return -down, -found.lacking, not found.problems, -moves, damage.loss.label
