"""Runs x Ground -> what is offered beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from moot.model.placement import Run
from moot.model.rehearsal import Ground, Key, key_of
from moot.model.venue import Offering


def beside(held: Iterable[Run], ground: Ground) -> Sequence[Offering]:
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
    return tuple(room.values())
