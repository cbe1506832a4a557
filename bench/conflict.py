"""What does it cost to say why an App cannot be placed, and why a replica is not elsewhere?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

from bench.figure import Figure, median
from moot.engine.refusal import MOST_RELAXED, MOST_REPLANNED, MOST_SEARCHED
from moot.model.app import App, Component, Container, Needs, Policy, Port
from moot.model.budget import Budget
from moot.model.conflict import Conflict
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.afford import afford
from moot.passes.explaining.alternative import alternative
from moot.passes.explaining.attempt import Effort
from moot.passes.explaining.conflict import conflict
from moot.passes.explaining.elsewhere import elsewhere, ties_of
from moot.passes.explaining.relax import relax
from moot.passes.place import place
from moot.passes.placing.search import LEAST

COMPONENTS, MACHINES, SEED = 50, 300, 5
CORE_S, WHY_NOT_MS = 2.0, 50.0


def measure(short: bool) -> list[Figure]:
    """CPU seconds of the core with what would help, by what is wrong; CPU milliseconds of a why."""
    runs = 1 if short else 5
    return [*(_core(what, ground, runs) for what, ground in cases().items()), _why_not(runs)]


def cases() -> Mapping[str, Ground]:
    """An App of which something cannot be, each for another reason."""
    good = ground()
    app, policy = good.app, good.app.policy
    spread = replace(policy, spread={"zone": 4}, venues=("lab0",))
    budget = Budget(amount=Decimal(1000), currency="EUR", per="month")
    needy = {"part3", "part17", "part31", "part44"}
    gpus = tuple(_with_gpu(c) if c.name in needy else c for c in app.components)
    return {
        "one spread that no venue has": replace(good, app=replace(app, policy=spread)),
        "a few that want the same machines": replace(good, app=replace(app, components=gpus)),
        "a budget": replace(good, app=replace(app, policy=replace(policy, budget=budget))),
    }


def ground() -> Ground:
    """A shop of 50 components and pools of machines of many prices, some of them with a GPU."""
    chance = Random(SEED)
    components = tuple(_component(number, chance) for number in range(COMPONENTS))
    offerings = [_machine(number, chance) for number in range(MACHINES)]
    app = App(name="shop", components=components, policy=Policy(residency=("eu",)))
    return Ground(app=app, offerings=offerings)


def _component(number: int, chance: Random) -> Component:
    return Component(
        name=f"part{number}",
        replicas=chance.randint(1, 6),
        container=Container(image="example/part:1"),
        needs=Needs(cpu=chance.choice((0.5, 1, 2)), memory_mib=chance.choice((512, 1024, 4096))),
        ports=(Port(target=8000),),
    )


def _machine(number: int, chance: Random) -> Offering:
    pool, traits = f"lab{number % 3}", {"runs:process", "runs:container", "eu"}
    return Offering(
        venue=f"{pool}:h{number}",
        name="machine",
        cpu=chance.choice((4.0, 8.0, 16.0)),
        memory_mib=32_768,
        hourly=Decimal(chance.randint(2, 30)) / 100,
        traits=frozenset(traits | {"gpu"} if number % 50 == 0 else traits),
        zone="abc"[number // 3 % 3],
        machine=f"{pool}:h{number}",
        reach=f"10.0.{number // 256}.{number % 256}",
        pool=pool,
    )


def _with_gpu(component: Component) -> Component:
    needs = replace(component.needs, cpu=4.0, traits=frozenset({"gpu"}))
    return replace(component, replicas=5, needs=needs)


def decide(ground: Ground) -> Placement:
    """As `moot plan` does while it looks for what is wrong."""
    return thorough(ground, LEAST, 0)


def thorough(ground: Ground, attempts: int, strides: int) -> Placement:
    """As `moot plan` does."""
    known = ground.app, ground.offerings, ground.prior, ground.homes, ground.absent
    made = place(*known, attempts=attempts)
    afford(ground.app, made)
    return made


def told(ground: Ground) -> tuple[Conflict, float]:
    """What is said of an App that cannot be placed, and the CPU seconds that takes."""
    try:
        decide(ground)
    except Refused as refused:
        troubled: Sequence[str] = [d.component for d in refused.diagnostics if d.component]
    else:
        raise AssertionError("it can be placed")
    began = time.process_time()
    found = conflict(ground, decide, troubled, Effort(MOST_SEARCHED))
    assert found, "promises are the reason"
    effort, more = Effort(MOST_RELAXED), Effort(MOST_REPLANNED)
    found = relax(ground, found, decide, effort, thorough, more)
    return found, time.process_time() - began


def _core(what: str, ground: Ground, runs: int) -> Figure:
    answers = [told(ground) for _ in range(runs)]
    assert all(found.irreducible and found.relaxations for found, _ in answers), what
    return Figure(
        name=f"why {COMPONENTS} components cannot be on {MACHINES} machines: {what}",
        value=median(cpu_s for _, cpu_s in answers),
        unit="s CPU",
        bound=CORE_S,
        command="moot.passes.explaining.conflict and relax",
    )


def _why_not(runs: int) -> Figure:
    here = ground()
    placement = decide(here)
    chosen = placement.runs[COMPONENTS // 2][0]
    times: list[float] = []
    for _ in range(runs):
        began = time.process_time()
        ties = ties_of(here, placement, chosen.component)
        possible, rejections = elsewhere(here, placement, chosen, ties)
        alternative(here, placement, chosen.component, ties, "it", lambda o: o == chosen.offering)
        times.append((time.process_time() - began) * 1000)
        assert len(possible) + len(rejections) == MACHINES - 1
    return Figure(
        name=f"why a replica of {COMPONENTS} components is not on {MACHINES - 1} other machines",
        value=median(times),
        unit="ms CPU",
        bound=WHY_NOT_MS,
        command="moot.passes.explaining.elsewhere and alternative",
    )
