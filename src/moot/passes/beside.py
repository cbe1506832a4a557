"""Runs x Ground -> what is offered beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from moot.model.app import Needs
from moot.model.placement import Run
from moot.model.quota import NOTHING, Amounts, Quota
from moot.model.rehearsal import Ground, Key, key_of
from moot.model.venue import Offering
from moot.passes.placing.cards import WHOLE, sizes
from moot.passes.placing.ration import takes


def beside(held: Collection[Run], ground: Ground) -> Sequence[Offering]:
    """What is offered, without the room that these runs go on holding."""
    needs = {component.name: component.needs for component in ground.app.components}
    count: Counter[tuple[Key, str]] = Counter()
    for run in held:
        count[key_of(run.offering), run.component] += run.count
    room = {key_of(offering): offering for offering in ground.offerings}
    for (key, component), held_by in count.items():
        if offering := room.get(key):
            need = needs[component]
            room[key] = replace(
                offering,
                cpu=round(offering.cpu - held_by * need.cpu, 6),  # as room is counted
                memory_mib=offering.memory_mib - held_by * need.memory_mib,
                disk_mib=offering.disk_mib - held_by * need.disk_mib,
            )
    for run in held:
        if run.gpus and (offering := room.get(key_of(run.offering))):
            room[key_of(offering)] = _without(offering, run, needs[run.component])
    quotas = {offering.site: offering.quota for offering in ground.offerings if offering.quota}
    if not quotas:
        return tuple(room.values())
    return _rationed(room.values(), {s: q.taking(_used(held, needs, s)) for s, q in quotas.items()})


def _rationed(room: Iterable[Offering], quotas: Mapping[str, Quota]) -> Sequence[Offering]:
    return [replace(offering, quota=quotas.get(offering.site)) for offering in room]


def _used(held: Iterable[Run], needs: Mapping[str, Needs], site: str) -> Amounts:
    """What they have of a quota, also where nothing is offered."""
    used = NOTHING
    for run in held:
        if run.offering.site == site:
            used = used.plus(takes(needs[run.component], run.offering), run.count)
    return used


def _without(offering: Offering, run: Run, needs: Needs) -> Offering:
    """With less left of the GPUs that these replicas have."""
    left = [*sizes(offering)]
    for card in run.gpus:
        if card < len(left):
            left[card] -= round(min(needs.gpus, 1) * WHOLE) * run.count
    return replace(offering, gpus_left=tuple(left))
