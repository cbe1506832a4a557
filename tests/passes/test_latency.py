"""x-moot.latency: within so many milliseconds of some, by what the venues state of their ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Needs, Process
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.traffic import Latency
from moot.model.venue import Offering
from moot.passes.apart import WITHIN_MS, apart
from moot.passes.explaining.elsewhere import elsewhere, ties_of
from moot.passes.place import place


def machine(name: str, region: str = "", cpu: float = 4, **more: object) -> Offering:
    """One of a pool where its name says so; `latency` is by name in whole milliseconds."""
    pool, _, host = name.rpartition(":")
    known = {"pool": pool, "machine": name, "reach": host, "memory_mib": 4096, "region": region}
    known["traits"] = frozenset({"runs:process"})
    ways = more.pop("latency", {})
    assert isinstance(ways, dict)
    known["latency"] = tuple((to, Decimal(ms)) for to, ms in ways.items())
    return Offering(**{"venue": name, "name": "machine", "cpu": cpu, **known, **more})


def part(name: str, replicas: int = 1, cpu: float = 1, **latency: int) -> Component:
    within = tuple(Latency(to, Decimal(ms)) for to, ms in latency.items())
    process, needs = Process(command=("x",)), Needs(cpu=cpu)
    return Component(name=name, replicas=replicas, process=process, needs=needs, latency=within)


def shop(*parts: Component) -> App:
    return App(name="shop", components=parts)


def venues(placement: Placement, name: str) -> list[str]:
    return [a.offering.venue for a in placement.assignments if a.component == name]


def refusal(app: App, offers: Sequence[Offering]) -> str:
    with pytest.raises(Refused) as refused:
        place(app, offers)
    return refused.value.diagnostics[0].detail


def distance(offers: Sequence[Offering], one: int, other: int) -> Decimal | None:
    atlas = apart(offers)
    return atlas.distance_ms(*(atlas.domain(offers[n], "region") for n in (one, other)))


def test_what_is_said_of_a_way_holds_in_both_directions():
    offers = [machine("a", latency={"b": 12}), machine("b"), machine("c")]
    assert distance(offers, 0, 1) == distance(offers, 1, 0) == 12
    assert distance(offers, 0, 2) is None
    assert distance(offers, 0, 0) == WITHIN_MS


def test_of_two_statements_of_one_way_the_larger_counts():
    offers = [machine("a", latency={"b": 12}), machine("b", latency={"a": 15})]
    assert distance(offers, 0, 1) == 15


def test_what_is_said_of_a_region_counts_for_more_than_what_is_said_of_its_venue():
    ways = {"rack/x": 5, "rack": 9}
    offers = [machine("a", latency=ways), machine("rack:1", "x"), machine("rack:2", "y")]
    assert distance(offers, 0, 1) == 5
    assert distance(offers, 0, 2) == 9
    assert distance(offers, 1, 2) is None


def test_a_venue_says_of_itself_how_far_apart_its_regions_are():
    pool = [machine(f"lab:{r}", r, latency={"lab": 7, "lab/y": 1}) for r in "xy"]
    assert distance(pool, 0, 1) == 7, "of x and y each says something, and the larger counts"
    assert distance(pool, 0, 0) == WITHIN_MS
    assert distance(pool, 1, 1) == 1
    alone = [machine("a", latency={"a": 1})]
    assert distance(alone, 0, 0) == 1, "it has no regions"


def test_what_is_near_enough_may_be_in_another_region():
    offers = [
        machine("a", hourly=Decimal(1), latency={"b": 12, "c": 30}),
        machine("b", hourly=Decimal(2)),
        machine("c", hourly=Decimal(1), traits=frozenset({"runs:process", "disk"})),
    ]
    db = Component(
        name="db",
        process=Process(command=("x",)),
        needs=Needs(cpu=4, traits=frozenset({"disk"})),
    )
    found = place(shop(part("web", cpu=4, db=30), db), offers)
    assert (venues(found, "web"), venues(found, "db")) == (["a"], ["c"])
    web = part("web", cpu=4, db=12)
    refused = refusal(shop(db, web), offers)
    assert "a/machine: is 30 ms away, and it is to be within 12 ms of 'db'" in refused
    unknown = "nothing says how far c is: state `latency: {c: ... ms}` of b in venues.yaml"
    assert f"b/machine: it is to be within 12 ms of 'db', and {unknown}" in refused
    refused = refusal(shop(web, db), [replace(offers[0], latency=()), offers[2]])
    assert "it would leave 'web', which is to be within 12 ms of it, in a; nothing" in refused
    assert "state `latency: {a: ... ms}` of c in venues.yaml" in refused


def test_who_comes_first_goes_where_the_other_one_can_follow():
    """By itself `web` is cheapest where nothing is near enough to the only room for `db`."""
    offers = [
        machine("a", "x", 1, hourly=Decimal(1)),
        machine("b", "x", 1, hourly=Decimal(2), latency={"c/y": 8}),
        machine("c", "y", 8, hourly=Decimal(3)),
    ]
    found = place(shop(part("web"), part("db", cpu=8, web=8)), offers)
    assert (venues(found, "web"), venues(found, "db")) == (["b"], ["c"])


def test_why_not_elsewhere_says_how_far_it_is():
    offers = [machine("a", latency={"b": 30}), machine("b"), machine("c")]
    app = shop(part("web", db=10), part("db"))
    found = place(app, offers)
    web, db = (next(a for a in found.assignments if a.component == n) for n in ("web", "db"))
    assert web.offering.venue == db.offering.venue == "a"
    ground = Ground(app=app, offerings=offers)
    _, rejected = elsewhere(ground, found, web, ties_of(ground, found, "web"))
    reasons = {rejection.venue: rejection.reason for rejection in rejected}
    assert reasons["b"] == "is 30 ms away, and it is to be within 10 ms of 'db'"
    assert "nothing says how far a is" in reasons["c"]
    _, rejected = elsewhere(ground, found, db, ties_of(ground, found, "db"))
    reasons = {rejection.venue: rejection.reason for rejection in rejected}
    assert reasons["b"] == "it would leave 'web', which is to be within 10 ms of it, in a"


NAMES = ("a", "b", "c")
REGIONS = ("lab/x", "lab/y", "rack/z")


@given(some.data())
@settings(max_examples=300, deadline=None)
def test_every_placement_keeps_what_is_promised(data: some.DataObject):
    parts = [
        part(
            name,
            data.draw(some.integers(1, 3)),
            **{
                other: data.draw(some.sampled_from([1, 5, 10]))
                for other in data.draw(some.sets(some.sampled_from(NAMES), max_size=1))
                if other != name
            },
        )
        for name in NAMES
    ]
    offers = _estate(data)
    app = shop(*parts)
    try:
        found = place(app, offers)
    except Refused:
        return
    assert place(app, offers, found).assignments == found.assignments
    shuffled = data.draw(some.permutations(offers))
    assert place(app, shuffled).assignments == found.assignments
    on = {n: [a.offering for a in found.assignments if a.component == n] for n in NAMES}
    atlas = apart(offers)
    for component in parts:
        for each in component.latency:
            there = {atlas.domain(o, "region") for o in on[each.to]}
            for mine in on[component.name]:
                ways = [atlas.distance_ms(atlas.domain(mine, "region"), r) for r in there]
                assert any(ms is not None and ms <= each.most_ms for ms in ways)


@given(some.data())
@settings(max_examples=300, deadline=None)
def test_two_that_can_be_near_enough_are_placed(data: some.DataObject):
    """Where no region has more than one machine: in others room may be in pieces."""
    most_ms = data.draw(some.sampled_from([1, 5, 10]))
    parts = [part("a", cpu=data.draw(some.integers(1, 4)), b=most_ms)]
    parts.insert(data.draw(some.integers(0, 1)), part("b", cpu=data.draw(some.integers(1, 4))))
    offers = _estate(data, alone=True)
    ways = list(_ways(shop(*parts), offers, most_ms))
    try:
        place(shop(*parts), offers)
        assert ways
    except Refused:
        assert not ways


def _estate(data: some.DataObject, alone: bool = False) -> list[Offering]:
    """Machines of a pool with two regions and of one with a single one, some ways between them;
    each is `alone` in its region, or may be.
    """
    ways = {
        name: data.draw(some.dictionaries(some.sampled_from(REGIONS), some.sampled_from([4, 8])))
        for name in REGIONS
    }
    room = some.tuples(some.sampled_from(REGIONS), some.integers(1, 5))
    rooms = data.draw(some.lists(room, unique_by=(lambda room: room[0]) if alone else None))
    offers: list[Offering] = []
    for number, (name, cpu) in enumerate(rooms):
        pool, _, region = name.partition("/")
        price = Decimal(data.draw(some.integers(0, 2)))
        known = {"latency": ways[name], "hourly": price}
        offers.append(machine(f"{pool}:{number}", region, cpu, **known))
    return offers


def _ways(app: App, offers: Sequence[Offering], most_ms: int) -> Iterator[Sequence[Offering]]:
    """Every way to run two that are near enough."""
    first, second = (component.needs.cpu for component in app.components)
    for one, other in product(range(len(offers)), repeat=2):
        room = offers[one].cpu >= first and offers[other].cpu >= second
        ms = distance(offers, one, other)
        room = room and (one != other or offers[one].cpu >= first + second)
        if room and ms is not None and ms <= most_ms:
            yield offers[one], offers[other]
