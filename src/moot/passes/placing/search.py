"""Components x what they get in an order -> the best Placement that a few orders give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Protocol

from moot.model.app import Component
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.disk import is_comparable, tariffs
from moot.passes.egress import total
from moot.passes.placing.join import Sites

Order = tuple[Component, ...]
Costs = Mapping[str, Decimal | None]  # of each component an hour; None: nobody knows

# Looks of a component at an offering.  They are counted, not timed: all machines decide alike.
LOOKS = 250_000
LEAST, MOST = 3, 200
NOWHERE_ELSE: Sites = {}


class Together(Protocol):
    """All components in an order.  Who comes first takes the room of what runs only if it `drives`;
    where they are packed machines are levelled less strictly, so that more has room.  Some may go
    to certain `sites` only.
    """

    def __call__(
        self, order: Order, *, drives: bool, packs: bool, sites: Sites | None = None
    ) -> Placement: ...


@dataclass(frozen=True, slots=True)
class Attempts:
    """How components are placed: all of them in an order, or one as if there were no other and
    nothing ran yet.  Both raise Refused.  `least` is what one costs at least that may be in several
    venues and pools, be it alone or only because of others; None for any other.  `worth` is what is
    to be least of a placement; `runs` says whether anything does already; `joins` are who might
    save by being somewhere together.
    """

    together: Together
    alone: Callable[[Component], Placement]
    least: Callable[[Component], Decimal | None]
    worth: Callable[[Placement], Decimal]
    runs: bool
    joins: Sequence[Sites] = ()


def search(
    components: Sequence[Component],
    attempts: Attempts,
    offerings: Sequence[Offering],
    most: int = MOST,
) -> Placement:
    """What the order of the file gives; where that is refused, or dearer than it may have to be,
    the best of some other orders: those come first that found no place, or pay more than alone.
    Who talks may be better off together, where none of them would go by itself.

    The placement's `floor` is what all would pay if each had every offering for itself, nobody sent
    anything and those that may be in several venues were, where all prices are known, in one
    currency, and the App is not too large to look.  Raises what the order of the file raises, where
    no order that was tried has a place for all.
    """
    looks = max(1, len(components) * len(offerings))
    most = max(LEAST, min(most, LOOKS // looks))
    searching = _Search(tuple(components), _largest(components, offerings), attempts, most)
    order, placement = searching.feasible()
    paid_by = tariffs(components, offerings)
    known = is_comparable(paid_by)
    if len({(t.hourly, t.disk) for t in paid_by}) <= 1 and not total(placement.egress):
        paid = _paid(placement)
        return replace(placement, floor=_floor(paid, paid) if known else None)
    if looks > LOOKS:
        return placement
    best = searching.cheaper(order, placement)
    return best if known else replace(best, floor=None)


@dataclass
class _Search:
    """What was tried so far, and how many attempts are left; both are of one step of it only."""

    components: Order
    largest: Order
    attempts: Attempts
    most: int
    left: int = 0
    tried: set[object] = field(default_factory=set[object])

    def feasible(self) -> tuple[Order, Placement]:
        """An order in which all have a place: that of the file if it is one.  Else they are packed,
        and what runs makes room only where that does not help either.
        """
        refusals: list[Refused] = []
        steps = [(False, False), (False, True), *([(True, True)] if self.attempts.runs else ())]
        for drives, packs in steps:
            self.begin(max(1, self.most // len(steps)))
            for order in self.orders(self.largest if packs else self.components, refusals):
                try:
                    return order, self.attempts.together(order, drives=drives, packs=packs)
                except Refused as refused:
                    refusals.append(refused)
                    if not self.placeable(_blamed(refused)):
                        raise refusals[0] from None
        raise refusals[0]

    def orders(self, start: Order, refusals: Sequence[Refused]) -> Iterator[Order]:
        """Who found no place comes first in the next, and at last in the place of each other."""
        order = start
        while self.opens(order):
            yield order
            order = _sooner(order, _blamed(refusals[-1]))
        yield from filter(self.opens, _swapped(start, _blamed(refusals[-1])))

    def cheaper(self, order: Order, placement: Placement) -> Placement:
        """This one, or a better one in which somebody who pays more than alone comes sooner."""
        self.begin(self.most)
        floors = {component.name: self.floor(component) for component in self.components}
        for better in self.improvements(order, placement, floors):
            placement = better
        return replace(placement, floor=_floor(floors, _paid(placement)))

    def floor(self, component: Component) -> Decimal | None:
        """What it costs alone; None for what is only left where it was, and where nobody knows."""
        try:
            alone = _paid(self.attempts.alone(component))[component.name]
        except Refused:
            return None
        least = self.attempts.least(component)
        return alone if alone is None or least is None else min(alone, least)

    def improvements(
        self, order: Order, placement: Placement, floors: Costs
    ) -> Iterator[Placement]:
        """Each better than the one before."""
        sites: Sites = {}
        found = True
        while found:
            found = False
            orders = _others(order, _dear(order, floors, placement))
            ways = chain(
                ((order, {**sites, **joined}) for joined in self.attempts.joins),
                ((other, sites) for other in orders),
            )
            for way in ways:
                outcome = self.outcome(*way)
                if outcome and self.attempts.worth(outcome) < self.attempts.worth(placement):
                    (order, sites), placement, found = way, outcome, True
                    yield placement
                    break

    def outcome(self, order: Order, sites: Sites) -> Placement | None:
        """None where it may not be tried, or not all have a place."""
        if not self.opens(order, sites):
            return None
        try:
            return self.attempts.together(order, drives=True, packs=False, sites=sites)
        except Refused:
            return None

    def begin(self, attempts: int) -> None:
        self.left = attempts
        self.tried.clear()

    def opens(self, order: Order, sites: Sites = NOWHERE_ELSE) -> bool:
        """Whether it may be tried: once, and only so many of them."""
        tried = tuple(component.name for component in order), frozenset(sites.items())
        if tried in self.tried or not self.left:
            return False
        self.tried.add(tried)
        self.left -= 1
        return True

    def placeable(self, blamed: Collection[str]) -> bool:
        """Whether each of these has a place if it has everything for itself."""
        try:
            for component in self.components:
                if component.name in blamed:
                    self.attempts.alone(component)
        except Refused:
            return False
        return True


def _others(order: Order, dear: Sequence[str]) -> Iterator[Order]:
    """Each of the dear ones first; then each in the place of every other one."""
    for name in dear:
        yield _sooner(order, {name})
    yield from _swapped(order, dear)


def _swapped(order: Order, names: Collection[str]) -> Iterator[Order]:
    for here, component in enumerate(order):
        if component.name not in names:
            continue
        for there, other in enumerate(order):
            if there != here:
                swapped = list(order)
                swapped[here], swapped[there] = other, component
                yield tuple(swapped)


def _blamed(refused: Refused) -> set[str]:
    return {each.component for each in refused.diagnostics}


def _sooner(order: Order, names: Collection[str]) -> Order:
    return tuple(sorted(order, key=lambda component: component.name not in names))


def _largest(components: Iterable[Component], offerings: Sequence[Offering]) -> Order:
    """First those of which one replica takes most of what there is of everything."""
    cpu = sum(offering.cpu for offering in offerings) or 1
    memory_mib = sum(offering.memory_mib for offering in offerings) or 1
    gpus = sum(offering.gpus for offering in offerings) or 1

    def size(component: Component) -> float:
        needs = component.needs
        return needs.cpu / cpu + needs.memory_mib / memory_mib + min(needs.gpus, gpus) / gpus

    return tuple(sorted(components, key=size, reverse=True))


def _dear(order: Order, floors: Costs, placement: Placement) -> list[str]:
    """Those that pay more than alone, in order: by themselves they would send nothing."""
    found: list[str] = []
    paid = _paid(placement)
    sending = {each.component for each in placement.egress if each.hourly}
    for name in (component.name for component in order):
        floor, price = floors[name], paid[name]
        if name in sending or (floor is not None and (price is None or price > floor)):
            found.append(name)
    return found


def _floor(floors: Costs, paid: Costs) -> Decimal | None:
    """What no placement costs less than; None where that is not known, or one pays less than it
    would alone: it is spread less than it should, or over more than it could be now.
    """
    total = Decimal(0)
    for name, floor in floors.items():
        price = paid[name]
        if floor is None or price is None or price < floor:
            return None
        total += floor
    return total


def _paid(placement: Placement) -> Costs:
    """What each component costs; nothing, if nothing of it runs."""
    costs: defaultdict[str, Decimal | None] = defaultdict(Decimal)
    for run in placement.runs:
        had, hourly = costs[run.component], run.offering.hourly
        costs[run.component] = None if had is None or hourly is None else had + hourly * run.count
    for each in placement.disk:
        had = costs[each.component]
        costs[each.component] = None if had is None else had + each.hourly
    return costs
