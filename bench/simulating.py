"""How fast is the simulated world?  What it costs until one thing has happened in it."""

from __future__ import annotations

import time

from bench.figure import Figure, median
from moot.testing.world.story import Story

BOUND_US = 20.0  # 50,000 events a second
SIZES = (4, 60)


def measure(short: bool) -> list[Figure]:
    """CPU microseconds per event of stories of few things, and of stories of many."""
    return [_told(size, 1 if short else 5) for size in SIZES]


def _told(size: int, runs: int) -> Figure:
    seeds = range(200 // size)
    return Figure(
        name=f"event in a simulated world of about {size} things",
        value=median(cost_us(size, seeds) for _ in range(runs)),
        unit="us CPU",
        bound=BOUND_US,
        command=f"{len(seeds)} stories of moot.testing.world",
    )


def cost_us(size: int, seeds: range) -> float:
    """CPU time of all that the engine and the world do, by the number of events."""
    began, events = time.process_time(), 0
    for seed in seeds:
        events += Story(seed, size=size).tell().events
    return (time.process_time() - began) / events * 1e6
