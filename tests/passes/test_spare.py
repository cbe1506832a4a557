"""x-moot.headroom: what ran on any one domain has room elsewhere, checked against every way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations_with_replacement

from hypothesis import assume, given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Mount, Needs, Policy, Process, Volume
from moot.model.diagnostic import Refused
from moot.model.headroom import Headroom
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering, Venue
from moot.passes.place import place
from moot.passes.spare import spare
from moot.passes.strive import strive

DATA = Mount(kind="volume", source="data", target="/data")


def machine(name: str, cpu: int = 4, hourly: int = 0, zone: str = "") -> Offering:
    pool = name.partition(":")[0]
    return Offering(
        venue=name,
        name="m",
        pool=pool,
        machine=name,
        reach=name,
        cpu=cpu,
        memory_mib=4096,
        traits=frozenset({"runs:process"}),
        zone=zone,
        hourly=Decimal(hourly),
    )


def part(name: str = "web", replicas: int = 2, cpu: int = 1, **more: object) -> Component:
    known = {"process": Process(command=("x",)), "needs": Needs(cpu=float(cpu))}
    return Component(name=name, replicas=replicas, **{**known, **more})


def ground(level: str, offers: Sequence[Offering], *components: Component, **more: object):
    volumes = (Volume(name="data"),)
    policy = Policy(headroom=level)
    app = App(name="shop", components=components, policy=policy, volumes=volumes)
    venues = {o.venue: Venue(name=o.venue, provider="fake", pool=o.pool) for o in offers}
    return Ground(app=app, offerings=offers, venues=venues, **more)


def first(on: Ground) -> Placement:
    return place(on.app, on.offerings, on.prior, on.homes, on.absent)


def checked(on: Ground, placement: Placement) -> Headroom:
    found = spare(on, placement)
    assert found
    return found


def where(placement: Placement) -> list[str]:
    return [a.offering.venue.partition(":")[2] for a in placement.assignments]


# Examples.


def test_what_is_lost_is_told_by_a_name_that_means_nothing_else():
    """Also while another venue is silent that has a zone of that name."""
    db, web = part("db", 1, mounts=(DATA,)), part(replicas=8)
    silent, offers = machine("rack:r1", zone="b"), [machine(f"lab:{n}", zone="b") for n in "xy"]
    prior = place(App(name="shop", components=(db,), volumes=(Volume(name="data"),)), [silent])
    given = {"homes": {"data": "rack:r1"}, "absent": {"rack:r1": "dead"}}
    for before, zone in ((None, "zone:b"), (prior, "zone:lab/b")):
        on = ground("zone", offers, *((db, web) if before else (web,)), prior=before, **given)
        assert {short.lost for short in checked(on, first(on)).shortfalls} == {zone}


def test_what_lacks_is_said_in_numbers():
    on = ground("host", [machine("lab:h1", 4), machine("lab:h2", 2)], part(replicas=5))
    assert [str(short) for short in checked(on, first(on)).shortfalls] == [
        "the loss of lab:h1 leaves 3 replicas of web without room: 3 CPUs are lacking",
        "the loss of lab:h2 leaves 1 replica of web without room: 1 CPU is lacking",
    ]


def test_without_a_promise_nothing_is_looked_at():
    on = ground("host", [machine("lab:h1")], part())
    bare = replace(on, app=replace(on.app, policy=Policy()))
    assert spare(bare, first(bare)) is None


POOLS = [machine("lab:h1", 4), machine("lab:h2", 2), machine("rack:r1", 6, 1)]


def test_a_machine_is_left_free_where_that_leaves_room_elsewhere():
    """Two on each machine of the first pool would be too many for the one that is left of it; all
    on one of them can go to the other pool together.
    """
    on = ground("host", POOLS, part(replicas=4))
    assert [(s.lost, s.count) for s in checked(on, first(on)).shortfalls] == [("lab:h1", 2)]
    found = strive(on)
    assert where(found) == ["h1"] * 4 and not checked(on, found).shortfalls


def test_what_has_data_waits_and_lacks_nothing():
    on = ground("host", [machine("lab:h1", 2), machine("lab:h2", 2)], part("db", 1, mounts=(DATA,)))
    found = checked(on, first(on))
    assert (found.shortfalls, found.waits) == ((), ("db",))


def test_one_zone_that_is_the_only_one_leaves_no_room():
    on = ground("zone", [machine("lab:h1", 4, 0, "a"), machine("lab:h2", 4, 0, "a")], part())
    assert checked(on, strive(on)).lacking == 2
    unstated = ground("zone", [machine("lab:h1"), machine("lab:h2")], part())
    (short,) = checked(unstated, strive(unstated)).shortfalls
    assert str(short).startswith("the loss of lab leaves 2 replicas of web without room")


def test_what_is_not_lost_need_not_move_for_what_is():
    """There is room for all in the other pool, and not for those that are lost alone."""
    offers = [machine("lab:h1", 2), machine("lab:h2", 2), machine("rack:h1", 4, 9)]
    on = ground("host", offers, part(replicas=4))
    short = checked(on, first(on)).shortfalls
    assert {s.why for s in short} == {"without room: 2 CPUs are lacking"}


def test_machines_that_are_alike_are_looked_at_once():
    many = [machine(f"lab:h{n:02}", 2) for n in range(12)]
    on = ground("host", many, part(replicas=12))
    found = checked(on, first(on))
    assert found.unchecked == 0 and not found.shortfalls
    tight = ground("host", many, part(replicas=24))
    assert [s.lost for s in checked(tight, first(tight)).shortfalls] == ["lab:h00"]


def test_once_it_is_so_it_stays_also_while_another_venue_is_silent():
    on = ground("host", POOLS, part(replicas=4))
    found = strive(on)
    assert strive(replace(on, prior=found)).runs == found.runs
    silent = replace(on, prior=found, absent={"attic": "no route"})
    assert strive(silent).runs == found.runs


# Every way that there is, of small estates.


@some.composite
def estates(draw: some.DrawFn) -> tuple[list[Offering], list[Component]]:
    sites = ("lab", "rack")[: draw(some.integers(1, 2))]
    offers = [
        machine(
            f"{site}:h{n}",
            draw(some.integers(1, 4)),
            draw(some.integers(0, 2)),
            draw(some.sampled_from("ab")),
        )
        for site in sites
        for n in range(draw(some.integers(2, 3)))
    ]
    sizes = some.tuples(some.integers(1, 3), some.integers(1, 2))
    drawn = draw(some.lists(sizes, min_size=1, max_size=3))
    return offers, [part(f"part{n}", *size) for n, size in enumerate(drawn)]


Counts = Mapping[str, Counter[str]]  # of components, how many on which machine


def domain(offering: Offering, level: str) -> tuple[str, ...]:
    return offering.site, offering.zone, *((offering.venue,) if level == "host" else ())


def keeps(on: Ground, counts: Counts) -> bool:
    """By trying all ways to put what is lost into what is left, in the pools it has replicas in."""
    level = on.app.policy.headroom or ""
    used: Counter[str] = Counter()
    for component in on.app.components:
        for venue, count in counts[component.name].items():
            used[venue] += count * int(component.needs.cpu)
    for lost in {domain(o, level) for o in on.offerings if used[o.venue]}:
        left = [o for o in on.offerings if domain(o, level) != lost]
        free = {o.venue: int(o.cpu) - used[o.venue] for o in left}
        if not fits(on.app.components, counts, free):
            return False
    return True


def fits(components: Sequence[Component], counts: Counts, free: Mapping[str, int]) -> bool:
    if not components:
        return True
    (component, *others), held = components, counts[components[0].name]
    gone = sum(count for venue, count in held.items() if venue not in free)
    sites = {venue.partition(":")[0] for venue in held if venue in free}
    sites = sites or {venue.partition(":")[0] for venue in free}
    if not gone:
        return fits(others, counts, free)
    ways = (
        way
        for site in sites
        for way in combinations_with_replacement([v for v in free if v.startswith(site)], gone)
    )
    for way in ways:
        then = dict(free)
        for venue in way:
            then[venue] -= int(component.needs.cpu)
        if min(then.values()) >= 0 and fits(others, counts, then):
            return True
    return False


def counted(placement: Placement) -> Counts:
    found: dict[str, Counter[str]] = {}
    for run in placement.runs:
        found.setdefault(run.component, Counter())[run.offering.venue] += run.count
    return found


def ways(on: Ground) -> Iterator[tuple[Counts, int]]:
    """All placements with each component in one pool, with what they cost."""
    offers = {o.venue: o for o in on.offerings}

    def rest(components: Sequence[Component], free: Mapping[str, int]) -> Iterator[Counts]:
        if not components:
            yield {}
            return
        component, *others = components
        for site in {o.site for o in on.offerings}:
            names = [name for name, offer in offers.items() if offer.site == site]
            for way in combinations_with_replacement(names, component.replicas):
                then = dict(free)
                for name in way:
                    then[name] -= int(component.needs.cpu)
                if min(then.values()) >= 0:
                    for more in rest(others, then):
                        yield {**more, component.name: Counter(way)}

    for counts in rest(on.app.components, {name: int(o.cpu) for name, o in offers.items()}):
        cost = sum(
            count * int(offers[v].hourly or 0) for c in counts.values() for v, count in c.items()
        )
        yield counts, cost


@settings(max_examples=120, deadline=None, derandomize=True)
@given(estates(), some.sampled_from(["host", "zone"]))
def test_it_says_what_trying_all_ways_says(
    estate: tuple[list[Offering], list[Component]], level: str
):
    offers, components = estate
    on = ground(level, offers, *components)
    try:
        found = first(on)
    except Refused:
        assume(False)
    assert (not checked(on, found).shortfalls) is keeps(on, counted(found))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(estates(), some.sampled_from(["host", "zone"]))
def test_where_any_placement_has_it_one_is_found_and_stays(
    estate: tuple[list[Offering], list[Component]], level: str
):
    offers, components = estate
    on = ground(level, offers, *components)
    try:
        found = strive(on)
    except Refused:
        assume(False)
    kept = not checked(on, found).shortfalls
    if kept:
        assert keeps(on, counted(found))
        assert strive(replace(on, prior=found)).runs == found.runs
    else:
        assert not any(keeps(on, counts) for counts, _ in ways(on))
