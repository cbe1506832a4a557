"""Ground x how it is decided -> Placement, or None where that is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground

Decide = Callable[[Ground], Placement]

LEAST_OFFERED = 10  # what a placement costs at least, in offerings


class Exhausted(Exception):
    """There is no effort left for another attempt."""


@dataclass
class Effort:
    """How much may still be tried: components times offerings, each some microseconds of CPU."""

    left: int


def attempt(ground: Ground, decide: Decide, effort: Effort) -> Placement | None:
    """Raises Exhausted where that would take more than is left."""
    policy = ground.app.policy
    looks = len(ground.app.components) * (len(ground.offerings) + LEAST_OFFERED)
    times = 1 + bool(policy.budget) + 2 * bool(policy.spread)  # it is placed in more ways then
    times *= 1 + 12 * (policy.availability is not None) + 240 * (policy.headroom is not None)
    effort.left -= looks * times
    if effort.left < 0:
        raise Exhausted
    try:
        return decide(ground)
    except Refused:
        return None
