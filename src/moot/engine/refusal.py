"""Finds which promises of a refused App cannot be kept together, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from moot.engine.offered import offered
from moot.engine.promised import promised
from moot.engine.quotas import counted
from moot.engine.spared import spared
from moot.engine.turn import World
from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.passes.afford import afford
from moot.passes.explaining.attempt import Effort
from moot.passes.explaining.conflict import conflict
from moot.passes.explaining.relax import relax
from moot.passes.placing.search import LEAST
from moot.passes.strive import strive
from moot.provider import ProviderError

# Components times offerings: 58 and 19 placements of 50 components on 300 machines, or so many more
# of fewer.  Together they come to less than two seconds of CPU.
MOST_SEARCHED = 900_000
MOST_RELAXED = 300_000
STRIDES = 12  # of each of them, where promises of the whole are to be kept
MOST_REPLANNED = 400_000  # and so many once more for what a plan of each relaxation would cost


def refusal(ground: Ground, world: World, refusals: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The same diagnostics; the one that the conflict is about has it."""

    def checked(tried: Ground, placement: Placement) -> Placement:
        afford(tried.app, placement)
        if tried.app.policy.availability is not None:
            promised(tried, placement)
        spared(tried, placement)
        return placement

    def decide(tried: Ground) -> Placement:
        return checked(tried, strive(tried, LEAST, STRIDES))

    wider = _widened(ground, world)
    troubled = [refusal.component for refusal in refusals if refusal.component]
    found = conflict(wider, decide, troubled, Effort(MOST_SEARCHED))
    if found is None:
        yield from refusals
        return
    with world.solver() as solve:

        def thorough(tried: Ground, attempts: int, strides: int) -> Placement:
            return checked(tried, strive(tried, attempts, strides, solve))

        found = relax(wider, found, decide, Effort(MOST_RELAXED), thorough, Effort(MOST_REPLANNED))
    about = next((r for r in refusals if r.component in found.components), refusals[0])
    for refusal in refusals:
        yield replace(refusal, conflict=found) if refusal is about else refusal


def _widened(ground: Ground, world: World) -> Ground:
    """With what those venues offer that the App does not allow."""
    if not ground.app.policy.venues:
        return ground
    asked = world.venues.meant(ground.app.policy.venues)
    usable = [name for name in world.allowed if name not in asked and _is_usable(name, world)]
    offerings, absent = offered(usable, world.venues, world.slots)
    return replace(
        ground,
        offerings=[*ground.offerings, *counted(ground.app.name, offerings, world.store)],
        absent={**ground.absent, **{name: error.message for name, error in absent.items()}},
    )


def _is_usable(name: str, world: World) -> bool:
    """What is wrong with the settings of a venue that was not asked for is no matter here."""
    try:
        world.venues.provider(name)
    except (BadInput, ProviderError):
        return False
    return True
