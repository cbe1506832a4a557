"""Basis x what was found x a solver -> the cheapest Placement, and what none costs less than."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.programme import Programme, Solve
from moot.passes.placing.assign import assign
from moot.passes.placing.branch import Amounts, branch
from moot.passes.placing.formulate import Question, Seat, formulate
from moot.passes.placing.prepare import Basis, prepare
from moot.passes.placing.stock import key
from moot.passes.worth import worth

EFFORT, MOST_NODES = 600_000, 400  # looks at amounts in rows, and parts of a programme


class Proof(NamedTuple):
    """The best that is known, with its floor; where there is none, whether that is proven."""

    found: Placement | None
    impossible: bool = False


def prove(
    basis: Basis,
    found: Placement | None,
    prior: Placement | None,
    threshold: Decimal,
    solve: Solve,
) -> Proof:
    """What the solver proposes is placed as if it ran there already, and taken where that goes and
    is worth more; nobody is scattered for a lower price.  How much is asked of it is counted.
    Nothing is asked where the promises are not such that a Programme has them, and all that is
    proven of that is proven in whole numbers.
    """
    question = formulate(basis, threshold)
    if question is None:
        return Proof(found)
    trial = _Trial(basis, question, prior, threshold, found, found and _scattered(found))
    below = None if found is None else question.units(worth(found, prior, threshold))
    least = branch(question.programme, solve, trial.accept, below, _nodes(question.programme))
    if trial.best is None:
        return Proof(None, impossible=least is None)
    if threshold and basis.before:
        question = formulate(basis, Decimal(0)) or question
        below, nodes = question.units(_price(trial.best)), _nodes(question.programme)
        least = branch(question.programme, solve, lambda _: True, below, nodes)
    floor = max(question.money(least or 0), trial.best.floor or Decimal(0))
    return Proof(replace(trial.best, floor=min(floor, _price(trial.best))))


@dataclass
class _Trial:
    """The best placement that was found so far, by what it is worth to change to it."""

    basis: Basis
    question: Question
    prior: Placement | None
    threshold: Decimal
    best: Placement | None
    may_scatter: frozenset[str] | None  # anybody, where nothing was found

    def accept(self, amounts: Amounts) -> bool:
        seats = self.question.seats
        taken = {seat: n for seat, n in zip(seats, amounts, strict=False) if n}
        placement = _placed(self.basis, taken)
        if placement is None or (self.best and self.worth(placement) >= self.worth(self.best)):
            return False
        if self.may_scatter is not None and not _scattered(placement) <= self.may_scatter:
            return False
        self.best = placement
        return True

    def worth(self, placement: Placement) -> Decimal:
        return worth(placement, self.prior, self.threshold)


def _scattered(found: Placement) -> frozenset[str]:
    """The components that are in several venues or pools."""
    sites: dict[str, set[str]] = {}
    for run in found.runs:
        sites.setdefault(run.component, set()).add(run.offering.site)
    return frozenset(name for name, there in sites.items() if len(there) > 1)


def _placed(basis: Basis, taken: dict[Seat, int]) -> Placement | None:
    """With every promise looked at as for any placement; None where one is not kept."""
    proposed = Placement(assignments=Assignments(_runs(basis, taken)))
    homes, offerings, app = basis.homes, basis.stock.offerings, basis.app
    there = prepare(app, offerings, proposed, homes, basis.absent)
    try:
        return assign(there, Decimal("Infinity"), app.components, drives=False, packs=False)
    except Refused:
        return None


def _runs(basis: Basis, taken: dict[Seat, int]) -> Iterator[Run]:
    """Replicas stay where they run if any of their component are there; the others come after."""
    stock = basis.stock
    for component in basis.app.components:
        name, ways = component.name, basis.fits[component.name].ways
        left = {number: n for (who, number), n in taken.items() if who == name}
        at: dict[int, Run] = {}
        for run in basis.before.get(name, ()):
            number = stock.numbers.get(key(run.offering), -1)
            for one in run:
                if one.index < component.replicas and left.get(number):
                    left[number] -= 1
                    at[one.index] = replace(run, first=one.index, count=1)
        others = iter([number for number, count in left.items() for _ in range(count)])
        for index in range(component.replicas):
            if index in at:
                yield at[index]
            elif (number := next(others, None)) is not None:
                way = ways[stock.kind_of[number]]
                yield Run(basis.app.name, name, index, 1, stock.offerings[number], way)


def _nodes(programme: Programme) -> int:
    size = sum(len(column.parts) for column in programme.columns)
    return min(MOST_NODES, EFFORT // max(1, size))


def _price(found: Placement) -> Decimal:
    return worth(found, None, Decimal(0))
