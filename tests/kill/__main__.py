"""Kills moot, again and again: `python -m tests.kill [--kills N] [--seed N] [--only VENUE/N]`.

Half of the kills hit an App of processes, half one of containers where a Docker Engine answers.
The seed is printed; `--seed S --only VENUE/N` makes kill number N of that run again.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.kill.kills import Kill, firsts, killed
from tests.kill.victims import VICTIMS, Count


def main(argv: Sequence[str]) -> int:
    """Kill, print a line for every failure and the report; 1 when anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill")
    parser.add_argument("--kills", type=int, default=300, help="how many, over all venues")
    parser.add_argument("--seed", type=int, default=None, help="default: another one every time")
    parser.add_argument("--venue", choices=VICTIMS, action="append", help="default: both")
    parser.add_argument("--only", metavar="VENUE/N", help="only this kill of this seed")
    options = parser.parse_args(argv)
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    venue, _, number = (options.only or "").partition("/")
    venues = [venue] if venue else options.venue or _venues()
    print(f"seed {seed}, on {' and '.join(venues)}", flush=True)
    kills: list[Kill] = []
    left: Count = Counter()
    for index, name in enumerate(venues):
        share = options.kills // len(venues) + (index < options.kills % len(venues))
        numbers = [int(number)] if number else range(share)
        made, remains = killed(VICTIMS[name], seed, numbers, _tell)
        kills += made
        left += remains
    for line in report(kills, seed):
        print(line)
    print(f"left in the end: {_counts(left)}")
    return int(bool(left) or any(kill.problems for kill in kills))


def report(kills: Sequence[Kill], seed: int) -> Iterator[str]:
    """How many kills hit what, what went wrong, and how soon the next run was at work."""
    hits = [kill for kill in kills if kill.hit]
    failed = [kill for kill in kills if kill.problems]
    yield f"{len(kills)} runs, {len(hits)} killed before their end, {len(failed)} went wrong"
    for venue in VICTIMS:
        of_venue = [kill for kill in kills if kill.venue == venue]
        if not of_venue:
            continue
        phases = Counter(kill.phase for kill in of_venue if kill.hit)
        yield f"{venue}: killed in {_counts(phases)}"
        flights = Counter(what for kill in of_venue for what in set(kill.in_flight))
        idle = sum(not kill.in_flight for kill in of_venue)
        yield f"  in flight: {_counts(flights)}; nothing in {idle}"
        yield f"  first change of the next run: {_seconds(firsts(of_venue))}"
        yield f"  wall time of the next run: {_seconds([k.recovery.took_s for k in of_venue])}"
        yield f"  CPU time of the next run: {_seconds([k.recovery.cpu_s for k in of_venue])}"
    for kill in failed:
        yield f"again: python -m tests.kill --seed {seed} --only {kill.venue}/{kill.number}"


def _venues() -> list[str]:
    if "DOCKER_HOST" in os.environ:
        return list(VICTIMS)
    print("no Docker Engine answers: only processes are killed at", file=sys.stderr)
    return ["laptop"]


def _tell(kill: Kill) -> None:
    how = "killed" if kill.hit else "ended by itself"
    line = f"{kill.venue}/{kill.number} {kill.phase} {how} {kill.moment}"
    if kill.problems or os.environ.get("VERBOSE"):
        flying = ", ".join(kill.in_flight) or "nothing"
        print(f"{line}; in flight: {flying}; next run {kill.recovery.took_s:.2f} s", flush=True)
    for problem in kill.problems:
        print(f"  WRONG: {problem}", flush=True)


def _seconds(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return f"median {statistics.median(values):.2f} s, most {max(values):.2f} s"


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{what} {n}" for what, n in sorted(counter.items())) or "none"


if __name__ == "__main__":
    begun = time.monotonic()
    code = main(sys.argv[1:])
    print(f"{time.monotonic() - begun:.0f} s")
    sys.exit(code)
