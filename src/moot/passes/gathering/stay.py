"""Placement -> which share of the stated traffic stays on machines."""

from __future__ import annotations

from collections import Counter

from moot.model.app import App
from moot.model.budget import HOURS
from moot.model.placement import Placement
from moot.model.traffic import Staying
from moot.model.venue import Offering
from moot.passes.egress import talk


def stay(app: App, placement: Placement) -> tuple[Staying, ...]:
    """Of each two that talk, if both run.  As gateways deal to all alike, a machine keeps the
    product of their shares of replicas; with every replica as busy it could be the smaller one.
    """
    on: dict[str, Counter[str]] = {}
    counts: Counter[str] = Counter()
    for run in placement.runs:
        counts[run.component] += run.count
        if machine := machine_of(run.offering):
            on.setdefault(run.component, Counter())[machine] += run.count

    def kept(one: str, other: str) -> Staying:
        mine, theirs = on.get(one, Counter[str]()), on.get(other, Counter[str]())
        parts = [(n / counts[one], theirs[m] / counts[other]) for m, n in mine.items()]
        alike, first = sum(a * b for a, b in parts), sum(map(min, parts))
        return Staying(one, other, gb[one, other], min(1.0, alike), min(1.0, first))

    gb = {(each.one, each.other): each.gb_hourly * HOURS["month"] for each in talk(app)}
    return tuple(kept(*pair) for pair in gb if all(counts[name] for name in pair))


def machine_of(offering: Offering) -> str:
    """What it is one machine by; "" where replicas of it may be on several."""
    return offering.machine or (offering.venue if offering.pool else "")
