"""A linear programme in which columns cover rows: what a solver is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Column(NamedTuple):
    """At a cost, by row how much one of it has; what is left out is nothing."""

    cost: int
    parts: tuple[tuple[int, int], ...]


class Programme(NamedTuple):
    """The cheapest amounts of columns are sought that have of each row as much as is wanted.

    Of each column it is at least and at most so much; where nothing is said, any amount.
    """

    wanted: tuple[int, ...]
    columns: tuple[Column, ...]
    least: tuple[int, ...] = ()
    most: tuple[int, ...] = ()


class Answer(NamedTuple):
    """How much of each column, and what more of a row would cost; as floating point has it, so
    neither is relied upon unseen.  Prices are not known where amounts had to be whole.
    """

    amounts: tuple[float, ...]
    prices: tuple[float, ...]


# Whether amounts must be whole; None where there is no answer, or none in time.
Solve = Callable[[Programme, bool], Answer | None]
