"""Placement x a component -> for which promise of the whole it is where it is; "" for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from moot.model.availability import Level, percent
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.apart import PLURALS, apart
from moot.passes.strive import strive
from moot.passes.striving.stride import up
from moot.passes.striving.weigh import weigh


def striven(ground: Ground, placement: Placement, component: str) -> str:
    """Beside what would be placed, were nothing of it there yet and that promise not made."""
    app = ground.app
    if app.policy.availability is None and app.policy.headroom is None:
        return ""
    policy = replace(app.policy, availability=None, headroom=None)
    try:
        free = strive(replace(ground, app=replace(app, policy=policy), prior=None))
    except Refused:
        return ""
    would_be = weigh(ground, free, None)
    if not would_be.fails:
        return ""
    way = _wider(placement, free, component)
    if would_be.outlook.broken:
        wants = f"x-moot.availability wants {percent(app.policy.availability or 0.0)}"
        way = way or _better(ground, placement, free, component)
    else:
        wants = f"x-moot.headroom wants room for the loss of any {app.policy.headroom}"
        way = way or _freed(placement, free, component)
    return f"{wants}: {way}" if way else ""


def _wider(placement: Placement, free: Placement, component: str) -> str:
    """The widest level of which it has more domains."""
    here, there = _places(placement, component), _places(free, component)
    atlas = apart([*here, *there])
    levels: Sequence[Level] = (*PLURALS,)
    most, least = atlas.counts(here, levels), atlas.counts(there, levels)
    for level in levels:
        if most[level] > least[level]:
            return f"spread over {most[level]} {PLURALS[level]}"
    return ""


def _better(ground: Ground, placement: Placement, free: Placement, component: str) -> str:
    """The share of the time that every place is up, where that is more."""
    here, there = (
        min((up(offering, ground) or 0.0 for offering in _places(each, component)), default=0.0)
        for each in (placement, free)
    )
    return f"only on what is up {percent(here)} of the time" if here > there else ""


def _freed(placement: Placement, free: Placement, component: str) -> str:
    """Where it would be otherwise, and is nothing now."""
    used = {run.offering.venue for run in placement.runs}
    left = sorted({offering.venue for offering in _places(free, component)} - used)
    return f"{', '.join(left)} {'is' if len(left) == 1 else 'are'} left free" if left else ""


def _places(placement: Placement, component: str) -> list[Offering]:
    return [run.offering for run in placement.runs if run.component == component]
