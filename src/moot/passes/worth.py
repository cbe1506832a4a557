"""Placement x prior -> what it is worth to change to it: its price, and moving counted."""

from __future__ import annotations

from decimal import Decimal

from moot.model.placement import Placement
from moot.passes.egress import total
from moot.passes.placing.stock import price


def worth(found: Placement, prior: Placement | None, threshold: Decimal) -> Decimal:
    """What it costs an hour, and the threshold for each component that moves; less is better.

    An unknown price is a very high one.
    """
    asked = sum((price(run.offering) * run.count for run in found.runs), total(found.charges))
    return asked + threshold * _moved(found, prior)


def _moved(found: Placement, prior: Placement | None) -> int:
    """How many components have replicas on what they were not on."""
    runs = prior.runs if prior else ()
    before = {(run.component, run.offering.venue) for run in runs}
    stood = {name for name, _ in before}
    there = ((run.component, run.offering.venue) for run in found.runs)
    return len({name for name, venue in there if name in stood and (name, venue) not in before})
