"""What does a SIGKILL at a random moment of a run cost?  Nothing may be lost or there twice."""

from __future__ import annotations

import os
import shutil

from bench.figure import Figure, Missing
from tests.kill.kills import firsts, killed
from tests.kill.victims import VICTIMS

SEED = 1
FIRST_BOUND_S = 2.0


def measure(short: bool) -> list[Figure]:
    """Kills after which anything was lost or there twice, and how soon the next run was at work."""
    if not shutil.which("busybox"):
        raise Missing("busybox is not installed")
    venues = ["laptop", *(["docker"] if "DOCKER_HOST" in os.environ else [])]
    return [figure for venue in venues for figure in _at(venue, 6 if short else 150)]


def _at(venue: str, count: int) -> list[Figure]:
    kills, left = killed(VICTIMS[venue], SEED, range(count), lambda kill: None)
    wrong = sum(bool(kill.problems) for kill in kills) + bool(left)
    return [
        Figure(
            name=f"kills of up, update and down on {venue} that lost or doubled anything",
            value=wrong,
            unit=f"of {sum(kill.hit for kill in kills)}",
            bound=0,
            command=f"make kill KILLS={count}",
        ),
        Figure(
            name=f"first change of the run after a kill on {venue}, the latest of all",
            value=round(max(firsts(kills)), 2),
            unit="s wall",
            bound=FIRST_BOUND_S,
            command=f"make kill KILLS={count}",
        ),
    ]
