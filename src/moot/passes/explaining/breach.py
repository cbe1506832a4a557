"""Ground x Placement -> which promise of the whole App it breaks, in words."""

from __future__ import annotations

from moot.model.availability import percent
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.passes.outlook import outlook
from moot.passes.spare import spare


def breach(ground: Ground, placement: Placement) -> str:
    """How it breaks availability or headroom; "" where it keeps them, or nothing is refused."""
    policy = ground.app.policy
    if policy.availability is not None and not ground.lenient:
        found = outlook(ground.app, placement, ground.venues, limited=False)
        if found.broken:
            wants = percent(found.promised or 0.0)
            most = percent(found.most)
            return f"the App would be up {most} there, and x-moot.availability wants {wants}"
    if policy.headroom is not None and not ground.missed:
        left = spare(ground, placement)
        if left and left.shortfalls:
            return f"then {left.shortfalls[0]}, and x-moot.headroom is {left.level}"
    return ""


def is_promised(ground: Ground) -> bool:
    """Whether there is anything that could be broken so."""
    policy = ground.app.policy
    promised = policy.availability is not None and not ground.lenient
    return promised or (policy.headroom is not None and not ground.missed)
