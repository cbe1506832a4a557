"""How long does it take to place a fleet, and again after a zone is lost, and who is left out?"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench import calibration
from bench.figure import Figure
from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.place import place

HOSTS, COMPONENTS, REPLICAS = 10_000, 200, 100_000
SHORT = 20  # so much smaller is the fleet of a short run
ZONES = 5
SIZES = ((16, 65_536), (32, 131_072), (32, 262_144), (64, 262_144))  # CPUs, MiB of memory
CPUS = (0.5, 1, 1, 2, 2, 3)  # of one component to those of another
MIB_PER_CPU = (2_048, 4_096, 4_096, 8_192)
LOADS = (0.70, 0.93, 0.97)
SPREAD = {"zone": 2, "host": 3}
FRESH_BOUND_S, LOSS_BOUND_S = 10.0, 2.0
SEED = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of placing once; without a placement somebody had no place."""

    cpu_s: float
    replicas: int
    left_out: int
    placement: Placement | None = None
    moved: int = 0


def measure(short: bool) -> list[Figure]:
    """CPU seconds of `place` at each load, with and without spread; who was left out or moved."""
    scale = SHORT if short else 1
    hosts, found = fleet(HOSTS // scale), list[Figure]()
    left_out, gave_way = [0], [0]
    for load in LOADS:
        for spread in ({}, SPREAD):
            said = f"at {load:.0%} load" + (", spread over zones and machines" if spread else "")
            fresh = tried(app(hosts, load, spread, scale), hosts)
            lost = _after_loss(hosts, load, spread, scale)
            left_out += [fresh.left_out, lost.left_out]
            gave_way.append(lost.moved)
            found += [
                _timed(f"placing a fleet from nothing {said}", fresh, FRESH_BOUND_S, hosts),
                _timed(f"placing a fleet after a zone is lost {said}", lost, LOSS_BOUND_S, hosts),
            ]
    most = f"the most of {len(found)} placements, up to {max(LOADS):.0%} load"
    return [
        *found,
        _counted("replicas of a fleet left without a place", max(left_out), most),
        _counted("healthy replicas moved after a zone is lost", max(gave_way), most),
    ]


def _after_loss(
    hosts: Sequence[Offering], load: float, spread: dict[str, int], scale: int
) -> Outcome:
    """What is left is as full as said, so with the lost zone there was room to spare."""
    left = [host for host in hosts if host.zone != "z0"]
    shop = app(left, load, spread, scale)
    before = tried(shop, hosts).placement
    assert before, "what has room in four zones has room in five"
    after = tried(shop, left, before)
    return replace(after, moved=moved(before, after.placement, left))


def _timed(name: str, outcome: Outcome, bound_s: float, hosts: Sequence[Offering]) -> Figure:
    what = f"{outcome.replicas:,} replicas on {len(hosts):,} hosts"
    said = f"{outcome.left_out:,} left out, {outcome.moved:,} moved"
    return Figure(
        name=name,
        value=round(outcome.cpu_s, 4),
        unit="s CPU",
        bound=bound_s,
        command=f"place {what}: {said}; the calibration loop took {calibration.loop():.2f} s",
    )


def _counted(name: str, count: int, command: str) -> Figure:
    return Figure(name=name, value=count, unit="replicas", bound=0, command=command)


def fleet(count: int) -> list[Offering]:
    """One pool of machines of several sizes, in several zones."""
    chance = random.Random(SEED)
    return [_host(number, *chance.choice(SIZES)) for number in range(count)]


def _host(number: int, cpu: int, memory_mib: int) -> Offering:
    return Offering(
        venue=f"lab:h{number:05}",
        name="machine",
        cpu=cpu,
        memory_mib=memory_mib,
        traits=frozenset({"runs:process"}),
        machine=f"m{number:05}",
        reach=f"h{number:05}",
        pool="lab",
        zone=f"z{number % ZONES}",
    )


def app(hosts: Sequence[Offering], load: float, spread: dict[str, int], scale: int) -> App:
    """Components of differing needs and numbers: of what the hosts have, of CPUs and of memory,
    they need this share.
    """
    chance = random.Random(SEED)
    weights = [chance.paretovariate(2) for _ in range(COMPONENTS)]
    parts = [_part(f"c{number:03}", chance) for number in range(COMPONENTS)]
    each = REPLICAS / scale / sum(weights)
    parts = [replace(p, replicas=round(w * each)) for p, w in zip(parts, weights, strict=True)]
    cpu = load * sum(h.cpu for h in hosts) / sum(p.needs.cpu * p.replicas for p in parts)
    memory = load * sum(h.memory_mib for h in hosts)
    memory /= sum(p.needs.memory_mib * p.replicas for p in parts)
    return App(
        name="fleet",
        components=tuple(
            replace(
                part,
                needs=Needs(
                    cpu=int(part.needs.cpu * cpu * 1000) / 1000,
                    memory_mib=int(part.needs.memory_mib * memory),
                ),
            )
            for part in parts
        ),
        policy=Policy(spread=spread),
    )


def _part(name: str, chance: random.Random) -> Component:
    cpu = chance.choice(CPUS)
    needs = Needs(cpu=cpu, memory_mib=int(cpu * chance.choice(MIB_PER_CPU)))
    return Component(name=name, process=Process(command=("x",)), needs=needs)


def tried(shop: App, hosts: Sequence[Offering], prior: Placement | None = None) -> Outcome:
    """One placement; left out are all replicas of a component that is refused."""
    replicas = sum(component.replicas for component in shop.components)
    began = time.process_time()
    try:
        placement = place(shop, hosts, prior)
    except Refused as refused:
        cpu_s = time.process_time() - began
        without = {diagnostic.component for diagnostic in refused.diagnostics}
        left_out = sum(c.replicas for c in shop.components if c.name in without)
        return Outcome(cpu_s, replicas, left_out)
    return Outcome(time.process_time() - began, replicas, 0, placement)


def moved(before: Placement, after: Placement | None, hosts: Sequence[Offering]) -> int:
    """How many are elsewhere although their host is still there."""
    there = {host.venue for host in hosts}
    homes = {a.replica: a.offering.venue for a in before.assignments if a.offering.venue in there}
    assignments = after.assignments if after else ()
    return sum(homes.get(a.replica, a.offering.venue) != a.offering.venue for a in assignments)
