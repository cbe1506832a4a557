"""Placements that keep an availability: found where there are any, the cheapest, and they stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations_with_replacement

from hypothesis import assume, given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Mount, Needs, Policy, Process, Volume
from moot.model.availability import Sla
from moot.model.budget import Budget
from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.rehearsal import Ground
from moot.model.value import JSON
from moot.model.venue import Offering, Venue
from moot.passes.afford import spent
from moot.passes.explaining.alternative import alternative
from moot.passes.explaining.elsewhere import ties_of
from moot.passes.outlook import outlook
from moot.passes.place import place
from moot.passes.strive import strive

SHARES = ("95%", "99%", "99.9%")


def machine(name: str, zone: str = "", hourly: int = 0, cpu: int = 8) -> Offering:
    """One of a pool where its name says so; others reach it."""
    pool, _, host = name.rpartition(":")
    return Offering(
        venue=name,
        name="m",
        pool=pool,
        machine=name,
        reach=host,
        cpu=cpu,
        memory_mib=4096,
        traits=frozenset({"runs:process"}),
        zone=zone,
        hourly=Decimal(hourly),
    )


def part(name: str = "web", replicas: int = 2, **more: object) -> Component:
    known = {"process": Process(command=("x",)), "needs": Needs(cpu=1.0)}
    return Component(name=name, replicas=replicas, **{**known, **more})


def ground(
    *components: Component,
    offers: Sequence[Offering],
    sla: Mapping[str, JSON],
    promise: float = 0.999,
    **more: object,
) -> Ground:
    """`sla` is by venue or pool."""
    venues = {
        o.venue: Venue(
            name=o.venue,
            provider="fake",
            pool=o.pool,
            sla=Sla.of(sla[o.site]) if o.site in sla else None,
        )
        for o in offers
    }
    policy = Policy(availability=promise, **more)
    app = App(name="shop", components=components, policy=policy, volumes=(Volume(name="data"),))
    return Ground(app=app, offerings=offers, venues=venues)


def where(placement: Placement, component: str = "web") -> list[str]:
    return [a.offering.venue for a in placement.assignments if a.component == component]


def figure(on: Ground, placement: Placement) -> float | None:
    return outlook(on.app, placement, on.venues).least


ZONES = [machine("lab:a1", "a"), machine("lab:a2", "a"), machine("lab:b1", "b", 1)]


# Examples.


def test_what_keeps_the_promise_is_placed_as_if_there_were_none():
    on = ground(part(), offers=ZONES, sla={"lab": {"zone": "99.99%"}})
    assert strive(on) == place(on.app, on.offerings)
    assert where(strive(on)) == ["lab:a1", "lab:a2"]


def test_replicas_are_spread_over_as_much_as_it_takes_and_no_more():
    for sla, wants in (
        ({"host": "99%"}, ["lab:a1", "lab:a2"]),
        ({"zone": "99%"}, ["lab:a1", "lab:b1"]),
    ):
        on = ground(part(), offers=ZONES, sla={"lab": sla})
        assert sorted(where(strive(on))) == wants


def test_only_the_component_that_limits_it_is_spread():
    """The other has one replica, and is on a venue that is good enough for one."""
    safe = replace(machine("safe", "", 5), traits=frozenset({"runs:process", "tape"}))
    offers = [*ZONES, safe]
    db = part("db", 1, needs=Needs(cpu=1.0, traits=frozenset({"tape"})))
    on = ground(db, part(), offers=offers, sla={"lab": {"zone": "99%"}, "safe": "99.99%"})
    found = strive(on)
    assert where(found, "db") == ["safe"]
    assert sorted(where(found)) == ["lab:a1", "lab:b1"]


def test_a_single_replica_goes_to_a_better_venue():
    """Places that are not good enough alone are no worse for it; those that lack more say so."""
    offers = [machine("cheap", "", 1), machine("good", "", 3), machine("best", "", 9)]
    offers += [replace(machine("small"), cpu=0.5)]
    sla = {"cheap": "99%", "good": "99.95%", "best": "99.999%", "small": "98%"}
    found = strive(ground(part(replicas=1), offers=offers, sla=sla))
    assert where(found) == ["good"]
    assert found.runs[0].offering == offers[1]
    assert [(r.venue, r.reason) for r in found.rejections] == [
        ("small", "has 0.5 CPUs, it needs 1")
    ]


def test_what_is_spread_wider_than_the_app_wants_has_no_floor():
    """In one place it costs six at least, in two of them only two."""
    offers = [machine("a", "", 1, cpu=1), machine("b", "", 1, cpu=1), machine("c", "", 3)]
    on = ground(part(), offers=offers, sla={"a": "98%", "b": "98%", "c": "98%"})
    found = strive(on)
    assert sorted(where(found)) == ["a", "b"]
    assert place(on.app, on.offerings).floor == 6
    assert spent(found) == 2 and found.floor is None


def test_without_its_place_a_promise_may_not_be_kept():
    offers = [machine("good"), machine("bad", "", 1)]
    on = ground(part(replicas=1), offers=offers, sla={"good": "99.95%", "bad": "99%"})
    found = strive(on)
    ties = ties_of(on, found, "web")
    other = alternative(on, found, "web", ties, "good", lambda o: o.venue == "good")
    assert other.refusal == "the App would be up 99 % there, and x-moot.availability wants 99.9 %"


def test_what_is_not_known_is_nowhere_to_go_for_a_promise():
    offers = [machine("lab:a1"), machine("attic", "", 1)]
    for replicas in (1, 2):
        on = ground(part(replicas=replicas), offers=offers, sla={"lab": "99%"})
        assert set(where(strive(on))) == {"lab:a1"}


def test_the_budget_holds_for_what_is_tried():
    """A region would do as well as a zone, and costs too much; alone nothing is cheap enough."""
    budget = Budget(amount=Decimal("1.5"), currency="EUR", per="hour")
    offers = [*ZONES, machine("rack:r1", "", 5)]
    on = ground(
        part(), offers=offers, sla={"lab": {"zone": "99%"}, "rack": "99.99%"}, budget=budget
    )
    assert sorted(where(strive(on))) == ["lab:a1", "lab:b1"]
    poor = replace(on.app.policy, budget=replace(budget, amount=Decimal("0.5")))
    found = strive(replace(on, app=replace(on.app, policy=poor)))
    assert spent(found) == 1 and outlook(on.app, found, on.venues).kept


def test_data_stays_on_one_machine():
    mount = Mount(kind="volume", source="data", target="/data")
    on = ground(part(mounts=(mount,)), offers=ZONES, sla={"lab": {"host": "99%"}})
    assert len(set(where(strive(on)))) == 1


def test_where_nothing_is_enough_it_is_what_lacks_least():
    on = ground(part(), offers=ZONES, sla={"lab": {"zone": "99%", "venue": "99.8%"}})
    assert sorted(where(strive(on))) == ["lab:a1", "lab:b1"]


def test_what_still_runs_does_not_move_while_a_machine_is_silent():
    """The zone of the replica that was lost is gone, and the other stays."""
    offers = [*ZONES, machine("lab:c1", "c", 9)]
    on = ground(part(), offers=offers, sla={"lab": {"zone": "99%"}})
    stands = strive(on)
    lost = replace(on, offerings=[*offers[:2], offers[3]], prior=stands, absent={"lab:b1": "dead"})
    assert where(stands) == ["lab:a1", "lab:b1"]
    assert where(strive(lost)) == ["lab:a1", "lab:c1"]
    both = replace(lost, offerings=offers[:2], absent={"lab:b1": "dead", "lab:c1": "dead"})
    assert where(strive(both)) == ["lab:a1", "lab:a2"]


def test_nothing_that_runs_makes_up_for_what_was_lost():
    """On a better place it would, and it would have to move."""
    tape = frozenset({"runs:process", "tape"})
    offers = [machine("cheap"), machine("best", "", 9), machine("good"), machine("spare", "", 5)]
    offers[2:] = [replace(offer, traits=tape) for offer in offers[2:]]
    db = part("db", 1, needs=Needs(cpu=1.0, traits=frozenset({"tape"})))
    sla = {"cheap": "99.7%", "best": "99.99%", "good": "99.99%", "spare": "99.85%"}
    on = ground(part(replicas=1, needs=Needs(cpu=8)), db, offers=offers, sla=sla, promise=0.996)
    stands = strive(on)
    assert (where(stands), where(stands, "db")) == (["cheap"], ["good"])
    lost = replace(on, offerings=[*offers[:2], offers[3]], prior=stands, absent={"good": "dead"})
    after = strive(lost)
    assert (where(after), where(after, "db")) == (["cheap"], ["spare"])
    anew = strive(replace(lost, absent={}))
    assert (where(anew), where(anew, "db")) == (["best"], ["spare"])


def test_it_stays_where_too_few_ways_are_tried_to_find_it_again():
    zones = "abcde"
    offers = [machine(f"lab:{zone}{n}", zone, zones.index(zone)) for zone in zones for n in "12"]
    on = ground(part(replicas=5), offers=offers, sla={"lab": {"zone": "90%"}}, promise=0.99995)
    found = strive(on)
    assert sorted(where(found)) == [f"lab:{zone}1" for zone in zones]
    assert len(set(where(strive(on, strides=4)))) < 5
    assert strive(replace(on, prior=found), strides=4).runs == found.runs


def test_what_is_wide_moves_back_only_once_it_need_not_be():
    on = ground(part(), offers=ZONES, sla={"lab": {"zone": "99%"}})
    stands = strive(on)
    assert where(strive(replace(on, prior=stands))) == where(stands)
    policy = replace(on.app.policy, availability=0.9)
    free = replace(on, prior=stands, app=replace(on.app, policy=policy))
    assert sorted(where(strive(free))) == ["lab:a1", "lab:a2"]


# Every way that there is, of small estates.


@some.composite
def estates(draw: some.DrawFn) -> tuple[list[Offering], dict[str, JSON]]:
    """Up to three venues and pools, each of which states something."""
    offers: list[Offering] = []
    sla: dict[str, JSON] = {}
    for site in ("v0", "v1", "v2")[: draw(some.integers(1, 3))]:
        levels = ("venue", "region", "zone", "host")
        chosen = draw(some.dictionaries(some.sampled_from(levels), some.sampled_from(SHARES)))
        sla[site] = chosen or {"host": "98%"}
        machines = draw(some.integers(1, 3))
        names = [f"{site}:h{n}" for n in range(machines)] if machines > 1 else [site]
        for name in names:
            zone, hourly = draw(some.sampled_from("ab")), draw(some.integers(0, 3))
            offers.append(machine(name, zone, hourly, draw(some.integers(1, 3))))
    return offers, sla


def ways(on: Ground) -> Iterator[Placement]:
    """All ways to place the one component, also those that `place` would never choose."""
    offers, (component,) = on.offerings, on.app.components
    for chosen in combinations_with_replacement(range(len(offers)), component.replicas):
        counts = Counter(chosen)
        if all(count <= offers[n].cpu for n, count in counts.items()):
            first, runs = 0, list[Run]()
            for n, count in counts.items():
                runs.append(Run("shop", component.name, first, count, offers[n], "process"))
                first += count
            yield Placement(assignments=Assignments(runs))


PROMISES = some.sampled_from([0.99, 0.999, 0.9999])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(estates(), some.integers(1, 4), PROMISES)
def test_what_can_be_kept_is_kept_at_no_more_than_it_has_to_cost(
    estate: tuple[list[Offering], dict[str, JSON]], replicas: int, promise: float
):
    """Where the first placement breaks it; there are rare estates beyond these that need more."""
    offers, sla = estate
    on = ground(part(replicas=replicas), offers=offers, sla=sla, promise=promise)
    try:
        first = place(on.app, offers)
    except Refused:
        assume(False)
    found = strive(on)
    if not outlook(on.app, first, on.venues).broken:
        assert found == first
        return
    costs = [spent(way) for way in ways(on) if outlook(on.app, way, on.venues).kept]
    assert outlook(on.app, found, on.venues).kept is bool(costs)
    if costs:
        assert spent(found) == min(costs)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(estates(), some.lists(some.integers(1, 3), min_size=1, max_size=3), PROMISES, some.data())
def test_placing_again_changes_nothing_and_no_order_of_the_offerings_matters(
    estate: tuple[list[Offering], dict[str, JSON]],
    replicas: list[int],
    promise: float,
    data: some.DataObject,
):
    offers, sla = estate
    parts = [part(f"part{n}", count) for n, count in enumerate(replicas)]
    on = ground(*parts, offers=offers, sla=sla, promise=promise)
    try:
        found = strive(on)
    except Refused:
        assume(False)
    if outlook(on.app, found, on.venues).broken:
        return
    assert strive(replace(on, prior=found)).runs == found.runs
    shuffled = data.draw(some.permutations(offers))
    assert strive(replace(on, offerings=shuffled)).runs == found.runs


@settings(max_examples=20, deadline=None, derandomize=True)
@given(estates(), some.lists(some.integers(1, 3), min_size=1, max_size=3), PROMISES)
def test_it_is_never_worse_than_before_and_has_room(
    estate: tuple[list[Offering], dict[str, JSON]], replicas: list[int], promise: float
):
    offers, sla = estate
    parts = [part(f"part{n}", count) for n, count in enumerate(replicas)]
    on = ground(*parts, offers=offers, sla=sla, promise=promise)
    try:
        first = place(on.app, offers)
    except Refused:
        assume(False)
    found = strive(on)
    assert (figure(on, found) or 0) >= min(promise - 1e-12, figure(on, first) or 0)
    held = Counter(a.offering.venue for a in found.assignments)
    assert all(held[o.venue] <= o.cpu for o in offers)
    assert len(found.assignments) == sum(replicas)
