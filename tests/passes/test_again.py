"""Placing again: what was found stays as it is, whatever order it was found in."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as some
from test_latency import machine, part

from moot.model.app import App, Policy
from moot.model.diagnostic import Refused
from moot.passes.place import place

SITES = ("lab:{}", "rack:{}", "lone{}")
SPREADS = ({}, {}, {"host": 2}, {"zone": 2}, {"venue": 2}, {"venue": 2, "host": 3})

machines = some.lists(
    some.tuples(
        some.sampled_from(SITES),
        some.sampled_from("ab"),
        some.integers(1, 5),
        some.integers(0, 3),
    ),
    min_size=1,
    max_size=8,
)
components = some.lists(
    some.tuples(some.integers(1, 3), some.integers(1, 3)), min_size=2, max_size=4
)


@given(machines, components, some.sampled_from(SPREADS))
@settings(max_examples=400, deadline=None)
def test_what_was_found_stays(rooms, sizes, spread) -> None:
    offers = [
        machine(site.format(n), "r", cpu, zone=zone, hourly=Decimal(price))
        for n, (site, zone, cpu, price) in enumerate(rooms)
    ]
    parts = tuple(part(f"c{n}", count, cpu) for n, (count, cpu) in enumerate(sizes))
    app = App(name="shop", components=parts, policy=Policy(spread=spread))
    try:
        found = place(app, offers)
    except Refused:
        return
    assert place(app, offers, found).assignments == found.assignments
