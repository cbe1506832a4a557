"""Why a replica is not elsewhere: the first reason with its numbers, or the difference in price."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from moot.model.alternative import Alternative, Possible
from moot.model.app import App, Component, Mount, Needs, Policy, Port, Process, Volume
from moot.model.diagnostic import Refused
from moot.model.placement import Assignment, Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.apart import apart, wanted
from moot.passes.explaining.alternative import alternative
from moot.passes.explaining.elsewhere import elsewhere, ties_of
from moot.passes.place import place


def machine(name: str, hourly: float | None = 1, zone: str = "a", **more: Any) -> Offering:
    pool, _, host = name.rpartition(":")
    known = {"cpu": 4.0, "memory_mib": 4096, "traits": frozenset({"runs:process"})}
    return Offering(
        venue=name,
        name="m",
        pool=pool,
        machine=name,
        reach=host,
        zone=zone,
        hourly=None if hourly is None else Decimal(str(hourly)),
        **{**known, **more},
    )


def part(name: str = "web", replicas: int = 1, cpu: float = 1, **more: Any) -> Component:
    ways = {"process": Process(command=("x",)), "ports": (Port(target=80),)}
    return Component(
        name=name, replicas=replicas, needs=Needs(cpu=cpu, memory_mib=256), **ways, **more
    )


def ground(
    *offerings: Offering, parts: tuple[Component, ...] = (part(),), spread: Any = None
) -> Ground:
    policy = Policy(spread=spread or {})
    app = App(name="shop", components=parts, volumes=(Volume(name="data"),), policy=policy)
    return Ground(app=app, offerings=offerings)


def placed(here: Ground) -> Placement:
    return place(here.app, here.offerings, here.prior, here.homes, here.absent)


def asked(
    here: Ground, replica: str = "web/0"
) -> tuple[Assignment, dict[str, Possible], dict[str, str]]:
    placement = placed(here)
    chosen = next(a for a in placement.assignments if a.replica == f"shop/{replica}")
    ties = ties_of(here, placement, chosen.component)
    possible, rejections = elsewhere(here, placement, chosen, ties)
    named = {each.offering.venue: each for each in possible}
    return chosen, named, {each.venue: each.reason for each in rejections}


def without(here: Ground, *venues: str) -> Alternative:
    is_out = lambda offering: offering.venue in venues  # noqa: E731 - as short as what it says
    placement = placed(here)
    ties = ties_of(here, placement, "web")
    return alternative(here, placement, "web", ties, ", ".join(venues), is_out)


def test_a_dearer_place_is_told_with_the_difference_and_the_cheapest_comes_first():
    here = ground(machine("a", 1), machine("c", 3), machine("b", 1.5), machine("x", None))
    _, possible, reasons = asked(here)
    assert list(possible) == ["b", "c", "x"]
    assert [each.more for each in possible.values()] == [Decimal("0.5"), 2, None]
    assert reasons == {}


def test_what_another_component_takes_is_no_room():
    parts = (part("db", cpu=3), part())
    here = ground(machine("b", 1), machine("a", 2), parts=(part("db", cpu=3), part(cpu=2)))
    assert asked(here)[2] == {"b": "has 1 of 4 CPUs left, it needs 2"}
    here = ground(machine("a", 1), machine("b", 2), parts=parts)
    assert asked(here)[2] == {}
    tight = machine("b", 2, memory_mib=300)
    needy = replace(part("db"), needs=Needs(memory_mib=200, traits=frozenset({"disk"})))
    tight = replace(tight, traits=tight.traits | {"disk"})
    here = ground(machine("a", 1), tight, parts=(needy, part()))
    assert asked(here)[2] == {"b": "has 100 of 300 MiB of memory left, it needs 256"}


def test_its_own_room_is_its_own():
    """What it takes where it is does not count against a fellow that is asked for."""
    here = ground(machine("lab:a", 1), machine("lab:b", 1), parts=(part(replicas=2, cpu=4),))
    assert asked(here, "web/1")[2] == {"lab:a": "has 0 of 4 CPUs left, it needs 4"}


def test_what_an_offering_lacks_comes_first():
    here = ground(machine("a", 1), machine("b", 0, cpu=0.5))
    assert asked(here)[2] == {"b": "has 0.5 CPUs, it needs 1"}


def test_all_replicas_are_together():
    here = ground(
        machine("lab:a", 1), machine("lab:b", 2), machine("x", 2), parts=(part(replicas=2),)
    )
    _, possible, reasons = asked(here)
    assert list(possible) == ["lab:b"]
    assert reasons == {"x": "its other replicas are on lab, and all are in one venue or pool"}


def test_data_holds_all_replicas_on_one_machine():
    kept = part(replicas=2, mounts=(Mount(kind="volume", source="data", target="/d"),))
    here = ground(machine("lab:a", 1), machine("lab:b", 2), parts=(kept,))
    assert asked(here)[2] == {"lab:b": "its volume keeps all replicas on one machine"}


def test_a_domain_that_is_wanted_is_not_left():
    offers = machine("lab:a", 1), machine("lab:b", 1), machine("lab:z", 2, "z")
    here = ground(*offers, parts=(part(replicas=2),), spread={"zone": 2})
    dear = next(a for a in placed(here).assignments if a.offering.venue == "lab:z")
    _, possible, reasons = asked(here, dear.replica.removeprefix("shop/"))
    left = "it would leave 1 of the 2 zones that x-moot.spread wants"
    assert set(reasons.values()) == {left}
    assert not possible


def test_what_stays_for_little_says_so():
    here = ground(machine("a", 1), machine("b", 2))
    here = replace(here, prior=placed(here))
    here = replace(here, offerings=[machine("a", 1), machine("b", "0.995"), machine("c", 1)])
    _, possible, _ = asked(here)
    assert possible["b"].more == Decimal("-0.005")
    assert possible["b"].why.endswith("moving must save more than 0.01 EUR/hour")
    assert possible["c"].why == "it is there already"


def test_prices_in_two_currencies_are_not_compared():
    here = ground(machine("a", 1), machine("b", 5, currency="USD"))
    assert asked(here)[1]["b"].more is None
    assert without(here, "a").more is None


def test_the_alternative_is_of_all_replicas_in_the_room_beside_the_others():
    parts = (part("db", cpu=3), part(replicas=2))
    here = ground(machine("db", 0, cpu=4), machine("lab:a", 1, cpu=2), machine("rack:a", 2, cpu=1),
                  machine("rack:b", 3), parts=parts)  # fmt: skip
    found = without(here, "lab:a")
    assert found.places == (("rack:a/m", 1), ("rack:b/m", 1))
    assert (found.hourly, found.more, found.currency) == (5, 3, "EUR")
    assert without(here, "lab:a", "rack:b").refusal == "no venue can run component 'web'"


def test_the_alternative_goes_where_its_data_will_be():
    shared = (Mount(kind="volume", source="data", target="/d"),)
    here = ground(
        machine("a", 1), machine("b", 2), parts=(part("db", mounts=shared), part(mounts=shared))
    )
    assert without(here, "a").refusal


machines = some.lists(
    some.builds(
        lambda name, hourly, zone, cpu: machine(name, hourly, zone, cpu=cpu),
        some.sampled_from(["lab:1", "lab:2", "lab:3", "rack:1", "rack:2", "solo"]),
        some.integers(0, 3),
        some.sampled_from("ab"),
        some.sampled_from([1.0, 2.0, 4.0]),
    ),
    min_size=1,
    unique_by=lambda offering: offering.venue,
)
components = some.lists(
    some.builds(
        part,
        some.sampled_from(["web", "db"]),
        some.integers(1, 3),
        some.sampled_from([0.5, 1, 2]),
    ),
    min_size=1,
    unique_by=lambda component: component.name,
)


@given(machines, components, some.sampled_from([{}, {"zone": 2}, {"host": 2}]))
def test_every_offering_is_told_of_once_and_what_is_possible_is(machines, components, spread):
    here = ground(*machines, parts=tuple(components), spread=spread)
    try:
        placement = placed(here)
    except Refused:
        return
    for chosen in placement.assignments:
        ties = ties_of(here, placement, chosen.component)
        possible, rejections = elsewhere(here, placement, chosen, ties)
        told = Counter([*(p.offering.venue for p in possible), *(r.venue for r in rejections)])
        assert told == Counter({o.venue for o in machines} - {chosen.offering.venue})
        component = next(c for c in components if c.name == chosen.component)
        for each in possible:
            moved = [
                replace(a, offering=each.offering) if a == chosen else a
                for a in placement.assignments
            ]
            held = sum(
                next(c.needs.cpu for c in components if c.name == a.component)
                for a in moved
                if a.offering.venue == each.offering.venue
            )
            assert held <= each.offering.cpu
            places = [a.offering for a in moved if a.component == component.name]
            assert not apart(machines).lacks(places, wanted(here.app.policy, component))
