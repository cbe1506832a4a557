"""What does it cost to find machines for 50 components among 120,000 offerings, and how cheap?

Once for everything, and once beside two clusters that somebody has: with a quota, what they and the
vendors promise of their machines, distances, residency and traffic that is paid for.
"""

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
from typing import Any

from bench.figure import Figure, timed, workplace
from bench.market import OFFERINGS, SEED, generated
from moot.market import snapshot
from moot.market.facts import EGRESS, SLAS, area, burstable
from moot.model.app import App, Component, Container, Needs, Policy
from moot.model.availability import Sla
from moot.model.market import Vendor
from moot.model.quota import Quota
from moot.model.rehearsal import Ground
from moot.model.traffic import Latency, Traffic
from moot.model.venue import Offering, Venue

COMPONENTS = 50
TALKING, CLOSE = 12, 6  # of them that state traffic, and a latency
PROMISED = 0.9  # by what vendors and own venues state, of all 50 components at once
# How many rounds take about so many seconds of CPU: the budget is a count, the seconds follow.
ROUNDS = {"about 1 s": 20, "about 10 s": 500}
ROUNDS_BESIDE = {"about 1 s": 60, "about 10 s": 400}
ROUNDS_SOLVED = {"about 10 s": 200}  # where a solver is asked as well
EVERY_ROUNDS = 20  # of every line, as a user is shown them
FEASIBLE_S, RSS_MIB = 0.3, 300.0
GAPS = {"about 1 s": 2.0, "about 10 s": 0.5}  # bounds, in percent


def measure(short: bool) -> list[Figure]:
    """One vendor is Amazon's table, two are made from it by seed; what is asked for is the cheapest
    of them, of each pair, and of one's own machines with each.
    """
    few = 1 if short else None
    figures = _figures(dict(list(ROUNDS.items())[:few]), "none", "")
    beside = ", beside two clusters of one's own"
    figures += _figures(dict(list(ROUNDS_BESIDE.items())[:few]), "none", beside, "beside")
    if not short and find_spec("highspy"):
        figures += _figures(ROUNDS_SOLVED, "highs", ", with HiGHS")
    return figures


def _figures(
    budgets: Mapping[str, int], solver: str, how: str, beside: str = "alone"
) -> list[Figure]:
    command = "python -m bench.buying"
    what = f"buying for {COMPONENTS} components among {OFFERINGS:,} offerings{how}"
    with workplace() as (folder, environ):
        table = folder / "market.json.gz"
        table.write_bytes(gzip.compress(json.dumps(generated()).encode(), 1))
        environ["PYTHONPATH"] = str(Path(__file__).parents[1])
        argv = [sys.executable, "-m", "bench.buying", str(table), solver, beside]
        argv += map(str, budgets.values())
        ran = timed(argv, environ, folder)
    first, every, *later = json.loads(ran.stdout)
    name, value = f"{what}: the first way, warm", first["cpu_s"]
    figures = [Figure(name=name, value=value, unit="s CPU", bound=FEASIBLE_S, command=command)]
    name, value = f"{what}: CPU of {EVERY_ROUNDS} rounds for every line", every["cpu_s"]
    figures.append(Figure(name=name, value=value, unit="s CPU", command=command))
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


def estate() -> Ground:
    """What is to run in Europe beside two clusters: one is free, the other has a quota and a price
    for each replica.  Some components talk, some must be within 20 ms of others.
    """
    chance = Random(SEED)
    app = shop()
    names = [component.name for component in app.components]
    components = [replace(c, container=Container(image=c.name)) for c in app.components]
    for n in chance.sample(range(COMPONENTS), TALKING):
        other = chance.choice([name for name in names if name != names[n]])
        talk = Traffic(to=other, gb_monthly=Decimal(chance.choice((1, 10, 50))))
        components[n] = replace(components[n], traffic=(talk,))
    for n in chance.sample(range(COMPONENTS), CLOSE):
        other = chance.choice([name for name in names if name != names[n]])
        components[n] = replace(components[n], latency=(Latency(to=other, most_ms=Decimal(20)),))
    policy = Policy(residency=("de", "se"), availability=PROMISED)
    app = replace(app, components=tuple(components), policy=policy)
    quota = Quota.of({"cpu": 60, "memory": "256GiB"})
    far = (("aws", Decimal(15)), ("synthetic-1", Decimal(25)), ("rack", Decimal(4)))
    lab = [_host("lab", n, egress=Decimal("0.01"), latency=far) for n in range(4)]
    rack = [
        _host("rack", n, hourly=Decimal("0.0002"), quota=quota, latency=far[:1]) for n in range(5)
    ]
    sla = Sla(levels={"venue": 0.9995, "host": 0.999})
    venues = {o.venue: Venue(name=o.venue, provider="host", sla=sla) for o in (*lab, *rack)}
    return Ground(app=app, offerings=(*lab, *rack), venues=venues)


def _host(pool: str, number: int, **more: Any) -> Offering:
    name = f"{pool}:h{number}"
    given: dict[str, Any] = {"hourly": Decimal(0), **more}
    return Offering(
        venue=name,
        name="machine",
        machine=name,
        pool=pool,
        reach=name,
        region="eu",
        cpu=16,
        memory_mib=64 * 1024,
        disk_mib=1 << 20,
        currency="USD",
        traits=frozenset({"os:linux", "arch:amd64", "runs:container", "eu", "de"}),
        **given,
    )


def main(argv: Sequence[str]) -> int:
    """Prints what was found after no round, of every line, and after so many ROUNDS each, from the
    market in TABLE.
    """
    table, solver, beside, *rounds = argv
    market = [
        replace(
            vendor,
            kinds=[k for k in vendor.kinds if not burstable("aws", k.name)],
            sla=SLAS["aws"],
            egress=EGRESS["aws"],
        )
        for vendor in snapshot(Path(table))
    ]
    ground = estate() if beside == "beside" else None
    _found(market, 0, solver, ground)  # to be warm
    found = [_found(market, count, solver, ground) for count in (0, *map(int, rounds))]
    found.insert(1, _found(market, EVERY_ROUNDS, solver, ground, only_free=False))
    print(json.dumps(found))
    return 0


def _found(
    market: Sequence[Vendor],
    rounds: int,
    solver: str,
    ground: Ground | None,
    *,
    only_free: bool = True,
) -> dict[str, float]:
    """How far the cheapest is above the lowest bound, in percent; the solver's CPU is counted."""
    from moot.engine.solver import Solver
    from moot.passes.buying.estimate import estimate
    from moot.passes.buying.terms import Inquiry

    app = ground.app if ground else shop()
    areas = {vendor.name: {r: area("aws", r) for r in vendor.regions} for vendor in market}
    began = sum(os.times()[:4])
    with Solver(there=solver == "highs") as solve:
        inquiry = Inquiry(
            app=app,
            market=market,
            areas=areas,
            rounds=rounds,
            solve=solve,
            ground=ground,
            only_free=only_free,
        )
        found = [one for one in estimate(inquiry) if not one.reason]
    cpu_s = round(sum(os.times()[:4]) - began, 3)
    best = min(one.hourly for one in found if one.keeps)
    least = min(one.least for one in found)
    return {"rounds": rounds, "cpu_s": cpu_s, "gap": _percent(best / least - 1)}


def _percent(part: Decimal) -> float:
    return round(float(part) * 100, 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
