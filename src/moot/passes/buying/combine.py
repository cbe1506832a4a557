"""Lot x Wares x a solver -> contents of machines that go well together, and a better bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from moot.model.programme import Column, Programme, Solve
from moot.model.purchase import Lot, Ware
from moot.passes.buying.appraise import Appraisal
from moot.passes.buying.cover import SCALE, cover
from moot.passes.buying.exhaust import Tray
from moot.passes.buying.require import Demand
from moot.passes.buying.stuff import stuff

MOST_TURNS = 30
TRIED = 12  # wares for which contents are sought: the most efficient ones
STATES, MOST_STATES = 20, 200  # of a machine, to find more and to find a bound
COVERED = 4_000  # that are looked at for a bound
NEARLY = 10_000  # one part in so many is no more than what a machine costs


class Combined(NamedTuple):
    """No purchase costs less than `least`; the columns of `programme` are `trays`."""

    least: int
    programme: Programme
    trays: tuple[Tray, ...]


def combine(lot: Lot, wares: Sequence[Ware], appraisal: Appraisal, solve: Solve) -> Combined:
    """Every piece must fit on some ware.

    The linear programme over contents of whole machines, with new contents as long as one is worth
    more than its machine costs (P. Gilmore and R. Gomory, 1961).  What the solver says pieces are
    worth is made a demand: no machine can hold what is worth more than was found out here in whole
    numbers.  So the bound is one whatever the solver says.
    """
    trays = {_key(tray): tray for tray in (_alone(lot, wares, n) for n in range(len(lot)))}
    for _ in range(MOST_TURNS):
        worth = _worth(lot, trays.values(), solve)
        fresh = {
            _key(tray): tray
            for ware in appraisal.efficient[:TRIED]
            if _key(tray := (ware, stuff(lot, ware, worth, STATES, _enough(ware)).content))
            not in trays
            if sum(worth[n] * count for n, count in tray[1].items()) > _enough(ware)
        }
        if not fresh:
            break
        trays |= fresh
    least = _bound(lot, wares, appraisal, _worth(lot, trays.values(), solve))
    return Combined(least, _programme(lot, trays.values()), tuple(trays.values()))


def _worth(lot: Lot, trays: Iterable[Tray], solve: Solve) -> list[int]:
    """What the solver says each piece is worth on these; nothing where it says nothing."""
    answer = solve(_programme(lot, trays), False)
    return [max(0, int(price * SCALE)) for price in answer.prices] if answer else [0] * len(lot)


def _enough(ware: Ware) -> int:
    """What its content is to be worth."""
    return ware.micros * SCALE * (NEARLY + 1) // NEARLY


def _programme(lot: Lot, trays: Iterable[Tray]) -> Programme:
    columns = (Column(ware.micros, tuple(content.items())) for ware, content in trays)
    return Programme(tuple(piece.amount for piece in lot), tuple(columns))


def _alone(lot: Lot, wares: Sequence[Ware], n: int) -> Tray:
    """One of a piece on the cheapest that holds it."""
    return min((w for w in wares if w.holds(lot[n])), key=lambda w: (w.micros, w.type)), {n: 1}


def _key(tray: Tray) -> tuple[str, tuple[tuple[int, int], ...]]:
    return tray[0].type, tuple(sorted(tray[1].items()))


def _bound(lot: Lot, wares: Sequence[Ware], appraisal: Appraisal, worth: Sequence[int]) -> int:
    """Where machines come in parts, and where they come whole."""
    stuffed = [stuff(lot, ware, worth, MOST_STATES, _enough(ware)).most for ware in wares]
    wanted = sum(value * piece.amount for value, piece in zip(worth, lot, strict=True))
    parts = (
        wanted * ware.micros // most for ware, most in zip(wares, stuffed, strict=True) if most
    )
    demand = Demand(tuple(stuffed), tuple(enumerate(worth)), wanted)
    prices = (*(0.0 for _ in appraisal.demands), 1 / SCALE)
    posed = appraisal._replace(demands=(*appraisal.demands, demand), prices=prices)
    return max(appraisal.least, min(parts, default=0), cover(posed, wares, COVERED).least)
