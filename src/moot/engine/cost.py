"""What a placement costs, where prices are known."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from moot.model.budget import Budget
from moot.model.placement import Placement, Run
from moot.model.report import Cost
from moot.passes.afford import spent


def cost(
    placement: Placement, before: Placement | None = None, budget: Budget | None = None
) -> Cost:
    """Per hour, in the currency of the offerings; None where any price in a sum is unknown, or in
    another currency than the first.

    `before` is the placement on record, for the difference.
    """
    currencies = tuple(dict.fromkeys(r.offering.currency for r in placement.runs if _priced(r)))
    currency = next(iter(currencies), budget.currency if budget else "EUR")
    by_component: dict[str, list[Run]] = {}
    for run in placement.runs:
        by_component.setdefault(run.component, []).append(run)
    return Cost(
        hourly=_sum(placement.runs, currency),
        currency=currency,
        components=tuple((name, _sum(runs, currency)) for name, runs in by_component.items()),
        currencies=currencies,
        floor=placement.floor,
        priced=spent(placement),
        unpriced=tuple(sorted({r.offering.site for r in placement.runs if not _priced(r)})),
        before=cost(before) if before else None,
        budget=budget,
    )


def _priced(run: Run) -> bool:
    """Whether anybody says what it costs: of what costs nothing nobody may have said it."""
    return bool(run.offering.hourly)


def _sum(runs: Iterable[Run], currency: str) -> Decimal | None:
    total = Decimal(0)
    for run in runs:
        hourly = run.offering.hourly
        if hourly is None or (hourly and run.offering.currency != currency):
            return None
        total += hourly * run.count
    return total
