"""Lot x Wares x a solver -> a Purchase of contents that go well together, if it is cheaper."""

from __future__ import annotations

from collections.abc import Sequence

from moot.model.programme import Solve
from moot.model.purchase import Lot, Purchase, Ware
from moot.passes.buying.appraise import Appraisal
from moot.passes.buying.combine import Combined, combine
from moot.passes.buying.exhaust import Tray
from moot.passes.buying.procure import labelled


def choose(
    lot: Lot, wares: Sequence[Ware], appraisal: Appraisal, bought: Purchase, solve: Solve
) -> Purchase:
    """Else what is `bought`; with the higher one of both bounds."""
    combined = combine(lot, wares, appraisal, solve)
    least = max(bought.least, combined.least)
    chosen = Purchase(labelled(lot, _chosen(lot, combined, solve) or ()), least)
    if chosen.machines and chosen.micros < bought.micros:
        return chosen
    return bought._replace(least=least)


def _chosen(lot: Lot, combined: Combined, solve: Solve) -> list[Tray] | None:
    """What the solver answers is not believed: None where not all of the lot is on them.

    What a machine would have too much of is left out there, and one with nothing is not bought.
    """
    answer = solve(combined.programme, True)
    if answer is None:
        return None
    left = [piece.amount for piece in lot]
    trays: list[Tray] = []
    for (ware, content), amount in zip(combined.trays, answer.amounts, strict=True):
        for _ in range(min(round(amount), sum(left))):
            here = {n: min(count, left[n]) for n, count in content.items() if left[n]}
            for n, count in here.items():
                left[n] -= count
            if here:
                trays.append((ware, here))
    return None if any(left) else trays
