"""What other Apps hold of the quotas of venues and pools, by the record of their placements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf

from moot.model.app import App, Needs
from moot.model.codec import placement_from_json
from moot.model.quota import NOTHING, Amounts
from moot.model.rehearsal import Ground
from moot.model.value import JSON
from moot.model.venue import Offering, Venue
from moot.passes.placing.ration import takes
from moot.store import Store

SIZES = "sizes"  # the key in a placement as it is written


class QuotaTaken(Exception):
    """Another App was given some of a quota since this one was placed."""


def sizes(app: App) -> JSON:
    """What one replica of each component takes, for the record: CPUs, MiB, and GPUs or null."""
    return {
        c.name: [c.needs.cpu, c.needs.memory_mib, None if c.needs.gpus == inf else c.needs.gpus]
        for c in app.components
    }


def counted(app: str, offerings: Iterable[Offering], store: Store) -> list[Offering]:
    """With what all other Apps hold taken from the quotas; nothing is read where there are none."""
    offered = list(offerings)
    quotas = {offering.site: offering.quota for offering in offered if offering.quota}
    for site, held in _given(store, app).items() if quotas else ():
        if quota := quotas.get(site):
            quotas[site] = quota.taking(held)
    return [replace(o, quota=quotas[o.site]) if o.quota else o for o in offered]


def rests(venues: Iterable[Venue], store: Store) -> Mapping[str, str]:
    """By entry that states a quota what it leaves after all Apps, in words; all is read once."""
    stated = {venue.entry: venue.quota for venue in venues if venue.quota}
    given: Mapping[str, Amounts] = _given(store) if stated else {}
    return {
        entry: quota.taking(given.get(entry, NOTHING)).told(entry)
        for entry, quota in stated.items()
    }


def is_counted(ground: Ground, store: Store) -> bool:
    """Whether other Apps still hold what was counted when the App was placed."""
    stated = [replace(o, quota=replace(o.quota, held=NOTHING)) for o in ground.offerings if o.quota]
    then = {offering.site: offering.quota for offering in ground.offerings if offering.quota}
    return then == {o.site: o.quota for o in counted(ground.app.name, stated, store)}


def _given(store: Store, but: str = "") -> Mapping[str, Amounts]:
    """What Apps hold, all but one, by venue or pool."""
    found: dict[str, Amounts] = {}
    for app in store.placed():
        for site, held in _held(store.placement(app)) if app != but else ():
            found[site] = found.get(site, NOTHING).plus(held)
    return found


def _held(body: Mapping[str, JSON]) -> Iterator[tuple[str, Amounts]]:
    """By venue or pool.  Of what an older moot wrote down only the replicas are known."""
    written: Mapping[str, JSON] = body.get(SIZES) or {}
    for run in placement_from_json(body).runs:
        cpu, memory_mib, gpus = written.get(run.component, (0, 0, 0))
        needs = Needs(cpu=cpu, memory_mib=memory_mib, gpus=inf if gpus is None else gpus)
        yield run.offering.site, NOTHING.plus(takes(needs, run.offering), run.count)
