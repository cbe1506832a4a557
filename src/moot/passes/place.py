"""App x Offerings x prior Placement -> Placement: drop what cannot run, take the cheapest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial

from moot.model.app import App
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.egress import egress
from moot.passes.gathering.gather import gather
from moot.passes.placing.assign import assign
from moot.passes.placing.fill import MOVE_THRESHOLD
from moot.passes.placing.join import join
from moot.passes.placing.prepare import Basis, prepare
from moot.passes.placing.search import LEAST, LOOKS, MOST, Attempts, search
from moot.passes.worth import worth

STAYS = Decimal(10**9)  # a threshold above all that could be saved


def place(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None = None,
    homes: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
    attempts: int = MOST,
    threshold: Decimal = MOVE_THRESHOLD,
) -> Placement:
    """Every replica on an offering with room, all replicas of a component in one venue or pool.

    They are in several where `x-moot.spread` asks for domains that no single one has, if replicas
    elsewhere can be reached from each.  Those with a volume of the App's, and all that share one,
    are together in one venue: a pool's machine.  `homes` says in which venue each existing volume
    is; a component goes where its data is.  `absent` are venues that do not answer, with the
    reason: what has its data there stays assigned there, whatever else was there goes elsewhere,
    also where that is less spread than the App wants.  What costs more than the budget is placed
    once more, and moves for any saving; else what runs moves only for more than the `threshold` an
    hour.  There are at most so many `attempts` at each step; where all fail, what runs may stay at
    any price.  New replicas that talk much are on one machine, where that costs no more.  Raises
    Refused with every component that cannot be placed and why.
    """
    first = prepare(app, offerings, prior, homes or {}, absent or {})
    found = _gathered(first, _placed(first, prior, offerings, attempts, threshold))
    while _may_be_better(first, found, attempts):
        basis = prepare(app, offerings, found, homes or {}, absent or {})
        again = _gathered(first, _placed(basis, found, offerings, attempts, threshold))
        if _price(again) >= _price(found):
            break
        found = again
    return found


def _gathered(basis: Basis, found: Placement) -> Placement:
    """With what talks much together, unless what leaves a venue costs more then."""
    gathered = gather(basis, found)
    if not basis.talks:
        return gathered
    return min(replace(gathered, egress=egress(basis.app, gathered.runs)), found, key=_price)


def _may_be_better(basis: Basis, found: Placement, attempts: int) -> bool:
    """Whether who is placed again, from where all would stand then, may find something cheaper.

    Who talks may see only then what is paid for it; else it is for more than the LEAST attempts.
    """
    looks = attempts > LEAST and _is_open(basis)
    return bool(basis.talks) or (looks and found.floor != _price(found))


def _is_open(basis: Basis) -> bool:
    """Whether one placement may be cheaper than another, and there is the time to look."""
    looks = len(basis.app.components) * len(basis.stock.offerings)
    return looks <= LOOKS and len({*basis.stock.prices}) > 1


def _placed(
    basis: Basis,
    prior: Placement | None,
    offerings: Sequence[Offering],
    attempts: int,
    threshold: Decimal,
) -> Placement:
    """Once, by what is known of where the others are."""
    app, afresh = basis.app, basis.afresh()

    def searched(threshold: Decimal) -> Placement:
        manners = Attempts(
            together=partial(assign, basis, threshold),
            alone=lambda component: assign(
                afresh, Decimal(0), [component], drives=False, packs=False
            ),
            worth=lambda found: worth(found, prior, threshold),
            runs=bool(basis.before),
            joins=join(basis.talks, (offering.site for offering in offerings)),
        )
        return search(app.components, manners, offerings, attempts)

    def stayed() -> Placement:
        return assign(basis, Decimal("Infinity"), app.components, drives=False, packs=False)

    try:
        placement = searched(threshold)
    except Refused as refused:
        try:
            if not basis.before:
                raise refused
            placement = stayed()
        except Refused:
            raise refused from None
    if basis.before and _is_open(basis):
        with suppress(Refused):  # who moves must not make it dearer for all together
            stays = replace(stayed(), floor=placement.floor)
            placement = min(stays, placement, key=lambda found: worth(found, prior, threshold))
    budget = app.policy.budget
    if budget and spent(placement) > budget.hourly:
        with suppress(Refused):  # what moves may take the only room that another can have
            return min(placement, searched(Decimal(0)), key=_price)
    return placement


def _price(found: Placement) -> Decimal:
    return worth(found, None, Decimal(0))
