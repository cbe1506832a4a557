"""Ground x a component that has no place for all its replicas -> as many of them as have one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from moot.model.app import App, Component
from moot.model.diagnostic import Refused
from moot.model.placement import Placement, Run
from moot.model.rehearsal import Ground
from moot.passes.apart import apart
from moot.passes.beside import beside
from moot.passes.explaining.attempt import Decide
from moot.passes.placing.cram import cram
from moot.passes.placing.fit import fit
from moot.passes.placing.ration import takes
from moot.passes.placing.stock import demand, stock
from moot.passes.placing.stow import Ask, worth

TRIES = 5  # placements of everything


def lessen(
    ground: Ground, name: str, others: Collection[Run], least: int, decide: Decide
) -> tuple[int, Placement] | None:
    """How many it is, more than `least`, and where everything goes then; None where no such number
    was found.

    Beside the `others`, which have their places, so many go into one venue or pool.  Where that is
    too many for another reason, a few smaller numbers are tried.
    """
    component = next(c for c in ground.app.components if c.name == name)
    high = min(component.replicas - 1, _room(ground, component, others))
    count, found = high, None
    for _ in range(TRIES):
        if count <= least:
            break
        try:
            found = count, decide(replace(ground, app=_with(ground.app, name, count)))
            least = count
        except Refused:
            high = count - 1
        count = (least + high + 1) // 2
    return found


def _room(ground: Ground, component: Component, others: Collection[Run]) -> int:
    """How many replicas go into the venue or pool that has most room."""
    left = [o for o in beside(others, ground) if o.venue not in ground.absent]
    most = 0
    for site in sorted({offering.site for offering in left}):
        here = stock((o for o in left if o.site == site), apart(()))
        ways = fit(ground.app, component, here, ground.homes).ways
        ask = Ask(demand(component.needs), frozenset(ways), component.replicas)
        count = worth([ask], cram(here, [ask], rounds=0))[1]
        rooms = (o.quota.room(takes(component.needs, o), count) for o in here.offerings if o.quota)
        most = max(most, max(rooms, default=count))
    return most


def _with(app: App, name: str, count: int) -> App:
    """With so many replicas of that component."""
    return replace(
        app,
        components=tuple(
            replace(c, replicas=count, quorum=min(c.quorum, count)) if c.name == name else c
            for c in app.components
        ),
    )
