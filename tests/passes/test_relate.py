"""x-moot.near and x-moot.apart: in one region with some, on no machine with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.apart import apart
from moot.passes.explaining.alternative import alternative
from moot.passes.explaining.elsewhere import elsewhere, ties_of
from moot.passes.place import place


def machine(name: str, region: str = "", cpu: float = 4, **more: object) -> Offering:
    """One of a pool where its name says so."""
    pool, _, host = name.rpartition(":")
    known = {"pool": pool, "machine": name, "reach": host, "memory_mib": 4096, "region": region}
    known["traits"] = frozenset({"runs:process"})
    return Offering(**{"venue": name, "name": "machine", "cpu": cpu, **known, **more})


def part(name: str, replicas: int = 1, cpu: float = 1, **more: object) -> Component:
    process = Process(command=("x",))
    return Component(name=name, replicas=replicas, process=process, needs=Needs(cpu=cpu), **more)


def shop(*parts: Component, **spread: int) -> App:
    return App(name="shop", components=parts, policy=Policy(spread=spread))


def venues(placement: Placement, name: str) -> list[str]:
    return [a.offering.venue for a in placement.assignments if a.component == name]


def refusal(app: App, offers: Sequence[Offering]) -> str:
    with pytest.raises(Refused) as refused:
        place(app, offers)
    return refused.value.diagnostics[0].detail


LAB = [machine("lab:a", "fsn"), machine("lab:b", "nbg"), machine("lab:c", "nbg")]


@pytest.mark.parametrize("near", ["db", "web"])
def test_two_are_in_one_region_whichever_of_them_asks_for_it(near: str):
    """`db` alone would go to the machine that has least to do, which is in another region."""
    parts = [part("web", 2), part("db", 2)]
    parts = [
        Component(name=c.name, replicas=2, process=c.process, needs=c.needs, near=(other,))
        if c.name == near
        else c
        for c, other in zip(parts, ("db", "web"), strict=True)
    ]
    found = place(shop(*parts), [machine("lab:a", "fsn"), machine("lab:b", "nbg", 2)])
    assert set(venues(found, "web")) >= set(venues(found, near))
    assert len({*venues(found, "web")} & {*venues(found, "db")}) >= 1


def test_what_is_near_something_follows_it():
    app = shop(part("web", cpu=4), part("db", cpu=2, near=("web",)))
    found = place(app, [machine("a", "x", 5), machine("b", "x", 6)])
    assert venues(found, "web") == venues(found, "db") == ["b"]
    assert "'web', which it is to be near, is in a x" in refusal(
        app, [machine("a", "x", 5), machine("b", "x", 4)]
    )


def test_what_others_are_to_be_near_goes_where_they_can_be():
    """In the order of the file `cache` is on the machine with least to do, where no room is."""
    app = shop(part("cache", 1, 1), part("db", 1, 8, near=("cache",)))
    found = place(app, [machine("lab:a", "x", 2), machine("lab:b", "y", 9)])
    assert venues(found, "cache") == venues(found, "db") == ["lab:b"]


def test_each_of_several_regions_has_what_it_is_to_be_near():
    """The one that is spread comes first; what it is near has a replica in each of its regions."""
    offers = [machine("lab:a", "x"), machine("lab:b", "y")]
    app = shop(part("web", 2, near=("db",)), part("db", 2), region=2)
    found = place(app, offers)
    assert sorted(venues(found, "web")) == sorted(venues(found, "db")) == ["lab:a", "lab:b"]
    alone = shop(part("web", 2, near=("db",)), part("db", 1), region=2)
    assert refusal(alone, offers)


def test_what_runs_near_something_stays_when_it_is_placed_again():
    """Nobody needs room twice: neither what runs, nor whom it is near."""
    app = shop(part("web", cpu=2), part("cache", cpu=2, near=("web",)))
    offers = [machine("lab:x", "x", 5), machine("lab:y", "y", 5)]
    first = place(app, offers)
    assert place(app, offers, first).assignments == first.assignments
    app = shop(part("web", 2, 2), part("cache", cpu=2, near=("web",)))
    offers = [machine("lab:x", "x"), machine("lab:y", "y")]
    first = place(app, offers)
    again = place(app, [*offers, machine("lab:z", "z", 9)], first)
    assert again.assignments == first.assignments


def test_regions_with_room_for_all_are_not_paid_for_where_others_do():
    offers = [
        machine("lab:x", "x", 2, hourly=Decimal("0.1")),
        machine("lab:y", "y", 2, hourly=Decimal("0.1")),
        machine("lab:z", "z", 9, hourly=Decimal("0.9")),
    ]
    found = place(shop(part("web", 2), part("cache", near=("web",))), offers)
    assert spent(found) == found.floor == Decimal("0.3")


def test_what_others_are_to_be_near_must_be_in_each_of_their_regions():
    offers = [machine("lab:a", "x"), machine("lab:b", "y")]
    app = shop(part("web", 2, near=("db",)), part("db"), region=2)
    refused = refusal(app, offers)
    assert "it would leave 'web', which is to be near it, in lab" in refused
    assert "has no room" not in refused


def test_why_not_elsewhere_does_not_leave_anybody_alone():
    offers = [machine("lab:a", "x"), machine("lab:b", "y"), machine("lab:c", "y")]
    app = shop(part("web", 2), part("cache", 2, near=("web",)), region=2)
    found = place(app, offers)
    first = next(a for a in found.assignments if a.component == "web" and a.offering.region == "x")
    ground = Ground(app=app, offerings=offers)
    ties = ties_of(ground, found, "web")
    assert elsewhere(ground, found, first, ties)[0] == ()
    here = first.offering.venue
    without = alternative(ground, found, "web", ties, "it", lambda o: o.venue == here)
    assert without.refusal


def test_who_is_to_be_apart_leaves_a_machine_to_the_other():
    """Spread evenly, the first would be on both."""
    two = [machine("lab:a", cpu=12), machine("lab:b", cpu=8)]
    first = replace(part("a", 2), needs=Needs(cpu=3, memory_mib=128))
    other = replace(part("b", 2, apart=("a",)), needs=Needs(cpu=1, memory_mib=256))
    found = place(shop(first, other), two)
    assert len({*venues(found, "a")}) == len({*venues(found, "b")}) == 1


def test_components_apart_share_no_machine_whichever_of_them_asks_for_it():
    for parts in (
        [part("a", 2, apart=("b",)), part("b", 1)],
        [part("a", 2), part("b", 1, apart=("a",))],
    ):
        found = place(shop(*parts), LAB)
        assert not {*venues(found, "a")} & {*venues(found, "b")}
    assert "has 'a', and the two are to be apart" in refusal(shop(*parts), LAB[:1])


def test_two_venues_on_one_machine_are_one_machine():
    both = [machine("laptop", machine="m"), machine("docker", machine="m")]
    app = shop(part("a", apart=("b",)), part("b"))
    assert "and the two are to be apart" in refusal(app, both)


def test_who_runs_nowhere_binds_nobody():
    app = shop(part("web", 0), part("db", near=("web", "gone"), apart=("web",)))
    assert venues(place(app, LAB), "db")


def test_why_not_elsewhere_says_so_of_the_one_that_came_first():
    app = shop(part("a", cpu=1), part("b", apart=("a",)), part("c", near=("a",)))
    offers = [machine("lab:a", "x"), machine("lab:b", "x"), machine("lab:c", "y")]
    found = place(app, offers)
    first = next(each for each in found.assignments if each.component == "a")
    ground = Ground(app=app, offerings=offers)
    ties = ties_of(ground, found, "a")
    possible, rejected = elsewhere(ground, found, first, ties)
    assert not possible
    reasons = {rejection.venue: rejection.reason for rejection in rejected}
    on_b = venues(found, "b")[0]
    assert reasons[on_b] == "has 'b', and the two are to be apart"
    there = alternative(
        ground, found, "a", ties, "it", lambda offering: offering.venue == first.offering.venue
    )
    assert there.refusal


@given(some.data())
@settings(max_examples=200, deadline=None)
def test_every_placement_keeps_both(data: some.DataObject):
    names = ["a", "b", "c"]
    who = some.lists(some.sampled_from(names), max_size=1, unique=True)
    parts = [
        part(
            name,
            data.draw(some.integers(1, 3)),
            near=tuple(other for other in data.draw(who) if other != name),
            apart=tuple(other for other in data.draw(who) if other != name),
        )
        for name in names
    ]
    spread = data.draw(some.sampled_from([{}, {"region": 2}, {"host": 2}]))
    rooms = data.draw(some.lists(some.tuples(some.sampled_from("xy"), some.integers(1, 4))))
    offers = [machine(f"lab:{n}", region, cpu) for n, (region, cpu) in enumerate(rooms)]
    try:
        found = place(shop(*parts, **spread), offers)
    except Refused:
        return
    assert place(shop(*parts, **spread), offers, found).assignments == found.assignments
    atlas = apart(offers)
    on = {n: [a.offering for a in found.assignments if a.component == n] for n in names}
    for component in parts:
        mine = on[component.name]
        for other in component.near:
            there = {atlas.domain(o, "region") for o in on[other]}
            assert {atlas.domain(o, "region") for o in mine} <= there
        for other in component.apart:
            assert not {o.machine for o in mine} & {o.machine for o in on[other]}
