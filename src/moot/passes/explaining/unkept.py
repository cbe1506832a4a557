"""Ground x Runs x a replica -> for each offering what would be broken with the replica there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from moot.model.placement import Assignment, Assignments, Placement, Run
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.apart import Atlas, apart
from moot.passes.explaining.breach import breach, is_promised


def unkept(ground: Ground, others: Sequence[Run], chosen: Assignment) -> Callable[[Offering], str]:
    """What says why it cannot be on an offering while the others are where they are; "" if it can.

    Machines that are alike and have nothing of the App are asked of once.
    """
    if not is_promised(ground):
        return lambda offering: ""
    atlas = apart([*ground.offerings, *(run.offering for run in others)])
    used = {atlas.path(run.offering) for run in others}
    known: dict[object, str] = {}

    def asked(offering: Offering) -> str:
        alike = _alike(offering, ground, atlas, used)
        if alike not in known:
            there = Run(ground.app.name, chosen.component, 0, 1, offering, chosen.runs_as)
            tried = Placement(assignments=Assignments(_numbered((*others, there))))
            known[alike] = breach(ground, tried)
        return known[alike]

    return asked


def _numbered(runs: Iterable[Run]) -> Iterator[Run]:
    """Anew, as if the replica in question were the last."""
    reached: Counter[str] = Counter()
    for run in runs:
        yield replace(run, first=reached[run.component])
        reached[run.component] += run.count


def _alike(offering: Offering, ground: Ground, atlas: Atlas, used: set[tuple[str, ...]]) -> object:
    path, venue = atlas.path(offering), ground.venues.get(offering.venue)
    if path in used or venue is None or venue.sla is None:
        return path
    shares = frozenset(venue.sla.shares(offering.is_machine).items())
    return path[:-1], shares, venue.sla.outage, offering.spot
