"""Runs x Ground -> what is offered beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from moot.model.app import Needs
from moot.model.placement import Run
from moot.model.rehearsal import Ground, Key, key_of
from moot.model.venue import Offering
from moot.passes.placing.cards import WHOLE, sizes


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
    return tuple(room.values())


def _without(offering: Offering, run: Run, needs: Needs) -> Offering:
    """With less left of the GPUs that these replicas have."""
    left = [*sizes(offering)]
    for card in run.gpus:
        if card < len(left):
            left[card] -= round(min(needs.gpus, 1) * WHOLE) * run.count
    return replace(offering, gpus_left=tuple(left))
