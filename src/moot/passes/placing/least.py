"""Basis x Component -> what it costs at least, wherever its replicas are."""

from __future__ import annotations

from decimal import Decimal

from moot.model.app import Component
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Room, demand


def least(basis: Basis, component: Component) -> Decimal:
    """The cheapest room there is, in however many venues and pools that may be."""
    stock, asked = basis.stock.priced(component.needs), demand(component.needs, component.name)
    room, left, paid = Room(stock), component.replicas, Decimal(0)
    numbers = stock.shelf(basis.fits[component.name].ways).numbers
    for number in sorted(numbers, key=lambda number: stock.prices[number]):
        count = room.capacity(number, asked, left)
        paid += stock.prices[number] * count
        left -= count
        if not left:
            break
    return paid
