"""Programme x a solver of linear ones -> its cheapest whole amounts, proven in whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from moot.model.programme import Column, Programme, Solve

SCALE = 2**60  # what the solver says rows are worth, in whole numbers
NEARLY = 1e-6  # how far from whole an amount may be

Amounts = tuple[int, ...]
Accept = Callable[[Amounts], bool]


def branch(
    programme: Programme, solve: Solve, accept: Accept, below: int | None, nodes: int
) -> int | None:
    """What no whole amounts cost less than, or `below` if that is less; None where it is proven
    that there are none at all.

    All amounts must have a least and a most, and no cost is negative.  Amounts that cost less than
    `below` are shown to `accept`, which says whether they are taken; from then on only cheaper ones
    are.  So many `nodes` are looked at: the programme, and parts of it in which some amounts are at
    least or at most something.  Nothing that the solver says is believed: amounts are checked, and
    bounds worked out anew.
    """
    tree = _Tree(programme, solve, accept, below)
    tree.show(programme, whole=True)
    return tree.grown(nodes)


class _Node(NamedTuple):
    """What is in these limits costs no less than `bound`; deeper ones come first."""

    bound: int
    height: int
    serial: int
    least: Amounts
    most: Amounts


@dataclass
class _Tree:
    """`undecided` is the least bound of nodes about which the solver gave no proof."""

    programme: Programme
    solve: Solve
    accept: Accept
    below: int | None
    undecided: int | None = None
    serial: int = 0
    waiting: list[_Node] = field(default_factory=list[_Node])

    def grown(self, nodes: int) -> int | None:
        self.add(0, 0, self.programme.least, self.programme.most)
        while self.waiting and nodes and not self.is_beyond(self.waiting[0].bound):
            nodes -= 1
            self.look(heappop(self.waiting))
        bounds = (*(node.bound for node in self.waiting), self.undecided, self.below)
        return min((bound for bound in bounds if bound is not None), default=None)

    def add(self, bound: int, height: int, least: Amounts, most: Amounts) -> None:
        self.serial += 1
        heappush(self.waiting, _Node(bound, height, self.serial, least, most))

    def is_beyond(self, bound: int) -> bool:
        return self.below is not None and bound >= self.below

    def look(self, node: _Node) -> None:
        """Close it, or part it in two."""
        part = self.programme._replace(least=node.least, most=node.most)
        answer = self.solve(part, False)
        if answer is None:
            if not _is_impossible(part, self.solve):
                self.leave(node.bound)
            return
        bound = max(node.bound, _bound(part, _worth(answer.prices)))
        if self.is_beyond(bound):
            return
        column = _most_broken(answer.amounts)
        if column is None:
            self.take(answer.amounts)
            if not self.is_beyond(bound):
                self.leave(bound)
            return
        here = int(answer.amounts[column])
        lower, upper = [*node.most], [*node.least]
        lower[column], upper[column] = here, here + 1
        self.add(bound, node.height - 1, node.least, tuple(lower))
        self.add(bound, node.height - 1, tuple(upper), node.most)

    def leave(self, bound: int) -> None:
        self.undecided = bound if self.undecided is None else min(bound, self.undecided)

    def show(self, part: Programme, *, whole: bool) -> None:
        if answer := self.solve(part, whole):
            self.take(answer.amounts)

    def take(self, answered: Sequence[float]) -> None:
        """If they are what they are said to be, and cheaper."""
        amounts = tuple(map(round, answered))
        if not _keeps(self.programme, amounts):
            return
        cost = sum(c.cost * n for c, n in zip(self.programme.columns, amounts, strict=True))
        if not self.is_beyond(cost) and self.accept(amounts):
            self.below = cost


def _most_broken(amounts: Sequence[float]) -> int | None:
    """The column of which there is the least whole amount; None where all are."""
    broken = [(abs(amount - round(amount)), n) for n, amount in enumerate(amounts)]
    far, column = max(broken, default=(0.0, 0))
    return column if far > NEARLY else None


def _keeps(programme: Programme, amounts: Amounts) -> bool:
    had = [0] * len(programme.wanted)
    limits = zip(programme.least, amounts, programme.most, strict=True)
    if not all(least <= amount <= most for least, amount, most in limits):
        return False
    for column, amount in zip(programme.columns, amounts, strict=True):
        for row, has in column.parts if amount else ():
            had[row] += has * amount
    return all(has >= wanted for has, wanted in zip(had, programme.wanted, strict=True))


def _worth(prices: Sequence[float]) -> list[int]:
    return [max(0, int(price * SCALE)) for price in prices]


def _bound(programme: Programme, worth: Sequence[int]) -> int:
    """Whatever rows are worth, no amounts within the limits that have what is wanted cost less."""
    return -(-_gain(programme, worth, [column.cost for column in programme.columns]) // SCALE)


def _gain(programme: Programme, worth: Sequence[int], costs: Sequence[int]) -> int:
    """What is wanted is worth so much, and what can be had at best is worth more than it costs."""
    found = sum(value * wanted for value, wanted in zip(worth, programme.wanted, strict=True))
    limits = zip(programme.columns, costs, programme.least, programme.most, strict=True)
    for column, cost, least, most in limits:
        left = cost * SCALE - sum(worth[row] * has for row, has in column.parts)
        found += left * (least if left > 0 else most)
    return found


def _is_impossible(part: Programme, solve: Solve) -> bool:
    """Whether it is proven that nothing in its limits has what is wanted.

    The least that must be lacking is sought, of all rows together; what the rows are worth then
    tells, if they are worth more than can be had.
    """
    lacks = (Column(1, ((row, 1),)) for row in range(len(part.wanted)))
    free = (Column(0, column.parts) for column in part.columns)
    worst = _lacking(part)
    least, most = (*part.least, *(0 for _ in worst)), (*part.most, *worst)
    answer = solve(Programme(part.wanted, (*free, *lacks), least, most), False)
    nothing = [0] * len(part.columns)
    return answer is not None and _gain(part, _worth(answer.prices), nothing) > 0


def _lacking(part: Programme) -> list[int]:
    """How much of each row can be lacking at worst."""
    found = [*part.wanted]
    for column, least, most in zip(part.columns, part.least, part.most, strict=True):
        for row, has in column.parts:
            found[row] -= min(has * least, has * most)
    return [max(0, lacking) for lacking in found]
