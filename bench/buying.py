"""What does it cost to find machines for 50 components among 120,000 offerings, and how cheap?"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from random import Random

from bench.figure import Figure, timed, workplace
from bench.market import OFFERINGS, SEED, generated
from moot.market import snapshot
from moot.market.facts import burstable
from moot.model.app import App, Component, Needs
from moot.model.market import Vendor

COMPONENTS = 50
# How many rounds take about so many seconds of CPU: the budget is a count, the seconds follow.
ROUNDS = {"about 1 s": 20, "about 10 s": 500}
ROUNDS_SOLVED = {"about 10 s": 200}  # where a solver is asked as well
FEASIBLE_S, RSS_MIB = 0.3, 300.0
GAPS = {"about 1 s": 2.0, "about 10 s": 0.5}  # bounds, in percent


def measure(short: bool) -> list[Figure]:
    """One vendor is Amazon's table, two are made from it by seed; all three are estimated."""
    figures = _figures(dict(list(ROUNDS.items())[: 1 if short else None]), "none", "")
    if not short and find_spec("highspy"):
        figures += _figures(ROUNDS_SOLVED, "highs", ", with HiGHS")
    return figures


def _figures(budgets: Mapping[str, int], solver: str, how: str) -> list[Figure]:
    command = "python -m bench.buying"
    what = f"buying for {COMPONENTS} components among {OFFERINGS:,} offerings{how}"
    with workplace() as (folder, environ):
        table = folder / "market.json.gz"
        table.write_bytes(gzip.compress(json.dumps(generated()).encode(), 1))
        environ["PYTHONPATH"] = str(Path(__file__).parents[1])
        argv = [sys.executable, "-m", "bench.buying", str(table), solver]
        argv += map(str, budgets.values())
        ran = timed(argv, environ, folder)
    first, *later = json.loads(ran.stdout)
    name, value = f"{what}: one way on each of three vendors, warm", first["cpu_s"]
    figures = [Figure(name=name, value=value, unit="s CPU", bound=FEASIBLE_S, command=command)]
    for label, found in zip(budgets, later, strict=True):
        name = f"{what}: the cheapest above its bound after {label} ({found['rounds']} rounds)"
        figures += [
            Figure(name=name, value=found["gap"], unit="%", bound=GAPS[label], command=command),
            Figure(
                name=f"{what}: CPU of {found['rounds']} rounds",
                value=found["cpu_s"],
                unit="s CPU",
                command=command,
            ),
        ]
    rss = round(ran.rss_mib, 1)
    name = f"{what}: memory"
    return [*figures, Figure(name=name, value=rss, unit="MiB", bound=RSS_MIB, command=command)]


def shop() -> App:
    """Components with one to six replicas each, from a quarter of a CPU to four."""
    chance = Random(SEED)
    return App(
        name="shop",
        components=tuple(
            Component(
                name=f"c{number}",
                replicas=chance.choice((1, 2, 2, 3, 4, 6)),
                needs=Needs(
                    cpu=chance.choice((0.25, 0.5, 1, 1, 2, 4)),
                    memory_mib=chance.choice((256, 512, 1024, 2048, 4096, 8192, 16384)),
                ),
            )
            for number in range(COMPONENTS)
        ),
    )


def main(argv: Sequence[str]) -> int:
    """Prints what was found after none and after so many ROUNDS each, from the market in TABLE."""
    table, solver, *rounds = argv
    market = [
        replace(vendor, kinds=[k for k in vendor.kinds if not burstable("aws", k.name)])
        for vendor in snapshot(Path(table))
    ]
    _found(market, 0, solver)  # to be warm
    print(json.dumps([_found(market, count, solver) for count in (0, *map(int, rounds))]))
    return 0


def _found(market: Sequence[Vendor], rounds: int, solver: str) -> dict[str, float]:
    """How far the cheapest is above the lowest bound, in percent; the solver's CPU is counted."""
    from moot.engine.solver import Solver
    from moot.passes.buying.estimate import estimate

    areas = {vendor.name: dict.fromkeys(vendor.regions, frozenset[str]()) for vendor in market}
    began = sum(os.times()[:4])
    with Solver(there=solver == "highs") as solve:
        found = estimate(shop(), market, areas, rounds, solve=solve)
    cpu_s = round(sum(os.times()[:4]) - began, 3)
    best, least = min(one.hourly for one in found), min(one.least for one in found)
    return {"rounds": rounds, "cpu_s": cpu_s, "gap": _percent(best / least - 1)}


def _percent(part: Decimal) -> float:
    return round(float(part) * 100, 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
