"""Some of the schedules once more on real databases, which must come to the same end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from scenarios import Scenario, every
from schedules import Cut, cut_short, ended, told

from moot.store import Store, open_store
from moot.testing.world import DEATHS, Dice

SCHEDULES = int(os.environ.get("MOOT_DATABASE_SCHEDULES", "100"))


def drawn(seed: int, many: int) -> Iterator[tuple[Scenario, list[Cut]]]:
    """So many schedules of two deaths, each cut at a boundary that a run in memory comes by."""
    dice, scenarios = Dice(seed), every()
    for _ in range(many):
        scenario = dice.choice(scenarios)
        world = scenario.begin()
        cuts: list[Cut] = []
        for _ in range(2):
            passed, _ = ended(world.copy(), scenario)
            deadly = [(n, fate) for n, kind in enumerate(passed) for fate in DEATHS[kind]]
            if deadly:
                cuts.append(Cut(*dice.choice(deadly)))
                cut_short(world, scenario, cuts[-1])
        yield scenario, cuts


def held(fresh: Callable[[int], Store], seed: int) -> list[str]:
    """What goes wrong with the schedules of a seed, each on a store of its own."""
    bad: list[str] = []
    for number, (scenario, cuts) in enumerate(drawn(seed, SCHEDULES)):
        store = fresh(number)
        try:
            world = scenario.begin(store)
            for cut in cuts:
                cut_short(world, scenario, cut)
            _, wrong = ended(world, scenario)
        finally:
            store.close()
        if wrong:
            bad.append(told(scenario, cuts, wrong))
    return bad


@pytest.mark.slow
def test_on_sqlite(tmp_path):
    assert held(lambda number: open_store(tmp_path / f"{number}.db"), seed=1) == []


@pytest.mark.slow
@pytest.mark.postgresql
def test_on_postgresql(postgresql):
    import psycopg

    url = postgresql.database()
    with psycopg.connect(url, autocommit=True) as connection:

        def fresh(number: int) -> Store:
            connection.execute("DROP SCHEMA IF EXISTS moot CASCADE")
            return open_store(url)

        assert held(fresh, seed=2) == []
