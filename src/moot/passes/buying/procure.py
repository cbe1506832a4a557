"""Lot x Wares -> a Purchase: the cheapest there is, or a cheap one with a bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from moot.model.purchase import Bought, Lot, Purchase, Ware
from moot.passes.buying.appraise import Appraisal
from moot.passes.buying.exhaust import Tray, exhaust
from moot.passes.buying.pack import pack


def procure(
    lot: Lot,
    wares: Sequence[Ware],
    appraisal: Appraisal,
    rounds: int,
    chosen: Sequence[Tray] | None = None,
) -> Purchase:
    """Every piece must fit on some ware; the same for the same lot, in whatever order it came.

    More `rounds` make it cheaper at times, and never dearer.  Those that a solver has `chosen` are
    taken where they are cheaper.
    """
    trays = exhaust(lot, wares)
    exact = trays is not None
    if trays is None:
        trays = pack(lot, wares, appraisal, rounds)
        if chosen is not None and _cost(chosen) < _cost(trays):
            trays = chosen
    machines = tuple(sorted(_labelled(lot, trays), key=lambda m: (-m.micros, m.type, m.names)))
    return Purchase(machines, _cost(trays) if exact else appraisal.least)


def _cost(trays: Iterable[Tray]) -> int:
    return sum(ware.micros for ware, _ in trays)


def _labelled(lot: Lot, trays: Sequence[Tray]) -> Iterator[Bought]:
    names = [iter(piece.names) for piece in lot]
    for ware, content in trays:
        here = (next(names[n]) for n, count in content.items() for _ in range(count))
        yield Bought(ware.type, ware.micros, tuple(sorted(here)))
