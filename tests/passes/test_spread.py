"""x-moot.spread: replicas in so many failure domains, and a refusal only where that cannot be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations_with_replacement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Connection, Mount, Needs, Policy, Port, Process, Volume
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.apart import apart, wanted
from moot.passes.connect import connect
from moot.passes.place import place

LEVELS = ("vendor", "venue", "region", "zone", "host")


def machine(
    name: str, zone: str = "", hourly: float | None = 0, cpu: float = 8, **more: object
) -> Offering:
    """One of a pool where its name says so; others reach it, unless `reach` says something else."""
    pool, _, host = name.rpartition(":")
    known = {
        "venue": name,
        "name": "machine",
        "pool": pool,
        "machine": name,
        "reach": host,
        "cpu": cpu,
        "memory_mib": 4096,
        "traits": frozenset({"runs:process", "runs:container"}),
        "zone": zone,
        "hourly": None if hourly is None else Decimal(str(hourly)),
    }
    return Offering(**{**known, **more})


def part(replicas: int = 2, name: str = "web", **more: object) -> Component:
    """It listens, and every replica needs one CPU."""
    known = {"process": Process(command=("x",)), "needs": Needs(cpu=1.0)}
    known["ports"] = (Port(target=80),)
    return Component(name=name, replicas=replicas, **{**known, **more})


def app(*components: Component, **spread: int) -> App:
    return App(
        name="shop",
        components=components,
        volumes=(Volume(name="data"),),
        policy=Policy(spread=spread),
    )


def where(placement: Placement) -> list[str]:
    return [a.offering.venue for a in placement.assignments]


def moved(one: Placement, other: Placement) -> int:
    return sum(a != b for a, b in zip(where(one), where(other), strict=True))


def refusal(shop: App, offers: Sequence[Offering], **more: object) -> str:
    with pytest.raises(Refused) as refused:
        place(shop, offers, **more)
    return refused.value.diagnostics[0].detail


LAB = [machine("lab:a1", "a"), machine("lab:a2", "a"), machine("lab:b1", "b", hourly=1)]


# Zones of one pool.


def test_a_zone_that_is_wanted_is_used_though_it_is_dearer():
    assert where(place(app(part(3)), LAB)) == ["lab:a1", "lab:a1", "lab:a2"]
    made = place(app(part(3), zone=2), LAB)
    assert sorted(where(made)) == ["lab:a1", "lab:a2", "lab:b1"]


def test_of_each_further_domain_the_cheapest_place_is_taken_and_only_once():
    offers = [*LAB, machine("lab:b2", "b", hourly=0.5), machine("lab:c1", "c", hourly=0.7)]
    assert where(place(app(part(8), zone=2), offers)).count("lab:b2") == 1
    assert set(where(place(app(part(8), zone=3), offers))) == {
        "lab:a1", "lab:a2", "lab:b2", "lab:c1",
    }  # fmt: skip


def test_what_is_spread_stays_as_it_is():
    shop = app(part(4), zone=2)
    made = place(shop, LAB)
    assert where(place(shop, LAB, made)) == where(made)


def test_what_is_dear_for_the_sake_of_its_zone_stays_unless_much_is_saved():
    shop = app(part(), zone=2)
    made = place(shop, LAB)
    for hourly, stays in ((1, True), (0.995, True), (0.9, False)):
        after = place(shop, [*LAB, machine("lab:b0", "b", hourly=hourly)], made)
        assert ("lab:b1" in where(after)) is stays


def test_one_replica_moves_for_a_zone_that_is_asked_for_later():
    made = place(app(part(4)), LAB)
    after = place(app(part(4), zone=2), LAB, made)
    assert moved(made, after) == 1
    assert "lab:b1" in where(after)


def test_the_room_of_what_gives_way_to_another_zone_is_free_again():
    """Another component needs all of it, and there is no other room."""
    offers = [machine("lab:a1", "a", cpu=2), machine("lab:b1", "b", hourly=1, cpu=1)]
    web, late = part(2), part(1, name="late")
    made = place(app(web), offers)
    after = place(app(web, late, zone=2), offers, made)
    assert sorted(where(after)) == ["lab:a1", "lab:a1", "lab:b1"]


def test_zones_that_nobody_states_are_one():
    offers = [machine("lab:h1"), machine("lab:h2")]
    assert "1 of the 2 zones that x-moot.spread wants: nothing states its `zone`" in refusal(
        app(part(), zone=2), offers
    )


def test_a_zone_is_one_of_its_region():
    offers = [machine("lab:h1", "a", region="eu"), machine("lab:h2", "a", region="us")]
    assert len(set(where(place(app(part(), zone=2), offers)))) == 2
    assert len(set(where(place(app(part(), region=2), offers)))) == 2


def test_a_full_zone_is_no_zone_to_run_in():
    offers = [*LAB[:2], machine("lab:b1", "b", cpu=0.5)]
    assert "has 0.5 CPUs" in refusal(app(part(), zone=2), offers)
    assert "has room in 1 of the 2 zones" in refusal(app(part(), zone=2), offers)


def test_while_machines_are_silent_less_zones_are_better_than_nothing():
    shop = app(part(4), zone=2, host=2)
    made = place(shop, LAB)
    left = place(shop, LAB[:2], made, absent={"lab:b1": "dead"})
    assert set(where(left)) == {"lab:a1", "lab:a2"}
    assert moved(made, left) == 1
    assert moved(left, place(shop, LAB, left)) == 1
    assert "1 of the 3 zones" in refusal(app(part(4), zone=3), LAB[:2], absent={"lab:b1": "dead"})


# Several venues.

RACK = [machine("rack:h1", hourly=2), machine("rack:h2", hourly=2)]


def test_replicas_are_in_several_venues_only_where_that_is_asked_for():
    assert {v[:3] for v in where(place(app(part(4), host=2), [*LAB, *RACK]))} == {"lab"}
    made = place(app(part(4), venue=2), [*LAB, *RACK])
    assert sorted(v.partition(":")[0] for v in where(made)) == ["lab", "lab", "lab", "rack"]
    assert where(place(app(part(4), venue=2), [*LAB, *RACK], made)) == where(made)


def test_a_zone_is_looked_for_in_the_own_pool_first():
    assert {v[:3] for v in where(place(app(part(4), zone=2), [*LAB, *RACK]))} == {"lab"}
    elsewhere = [*LAB[:2], machine("rack:h1", "a", hourly=2)]  # a zone `a` of its own
    made = place(app(part(4), zone=2), elsewhere)
    assert where(made).count("rack:h1") == 1


def test_replicas_in_several_venues_stay_when_one_would_do():
    shop = app(part(), zone=2)
    made = place(shop, [LAB[0], machine("rack:h1", "b")])
    assert where(made) == ["lab:a1", "rack:h1"]
    both = [*LAB[:2], machine("lab:b1", "b"), machine("rack:h1", "b")]
    assert where(place(shop, both, made)) == ["lab:a1", "rack:h1"]


def test_every_gateway_has_the_replicas_of_the_other_venue():
    asks = part(2, "api", ports=())
    shop = App(
        name="shop",
        components=(part(), asks),
        connections=(Connection(source="api", target="web", network="default"),),
        policy=Policy(spread={"venue": 2}),
    )
    made = place(shop, [LAB[0], machine("other", hourly=1)])
    assert sorted(where(made)) == ["lab:a1", "lab:a1", "other", "other"]
    for share in connect(shop, made).shares:
        assert [listener.component for listener in share.listeners] == ["web"]
        assert {a.offering.venue for a in share.remote} == {"lab:a1", "other"} - {share.venue}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"reach": ""}, "it has no address at which other machines reach it"),
        ({"names": True}, "components find one another by name within it only"),
    ],
)
def test_no_replica_goes_where_the_others_cannot_be_reached(more, reason):
    offers = [LAB[0], machine("alone", **more)]
    detail = refusal(app(part(), venue=2), offers)
    assert f"alone/machine: {reason}, and alone it has room in 1 of the 2 venues" in detail
    nobody_asks = part(ports=())
    assert len(set(where(place(app(nobody_asks, venue=2), offers)))) == 2


def test_venues_of_one_vendor_are_one_vendor():
    offers = [machine(name, vendor="aws") for name in ("aws:1", "aws2:1")]
    assert len(set(where(place(app(part(), venue=2), offers)))) == 2
    assert "1 of the 2 vendors" in refusal(app(part(), vendor=2), offers)
    third = machine("lab:h1", hourly=3)
    assert "lab:h1" in where(place(app(part(), vendor=2), [*offers, third]))


def test_a_venue_with_the_name_of_a_vendor_is_not_that_vendor():
    offers = [machine("lab:h1", vendor="aws"), machine("aws:h1")]
    assert where(place(app(part(), vendor=2), offers)) == ["aws:h1", "lab:h1"]


def test_two_venues_on_one_machine_are_one():
    offers = [machine("laptop"), machine("other", machine="laptop")]
    assert "1 of the 2 venues" in refusal(app(part(), venue=2), offers)


def test_data_stays_together_and_the_refusal_says_so():
    keeps = part(mounts=(Mount(kind="volume", source="data", target="/d"),))
    assert "its volume keeps all on one machine" in refusal(app(keeps, zone=2), LAB)


def test_while_a_venue_is_silent_one_less_is_better_than_nothing():
    shop = app(part(4), venue=2)
    made = place(shop, [*LAB, *RACK])
    left = place(shop, LAB, made, absent=dict.fromkeys(("rack:h1", "rack:h2"), "dead"))
    assert moved(made, left) == 1
    silent = {"rack:h1": "dead"}
    assert moved(made, place(shop, [*LAB, RACK[1]], made, absent=silent)) <= 1
    assert "1 of the 2 venues" in refusal(shop, LAB, absent={"lab:b2": "dead"})


# Whatever there is.

OFFERS = some.lists(
    some.builds(
        machine,
        some.sampled_from(["lab:1", "lab:2", "lab:3", "rack:1", "rack:2", "x", "y"]),
        some.sampled_from(["", "a", "b"]),
        some.sampled_from([None, 0, 1, 1.005, 3]),
        some.sampled_from([1, 2, 3]),
        region=some.sampled_from(["", "eu"]),
        reach=some.sampled_from(["", "there", "there", "there"]),
        vendor=some.sampled_from(["", "aws"]),
        machine=some.sampled_from(["", "m", "n"]),
    ),
    unique_by=lambda o: o.venue,
    max_size=5,
).map(lambda offers: _one_story(offers))
SPREADS = some.dictionaries(some.sampled_from(LEVELS), some.integers(1, 3))


def _one_story(offers: Sequence[Offering]) -> list[Offering]:
    """A machine is in one place, whoever offers it: the first has the word."""
    seen: dict[str, Offering] = {}
    for offer in offers:
        seen.setdefault(offer.machine or offer.venue, offer)
    return list(seen.values())


def price(offers: Sequence[Offering]) -> Decimal:
    return sum((Decimal(10**6) if o.hourly is None else o.hourly for o in offers), Decimal(0))


def allowed(shop: App, offers: Sequence[Offering]) -> Iterator[tuple[Offering, ...]]:
    """Every way to place the one component of an App, by trying them all."""
    component = shop.components[0]
    spread = wanted(shop.policy, component)
    widely = spread.keys() - {"host"}
    for chosen in combinations_with_replacement(offers, component.replicas):
        together = len({o.site for o in chosen}) == 1
        apart_too = widely and all(o.reach for o in chosen)
        fits = all(chosen.count(o) <= o.cpu for o in chosen)
        if fits and (together or apart_too) and not apart(offers).lacks(chosen, spread):
            yield chosen


@settings(max_examples=300)
@given(OFFERS, SPREADS, some.integers(1, 4))
def test_one_component_is_placed_exactly_when_it_can_be_and_for_the_least(offers, spread, count):
    shop = app(part(count), **spread)
    ways = list(allowed(shop, offers))
    within = [way for way in ways if len({o.site for o in way}) == 1]
    try:
        made = place(shop, offers)
    except Refused as refused:
        assert ways == []
        assert all(d.detail for d in refused.diagnostics)
        return
    chosen = tuple(a.offering for a in made.assignments)
    assert sorted(chosen, key=str) in [sorted(way, key=str) for way in ways]
    assert price(chosen) == min(map(price, within or ways))


@settings(max_examples=200)
@given(OFFERS, SPREADS, some.integers(1, 4), some.integers(1, 4), some.randoms())
def test_what_was_placed_stays_and_the_order_of_offerings_makes_no_difference(
    offers, spread, before, count, chance
):
    shop = app(part(count), **spread)
    try:
        made = place(shop, offers)
    except Refused:
        return
    shuffled = list(offers)
    chance.shuffle(shuffled)
    assert where(place(shop, shuffled)) == where(made)
    assert where(place(shop, shuffled, made)) == where(made)
    try:
        prior = place(app(part(before), **spread), offers)
    except Refused:
        return
    grown = place(shop, offers, prior)
    chosen = tuple(a.offering for a in grown.assignments)
    assert sorted(chosen, key=str) in [sorted(way, key=str) for way in allowed(shop, offers)]


POOL = some.lists(
    some.tuples(some.sampled_from("abc"), some.sampled_from(["eu", "us"]), some.integers(1, 4)),
    min_size=1,
    max_size=5,
).map(lambda all: [machine(f"lab:{i}", z, cpu=c, region=r) for i, (z, r, c) in enumerate(all)])


@settings(max_examples=200)
@given(POOL, POOL, SPREADS, some.integers(1, 5))
def test_as_few_replicas_of_a_pool_move_for_domains_as_possible(offers, prior, spread, count):
    shop = app(part(count), **spread)
    here = {o.venue: o for o in offers}
    try:
        before = place(app(part(count)), [here.get(o.venue, o) for o in prior])
        after = place(shop, offers, before)
    except Refused:
        return
    stood = Counter(v for v in where(before) if v in here)
    ways = [Counter(o.venue for o in way) for way in allowed(shop, offers)]
    assert moved(before, after) == count - max((stood & way).total() for way in ways)


@settings(max_examples=200)
@given(OFFERS, SPREADS, some.integers(1, 4), some.data())
def test_one_component_never_costs_more_because_something_is_cheaper(offers, spread, count, data):
    shop = app(part(count), **spread)
    try:
        made = place(shop, offers)
    except Refused:
        return
    index = data.draw(some.integers(0, len(offers) - 1))
    price_now = offers[index].hourly
    if not price_now:
        return
    cheaper = machine("x", hourly=float(price_now) / 2).hourly
    changed = [
        o if i != index else Offering(**{**_fields(o), "hourly": cheaper})
        for i, o in enumerate(offers)
    ]
    again = place(shop, changed)
    assert price([a.offering for a in again.assignments]) <= price(
        [a.offering for a in made.assignments]
    )


@settings(max_examples=200)
@given(OFFERS, SPREADS, some.lists(some.integers(0, 3), min_size=1, max_size=3))
def test_no_machine_takes_more_than_it_has(offers, spread, counts):
    parts = [part(n, f"c{i}") for i, n in enumerate(counts)]
    try:
        made = place(app(*parts, **spread), offers)
    except Refused:
        return
    estate = apart(offers)
    for offer in offers:
        assert where(made).count(offer.venue) <= offer.cpu
    for component in parts:
        there = [a.offering for a in made.assignments if a.component == component.name]
        assert not estate.lacks(there, wanted(Policy(spread=spread), component))


def _fields(offering: Offering) -> dict[str, object]:
    return {name: getattr(offering, name) for name in Offering.__dataclass_fields__}
