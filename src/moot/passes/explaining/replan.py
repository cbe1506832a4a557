"""Ground x a Placement found in haste -> the one that a plan has, as far as effort allows."""

from __future__ import annotations

from collections.abc import Callable

from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.passes.afford import spent
from moot.passes.explaining.attempt import Effort
from moot.passes.placing.search import LEAST, LOOKS, MOST
from moot.passes.strive import FEWEST, STRIDES

Thorough = Callable[[Ground, int, int], Placement]  # with so many attempts and strides
# What all strides are worth in searches, by what they were seen to take.
AVAILABLE, ROOMY = 20, 120


def replan(
    ground: Ground, hasty: Placement, thorough: Thorough, effort: Effort, among: int
) -> Placement | None:
    """None where the plan would be refused.  It may take one of so many parts of the effort left:
    where that is too little for all that a plan does, it is the cheaper of two placements.
    """
    share, whole = effort.left // among, _whole(ground)
    effort.left -= min(share, whole)
    if share >= whole:
        try:
            return thorough(ground, MOST, STRIDES)
        except Refused:
            return None
    attempts, strides = (most * share // whole for most in (_attempts(ground), STRIDES))
    if attempts <= LEAST:
        return hasty
    try:
        return min(hasty, thorough(ground, attempts, max(FEWEST, strides)), key=spent)
    except Refused:
        return hasty


def _whole(ground: Ground) -> int:
    """All that a plan may look at, in components times offerings."""
    policy = ground.app.policy
    times = 1 + bool(policy.budget) + 2 * bool(policy.spread)  # it is placed in more ways then
    times *= 1 + AVAILABLE * (policy.availability is not None) + ROOMY * bool(policy.headroom)
    return _looks(ground) * _attempts(ground) * times


def _attempts(ground: Ground) -> int:
    return max(LEAST, min(MOST, LOOKS // _looks(ground)))


def _looks(ground: Ground) -> int:
    return max(1, len(ground.app.components) * len(ground.offerings))
