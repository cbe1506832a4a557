"""The whole crash matrix: `python tests/crash/matrix.py [SCHEDULES]` on two processes.

Every scenario in every weather: everything that may go wrong at each boundary, all pairs of
deaths, a sample of all other pairs and one of triples of deaths.  Fewer are a sample of these.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from scenarios import every
from schedules import Explorer, Tally

from moot.testing.world import AT, DEATHS

ALL = 110_000  # about as many as the whole matrix has
WORKERS = 2
# Of all pairs that are not deaths, and of all second and third deaths, these parts are run.
PAIRS, TRIPLES = 0.015, 0.05


@dataclass(frozen=True)
class Task:
    """One scenario, to be explored in one of three ways."""

    scenario: int
    way: str
    first: float
    more: float

    def run(self) -> Tally:
        scenario = every()[self.scenario]
        match self.way:
            case "pairs of deaths":
                return Explorer(scenario, DEATHS, 2, self.first, self.more).run()
            case "pairs":
                return Explorer(scenario, AT, 2, self.first, self.more * PAIRS).run()
            case _:
                return Explorer(scenario, DEATHS, 3, self.first, self.more * TRIPLES).run()


def tasks(schedules: int) -> Iterator[Task]:
    """What adds up to about so many schedules, the whole matrix at most."""
    part = min(1.0, schedules / ALL)
    first = min(1.0, part * 4)
    for scenario in range(len(every())):
        for way in ("pairs of deaths", "pairs", "triples of deaths"):
            yield Task(scenario, way, first, part / first)


def run(schedules: int, workers: int = WORKERS) -> Tally:
    """All of them, on so many processes."""
    tally = Tally()
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for part in pool.imap_unordered(Task.run, tasks(schedules)):
            tally.add(part)
    return tally


def main(argv: list[str]) -> int:
    """1 where a schedule ended badly; those are named, so that they can be run again."""
    schedules = int(argv[0] if argv else os.environ.get("MOOT_SCHEDULES", ALL))
    began = time.perf_counter()
    tally = run(schedules)
    for bad in tally.bad:
        print(bad)
    print(
        f"{tally.schedules:,} schedules in {time.perf_counter() - began:.0f} s "
        f"on {WORKERS} processes: {len(tally.bad)} ended badly"
    )
    return int(bool(tally.bad))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
