"""What a placement costs, where prices are known."""

from __future__ import annotations

from decimal import Decimal

from moot.model.placement import Placement
from moot.model.report import Cost


def cost(placement: Placement) -> Cost:
    """Per hour, in the currency of the offerings; None where any price in a sum is unknown."""
    by_component: dict[str, Decimal | None] = {}
    for run in placement.runs:
        so_far = by_component.get(run.component, Decimal(0))
        price = run.offering.hourly
        summed = None if so_far is None or price is None else so_far + price * run.count
        by_component[run.component] = summed
    prices = list(by_component.values())
    known = [price for price in prices if price is not None]
    return Cost(
        hourly=sum(known, Decimal(0)) if len(known) == len(prices) else None,
        currency=next((run.offering.currency for run in placement.runs), "EUR"),
        components=tuple(by_component.items()),
    )
