"""Lot x Wares -> a Purchase: the cheapest there is, or a cheap one with a bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moot.model.purchase import Bought, Lot, Purchase, Ware
from moot.passes.buying.appraise import Appraisal
from moot.passes.buying.exhaust import Tray, exhaust
from moot.passes.buying.pack import pack


def procure(lot: Lot, wares: Sequence[Ware], appraisal: Appraisal, rounds: int) -> Purchase:
    """Every piece must fit on some ware; the same for the same lot, in whatever order it came.

    More `rounds` make it cheaper at times, and never dearer.
    """
    trays = exhaust(lot, wares)
    exact = trays is not None
    if trays is None:
        trays = pack(lot, wares, appraisal, rounds)
    machines = labelled(lot, trays)
    return Purchase(machines, sum(m.micros for m in machines) if exact else appraisal.least)


def labelled(lot: Lot, trays: Sequence[Tray]) -> tuple[Bought, ...]:
    """Machines with the names of what is on them, the dearest first."""
    return tuple(sorted(_named(lot, trays), key=lambda m: (-m.micros, m.type, m.names)))


def _named(lot: Lot, trays: Sequence[Tray]) -> Iterator[Bought]:
    names = [iter(piece.names) for piece in lot]
    for ware, content in trays:
        here = (next(names[n]) for n, count in content.items() for _ in range(count))
        yield Bought(ware.type, ware.micros, tuple(sorted(here)))
