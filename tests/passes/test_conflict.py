"""A refused App: the promises that cannot be kept together, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from declared import app_of, changed, without
from hypothesis import assume, example, given, settings
from hypothesis import strategies as some

from moot.model.conflict import Conflict
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.afford import afford, spent
from moot.passes.explaining.attempt import Effort
from moot.passes.explaining.conflict import conflict
from moot.passes.explaining.itemize import itemize
from moot.passes.explaining.relax import relax
from moot.passes.place import place
from moot.passes.placing.search import LEAST
from moot.passes.strive import strive

AMPLE = 10**7


def machine(
    name: str, hourly: float = 0, zone: str = "a", cpu: float = 4, *traits: str
) -> Offering:
    pool, _, host = name.rpartition(":")
    return Offering(
        venue=name,
        name="machine",
        pool=pool,
        machine=name,
        reach=host or name,
        cpu=cpu,
        memory_mib=4096,
        traits=frozenset({"runs:process", "runs:container", *traits}),
        zone=zone,
        hourly=Decimal(str(hourly)),
    )


def service(replicas: int = 1, cpus: float = 1, **more: Any) -> dict[str, Any]:
    reserved = {"cpus": str(cpus), "memory": "256M"}
    deploy = {"replicas": replicas, "resources": {"reservations": reserved}}
    return {"image": "x", "expose": ["80"], "deploy": deploy, **more}


def shop(services: Mapping[str, Any], **policy: Any) -> dict[str, Any]:
    return {"name": "shop", "x-moot": policy, "services": dict(services)}


def decide(ground: Ground) -> Placement:
    made = place(ground.app, ground.offerings, ground.prior, ground.homes, ground.absent)
    afford(ground.app, made)
    return made


def thorough(ground: Ground, attempts: int, strides: int) -> Placement:
    made = strive(ground, attempts, strides)
    afford(ground.app, made)
    return made


def decided(declaration: dict[str, Any], ground: Ground, names: Sequence[str] = ()) -> Placement:
    """As `moot plan` would, of these components or of all."""
    app = app_of(declaration)
    chosen = tuple(c for c in app.components if not names or c.name in names)
    return decide(replace(ground, app=replace(app, components=chosen)))


def found(declaration: dict[str, Any], ground: Ground, effort: int = AMPLE) -> Conflict | None:
    """What is said where it is refused."""
    with pytest.raises(Refused) as refused:
        decided(declaration, ground)
    ground = replace(ground, app=app_of(declaration))
    troubled = [d.component for d in refused.value.diagnostics if d.component]
    core = conflict(ground, decide, troubled, Effort(effort))
    return core and relax(ground, core, decide, Effort(effort), thorough, Effort(effort))


def ground(*offerings: Offering, **more: Any) -> Ground:
    return Ground(app=app_of(shop({"x": service()})), offerings=offerings, **more)


def texts(core: Conflict | None) -> list[str]:
    return [promise.text for promise in core.promises] if core else []


def options(core: Conflict | None) -> dict[str, Decimal | None]:
    return {option.text: option.hourly for option in core.relaxations} if core else {}


LAB = [machine("lab:a", 1, "a"), machine("lab:b", 1, "b")]
RACK = [machine("rack:a", 2, "a"), machine("rack:b", 2, "b"), machine("rack:c", 3, "c")]


# Examples.


def test_a_spread_that_the_allowed_venues_cannot_have():
    declaration = shop({"web": service(3)}, venues=["lab"], spread={"zone": 3}, residency=[])
    core = found(declaration, ground(*LAB, *RACK))
    assert texts(core) == [
        "x-moot.venues: [lab]",
        "x-moot.spread: {zone: 3}",
        "services.web.deploy.replicas: 3",
    ]
    assert options(core) == {
        "with `services.web.deploy.replicas: 2`": 2,
        "with `x-moot.spread: {zone: 2}`": 3,
        "without `x-moot.venues: [lab]`": 2 + 2 + 3,
        "with `x-moot.venues: [lab, rack]`": 2 + 2 + 3,
    }
    assert list(options(core).values()) == sorted(options(core).values())


def test_what_no_promise_is_the_reason_of_has_no_conflict():
    silent = replace(LAB[0], traits=frozenset())
    assert found(shop({"web": service()}), ground(silent)) is None


def test_components_that_take_the_room_from_one_another():
    """Whatever else is there and could be anywhere is no part of it."""
    gpu = replace(machine("house", 9, "a", 4, "gpu"), gpus=2)
    devices = {"capabilities": ["gpu"], "count": 1}
    needy = service(1, 3)
    needy["deploy"]["resources"]["reservations"]["devices"] = [devices]
    others = {f"part{n}": service(2) for n in range(6)}
    core = found(shop({"one": needy, **others, "two": needy}), ground(gpu, *RACK, *LAB))
    assert texts(core) == [
        f"services.{name}.{text}"
        for name in ("one", "two")
        for text in (
            "deploy.resources.reservations.cpus: 3",
            "deploy.resources.reservations.devices: 1",
        )
    ]
    assert core and core.components == ("one", "two")
    assert "with `services.two.deploy.resources.reservations.cpus: 1`" in options(core)


def test_a_need_is_lowered_to_what_fits():
    core = found(shop({"web": service(2, 6)}), ground(*LAB))
    assert options(core) == {"with `services.web.deploy.resources.reservations.cpus: 4`": 2}


def test_a_budget_is_raised_to_what_it_costs_and_not_to_what_stands():
    declaration = shop({"web": service(2)}, budget="1 EUR/hour")
    there = decided(shop({"web": service(2)}), ground(*RACK))
    core = found(declaration, ground(*RACK, *LAB, prior=there))
    assert texts(core) == ["x-moot.budget: 1 EUR/hour", "services.web.deploy.replicas: 2"]
    assert options(core)["with `x-moot.budget: 2.0000 EUR/hour`"] == 2
    raised = next(option for option in core.relaxations if option.over == "budget")
    assert raised.more == 1
    fewer = next(option for option in core.relaxations if option.over == "now")
    assert (fewer.hourly, fewer.more) == (1, 1 - 4)


def test_what_others_cost_counts_though_nothing_of_them_is_in_the_core():
    declaration = shop({"db": service(3), "web": service()}, budget="3 EUR/hour")
    core = found(declaration, ground(*LAB))
    assert texts(core) == ["x-moot.budget: 3 EUR/hour", "services.db.deploy.replicas: 3"]
    assert core and core.components == ("db", "web")


def test_data_that_cannot_leave_is_a_promise():
    declaration = shop({"db": service(volumes=["data:/d"])}, residency=["eu"])
    declaration["volumes"] = {"data": {}}
    away = machine("rack:eu", 1, "a", 4, "eu")
    core = found(declaration, ground(*LAB, away, homes={"data": "lab:a"}))
    assert texts(core) == ["x-moot.residency: [eu]", "services.db.volumes: [data]"]


def test_what_is_to_be_near_and_what_apart_are_promises():
    web, db = service(1, 3), service(1, 3, **{"x-moot": {"apart": ["web"]}})
    core = found(shop({"web": web, "db": db}), ground(machine("one", cpu=8)))
    assert texts(core) == ["services.db.x-moot.apart: [web]"]
    far = {"web": service(1, 4), "db": service(1, 4, **{"x-moot": {"near": ["web"]}})}
    core = found(shop(far), ground(machine("one"), machine("two")))
    assert texts(core) == [
        "services.db.deploy.resources.reservations.cpus: 4",
        "services.db.x-moot.near: [web]",
        "services.web.deploy.resources.reservations.cpus: 4",
    ]


def test_where_several_things_are_wrong_what_helps_together_is_said():
    declaration = shop({"web": service(), "db": service(1, 9)}, residency=["eu"])
    core = found(declaration, ground(*LAB))
    cpus = "services.db.deploy.resources.reservations.cpus: 9"
    assert texts(core) == [cpus]
    assert options(core) == {f"without `x-moot.residency: [eu]` and `{cpus}`": 2}


def test_without_effort_it_says_less_and_nothing_wrong():
    declaration = shop({f"part{n}": service(2, 2) for n in range(4)})
    here = ground(*LAB)
    assert found(declaration, here, 0) is None
    cores = [found(declaration, here, effort) for effort in range(100, 2000, 100)]
    assert {core.irreducible for core in cores if core} == {True, False}
    for core in filter(None, cores):
        others = [p.text for p in itemize(app_of(declaration)) if p not in core.promises]
        with pytest.raises(Refused):
            decided(without(declaration, *others), here, core.components)


def crowded(seed: int) -> tuple[dict[str, Any], Ground]:
    """Too much for a few machines of many prices, where it matters who is placed first."""
    chance = Random(seed)
    services = {
        f"part{n}": service(chance.randint(1, 4), chance.choice((1, 2, 3)))
        for n in range(chance.randint(3, 6))
    }
    offers = [
        machine(f"lab:{n}", chance.randint(1, 30) / 100, "a", chance.choice((2, 4, 8)))
        for n in range(chance.randint(4, 9))
    ]
    return shop(services, budget=f"{chance.randint(50, 900)} EUR/month"), ground(*offers)


def told_of(seed: int, more: int) -> Iterator[tuple[Decimal | None, Decimal]]:
    """What each relaxation is said to cost that was found in haste, and what a plan of it costs."""

    def hasty(tried: Ground) -> Placement:
        return thorough(tried, LEAST, 0)

    declaration, here = crowded(seed)
    here = replace(here, app=app_of(declaration))
    try:
        hasty(here)
    except Refused as refused:
        troubled = [d.component for d in refused.diagnostics if d.component]
    else:
        return
    core = conflict(here, hasty, troubled, Effort(AMPLE))
    assert core is not None
    for option in relax(here, core, hasty, Effort(AMPLE), thorough, Effort(more)).relaxations:
        yield option.hourly, spent(decided(changed(declaration, option.text), here))


def test_what_helps_costs_what_a_plan_of_it_does():
    told = [pair for seed in range(24) for pair in told_of(seed, AMPLE)]
    assert len(told) > 20
    assert [pair for pair in told if pair[0] != pair[1]] == []


def test_with_less_effort_it_costs_no_less_than_it_says():
    dearer = 0
    for hourly, planned in (pair for seed in range(24) for pair in told_of(seed, 0)):
        assert hourly is not None and hourly >= planned
        dearer += hourly > planned
    assert dearer, "haste finds as much: nothing is tested"


# Whatever is declared.

services = some.dictionaries(
    some.sampled_from(["web", "db", "jobs"]),
    some.builds(
        service,
        some.integers(1, 4),
        some.sampled_from([0.5, 1, 2, 5]),
        volumes=some.sampled_from([[], ["data:/d"]]),
    ),
    min_size=1,
)
policies = some.fixed_dictionaries(
    {},
    optional={
        "venues": some.lists(some.sampled_from(["lab", "rack"]), min_size=1, unique=True),
        "residency": some.just(["eu"]),
        "budget": some.sampled_from(["1 EUR/hour", "4 EUR/hour"]),
        "spread": some.dictionaries(
            some.sampled_from(["zone", "host", "venue"]), some.integers(2, 3), max_size=2
        ),
    },
)
offers = some.lists(
    some.builds(
        machine,
        some.sampled_from(["lab:1", "lab:2", "rack:1", "rack:2", "solo", "cloud"]),
        some.sampled_from([0, 0.5, 1, 3]),
        some.sampled_from("ab"),
        some.sampled_from([1, 2, 4]),
        some.sampled_from(["eu", "us"]),
    ),
    min_size=1,
    unique_by=lambda offering: offering.venue,
)


@settings(max_examples=60)  # each places many times
@example(  # what is left out costs more than there is
    {"web": service(1, 0.5), "db": service(1, 0.5)},
    {"budget": "1 EUR/hour"},
    [machine("lab:1", 1, "a", 1)],
    "",
)
@given(services, policies, offers, some.sampled_from(["", "lab:1", "gone"]))
def test_each_promise_is_needed_and_each_relaxation_is_true(services, policy, offers, home):
    declaration = shop(services, **policy)
    declaration["volumes"] = {"data": {}}
    here = ground(*offers, homes={"data": home} if home else {})
    try:
        decided(declaration, here)
    except Refused:
        core = found(declaration, here)
    else:
        core = None
    assume(core is not None)
    assert core.irreducible
    others = [p.text for p in itemize(app_of(declaration)) if p not in core.promises]
    alone = without(declaration, *others)
    with pytest.raises(Refused):
        decided(alone, here, core.components)
    for promise in core.promises:
        decided(without(alone, promise.text), here, core.components)
    for option in core.relaxations:
        made = decided(changed(declaration, option.text), here)
        assert spent(made) == option.hourly
