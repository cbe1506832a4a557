"""Killed anywhere, and again while it recovers: one quiet run, and all is there exactly once."""

from __future__ import annotations

import os

import matrix
import pytest
from planted import PLANTED, recorded_only_after_the_call
from scenarios import every
from schedules import Cut, Explorer, cut_short, ended

from moot.testing.world import AT, DEATHS

# As many as take half a minute of CPU time; `make crash` runs them all.
SCHEDULES = int(os.environ.get("MOOT_SCHEDULES", "8000"))
SCENARIOS = {scenario.name: scenario for scenario in every()}
# A few in which all planted faults show themselves.
HUNTED = (
    "token create, calm",
    "token create a pair, calm",
    "token come back, calm",
    "token replace, calm",
    "token replace on data, calm",
    "tag create data and its user, calm",
    "tag think again of data, calm",
    "name create, slow",
    "token replace, crowded",
    "tag delete, crowded",
)


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_wherever_it_is_killed():
    tally = matrix.run(SCHEDULES)
    assert tally.bad == []
    assert tally.schedules > SCHEDULES / 2


def test_what_writes_only_after_the_call_is_found_out():
    with recorded_only_after_the_call():
        assert all(hunt(f"{low} create, calm") for low in ("token", "tag"))


@pytest.mark.parametrize("fault", PLANTED)
@pytest.mark.slow
def test_planted_fault_is_found(fault):
    with PLANTED[fault]():
        assert any(hunt(name) for name in HUNTED)


def test_nothing_is_found_where_nothing_is_planted():
    assert [bad for name in HUNTED for bad in hunt(name)] == []


def test_late_create_is_not_taken_for_the_next_one():
    scenario = SCENARIOS["name think again of a pair, lagging"]
    assert Explorer(scenario, DEATHS, 1).run().bad == []


def test_twin_does_not_pass_for_what_a_list_lacks():
    """What keeps data is made twice, then a list shows only the second, then nobody wants it."""
    scenario = SCENARIOS["tag think again of data, slow"]
    world = scenario.begin()
    for fate in ("twice", "partial"):
        cut_short(world, scenario, Cut(2, fate))
    assert ended(world, scenario)[1] == []


def hunt(name: str) -> list[str]:
    """What a few schedules of one scenario show, all single cuts among them."""
    scenario = SCENARIOS[name]
    return [
        *Explorer(scenario, AT, 1, most_bad=1).run().bad,
        *Explorer(scenario, DEATHS, 2, more=0.1, most_bad=1).run().bad,
    ]
