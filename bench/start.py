"""What does it cost to start moot at all?  `moot --help` imports nothing but a static table."""

from __future__ import annotations

from bench.figure import Figure, median, moot, timed, workplace

BOUND_MS = 60


def measure(short: bool) -> list[Figure]:
    """CPU milliseconds of `moot --help`, the interpreter's own start included."""
    with workplace() as (folder, environ):
        timed(moot("--help"), environ, folder)  # bytecode is written once
        runs = [timed(moot("--help"), environ, folder).cpu_s for _ in range(5 if short else 25)]
    return [
        Figure(
            name="moot --help",
            value=round(median(runs) * 1000, 1),
            unit="ms CPU",
            bound=BOUND_MS,
            command="moot --help",
        )
    ]
