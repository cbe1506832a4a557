"""App x Offerings x prior Placement -> Placement: drop what cannot run, take the cheapest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from math import inf
from typing import NamedTuple

from moot.model.app import App
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.programme import Solve
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.apart import wanted
from moot.passes.disk import tariffs
from moot.passes.egress import egress
from moot.passes.gathering.gather import gather
from moot.passes.placing.assign import assign
from moot.passes.placing.fill import MOVE_THRESHOLD
from moot.passes.placing.join import join
from moot.passes.placing.least import least
from moot.passes.placing.prepare import Basis, prepare
from moot.passes.placing.search import LEAST, LOOKS, MOST, Attempts, search
from moot.passes.worth import worth

STAYS = Decimal(10**9)  # a threshold above all that could be saved
ROUNDS = 4  # of looking once more at what the solver made better
NO_WAY = "it was proven that no way of placing the components together keeps all of these promises"


def place(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None = None,
    homes: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
    attempts: int = MOST,
    threshold: Decimal = MOVE_THRESHOLD,
    solve: Solve | None = None,
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
    any price.  New replicas that talk much are on one machine, where that costs no more.  Where
    that may not be the best there is, `solve` is asked, if there is one.  Raises Refused with every
    component that cannot be placed and why.
    """

    def ground(stands: Placement | None) -> Basis:
        return prepare(app, offerings, stands, homes or {}, absent or {})

    def sought(stands: Placement | None) -> Placement:
        first = ground(stands)
        found = _gathered(first, _placed(first, stands, offerings, attempts, threshold))
        while _may_be_better(first, found, attempts):
            again = _placed(ground(found), found, offerings, attempts, threshold)
            again = _gathered(first, again)
            if _price(again) >= _price(found):
                break
            found = again
        return found

    large = len(app.components) * len(offerings) > LOOKS
    if solve is None or large or any(offering.hourly is None for offering in offerings):
        return sought(prior)
    return _proven(_Search(ground, sought, threshold, solve), prior)


class _Search(NamedTuple):
    """What is known where something `stands`, and what is found from there without a solver."""

    ground: Callable[[Placement | None], Basis]
    sought: Callable[[Placement | None], Placement]
    threshold: Decimal
    solve: Solve

    def proven(self, stands: Placement | None) -> tuple[Placement, Placement | None]:
        """What the solver makes of what is found, and that, if anything was."""
        try:
            found = self.sought(stands)
        except Refused as refused:
            return self.rescued(stands, refused), None
        if found.floor == _price(found):
            return found, found
        from moot.passes.placing.prove import prove  # most placements have no gap

        basis = self.ground(stands)
        budget = basis.app.policy.budget
        dear = budget and spent(found) > budget.hourly  # it moves for any saving then
        threshold = Decimal(0) if dear else self.threshold
        better = prove(basis, found, stands, threshold, self.solve).found or found
        return (better if better.runs == found.runs else _gathered(basis, better)), found

    def rescued(self, stands: Placement | None, refused: Refused) -> Placement:
        """What nothing else found a place for."""
        from moot.passes.placing.prove import prove

        basis = self.ground(stands)
        found, is_impossible = prove(basis, None, stands, self.threshold, self.solve)
        if found:
            return _gathered(basis, found)
        if not is_impossible:
            raise refused
        first, *others = refused.diagnostics
        detail = f"{first.detail}\n{NO_WAY}"
        raise Refused(replace(first, detail=detail), *others) from None


def _proven(search: _Search, prior: Placement | None) -> Placement:
    """What the solver makes better is looked at from where all would stand then, until placing
    again would change nothing.
    """
    stands, found = search.proven(prior)
    for _ in range(ROUNDS):
        if found and stands.runs == found.runs:
            break
        again, found = search.proven(stands)
        floors = [each.floor for each in (stands, again) if each.floor is not None]
        if _price(again) >= _price(stands):
            floor = min(max(floors), _price(stands)) if floors else None
            return replace(stands, floor=floor)
        stands = again
    return stands


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
    if looks > LOOKS:
        return False
    found = tariffs(basis.app.components, basis.stock.offerings)
    return len({(each.hourly, each.disk) for each in found}) > 1


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
            least=lambda component: (
                least(basis, component)
                if basis.crosses(component, wanted(app.policy, component))
                else None
            ),
            worth=lambda found: worth(found, prior, threshold),
            runs=bool(basis.before),
            joins=join(basis.talks, (offering.site for offering in offerings)),
        )
        found = search(app.components, manners, offerings, attempts)
        return replace(found, floor=None) if _is_uneven(basis) else found

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


def _is_uneven(basis: Basis) -> bool:
    """Whether a replica takes more of a quota on one machine than on another: then the cheapest
    places for a component alone may not be what it can have.
    """
    limited = any(quota.most.gpus < inf for _, quota in basis.stock.quotas)
    return limited and any(c.needs.gpus == inf for c in basis.app.components)


def _price(found: Placement) -> Decimal:
    return worth(found, None, Decimal(0))
