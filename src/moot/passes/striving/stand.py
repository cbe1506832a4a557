"""Ground x Placement -> Ground: asked to be spread as it stands, so that nothing has to gather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from moot.model.availability import Level
from moot.model.placement import Placement
from moot.model.rehearsal import Ground, key_of
from moot.model.venue import Offering
from moot.passes.apart import apart

WIDER: Sequence[Level] = ("vendor", "venue", "region", "zone")


def stand(ground: Ground, placement: Placement, tied: bool = False) -> Ground:
    """What is not offered any more does not count.  Where they are `tied`, components may only go
    to venues and pools in which they have replicas, if they have any.
    """
    offered = {key_of(offering) for offering in ground.offerings}
    on: dict[str, list[Offering]] = {}
    for run in placement.runs:
        if key_of(run.offering) in offered:
            on.setdefault(run.component, []).append(run.offering)
    atlas = apart(ground.offerings)
    components = list(ground.app.components)
    for index, component in enumerate(components):
        if places := on.get(component.name):
            counts = atlas.counts(places, WIDER)
            spread = {level: max(n, component.spread.get(level, 1)) for level, n in counts.items()}
            spread = {**component.spread, **spread}
            needs = component.needs
            if tied:
                needs = replace(needs, traits=needs.traits | {_tie(component.name)})
            components[index] = replace(component, spread=spread, needs=needs)
    app = replace(ground.app, components=tuple(components))
    offerings = _tied(ground.offerings, on) if tied else ground.offerings
    return replace(ground, app=app, offerings=offerings)


def _tie(component: str) -> str:
    return f"a replica of {component}"


def _tied(
    offerings: Sequence[Offering], on: Mapping[str, Sequence[Offering]]
) -> Sequence[Offering]:
    ties: dict[str, set[str]] = {}
    for name, places in on.items():
        for place in places:
            ties.setdefault(place.site, set()).add(_tie(name))
    return [replace(o, traits=o.traits | ties.get(o.site, set())) for o in offerings]
