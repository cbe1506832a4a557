"""How fast is this machine now?  A fixed loop of integer work to read other figures against."""

from __future__ import annotations

import time

from bench.figure import Figure, median

ROUNDS = 2_000_000


def measure(short: bool) -> list[Figure]:
    """CPU seconds of the loop: the median of a few runs."""
    return [
        Figure(
            name="calibration loop",
            value=median(loop() for _ in range(3 if short else 7)),
            unit="s CPU",
            command=f"{ROUNDS:,} rounds of integer arithmetic in Python",
        )
    ]


def loop() -> float:
    """CPU seconds that the fixed work takes."""
    began = time.process_time()
    total = 0
    for number in range(ROUNDS):
        total = (total * 31 + number) & 0xFFFFFFFF
    assert total == 1_525_334_592, f"the work has changed: {total}"
    return time.process_time() - began
