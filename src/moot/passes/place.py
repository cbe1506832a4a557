"""App x Offerings x prior Placement -> Placement: drop what cannot run, take the cheapest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial

from moot.model.app import App
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.placing.assign import assign
from moot.passes.placing.fill import MOVE_THRESHOLD
from moot.passes.placing.prepare import prepare
from moot.passes.placing.search import MOST, Attempts, search
from moot.passes.placing.stock import price


def place(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None = None,
    homes: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
    attempts: int = MOST,
) -> Placement:
    """Every replica on an offering with room, all replicas of a component in one venue or pool.

    They are in several where `x-moot.spread` asks for domains that no single one has, if replicas
    elsewhere can be reached from each.  Those with a volume of the App's, and all that share one,
    are together in one venue: a pool's machine.  `homes` says in which venue each existing volume
    is; a component goes where its data is.  `absent` are venues that do not answer, with the
    reason: what has its data there stays assigned there, whatever else was there goes elsewhere,
    also where that is less spread than the App wants.  What costs more than the budget is placed
    once more, and moves for any saving.  There are at most so many `attempts` at each step; where
    all fail, what runs may stay at any price.  Raises Refused with every component that cannot be
    placed and why.
    """
    basis = prepare(app, offerings, prior, homes or {}, absent or {})
    afresh = basis.afresh()

    def searched(threshold: Decimal) -> Placement:
        manners = Attempts(
            together=partial(assign, basis, threshold),
            alone=lambda component: assign(
                afresh, Decimal(0), [component], drives=False, packs=False
            ),
            worth=lambda found: _asked(found) + threshold * _moved(found, prior),
            runs=bool(basis.before),
        )
        return search(app.components, manners, offerings, attempts)

    try:
        placement = searched(MOVE_THRESHOLD)
    except Refused as refused:
        try:
            if not basis.before:
                raise refused
            placement = assign(
                basis, Decimal("Infinity"), app.components, drives=False, packs=False
            )
        except Refused:
            raise refused from None
    budget = app.policy.budget
    if budget and spent(placement) > budget.hourly:
        with suppress(Refused):  # what moves may take the only room that another can have
            return min(placement, searched(Decimal(0)), key=_asked)
    return placement


def _asked(found: Placement) -> Decimal:
    """What it costs an hour, where an unknown price is a very high one."""
    return sum((price(run.offering) * run.count for run in found.runs), Decimal(0))


def _moved(found: Placement, prior: Placement | None) -> int:
    """How many components have replicas on what they were not on."""
    runs = prior.runs if prior else ()
    before = {(run.component, run.offering.venue) for run in runs}
    stood = {name for name, _ in before}
    there = ((run.component, run.offering.venue) for run in found.runs)
    return len({name for name, venue in there if name in stood and (name, venue) not in before})
