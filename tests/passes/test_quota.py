"""Quotas: what the offerings of a pool share is never exceeded, nor refused for nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from itertools import combinations_with_replacement, product
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.engine.solver import Solver, highs
from moot.model.app import App, Component, Mount, Needs, Policy, Process, Volume
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.quota import UNLIMITED, Amounts, Quota
from moot.model.rehearsal import Ground, Loss, Trouble, key_of
from moot.model.traffic import Traffic
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.apart import apart, wanted
from moot.passes.lessen import lessen
from moot.passes.place import place
from moot.passes.rehearse import rehearse
from moot.passes.spare import spare
from moot.passes.strive import strive

Way = tuple[tuple[int, ...], ...]  # of each component the numbers of the machines its replicas have


def quota(cpu: float = inf, gpus: float = inf, replicas: float = inf, held: float = 0) -> Quota:
    """Of whose CPUs so many are held by others."""
    return Quota(Amounts(cpu, inf, gpus, replicas), Amounts(cpu=held))


def machine(name: str, cpu: float = 8, tenths: int = 0, **more: object) -> Offering:
    pool, _, host = name.rpartition(":")
    known = {"pool": pool, "machine": name, "reach": host, "memory_mib": 4096}
    known |= {"hourly": Decimal(tenths) / 10, "traits": frozenset({"runs:process"})}
    return Offering(**{"venue": name, "name": "machine", "cpu": cpu, **known, **more})


def part(name: str, replicas: int, cpu: float = 1, gpus: float = 0, **more: object) -> Component:
    needs, process = Needs(cpu=cpu, gpus=gpus), Process(command=("x",))
    return Component(name=name, replicas=replicas, process=process, needs=needs, **more)


def shop(*parts: Component, **spread: int) -> App:
    volumes = (Volume(name="data"),)
    return App(name="shop", components=parts, volumes=volumes, policy=Policy(spread=spread))


def where(placement: Placement) -> list[str]:
    return [assignment.offering.venue for assignment in placement.assignments]


def refusal(app: App, offers: Sequence[Offering], **more: object) -> str:
    with pytest.raises(Refused) as refused:
        place(app, offers, **more)
    return refused.value.diagnostics[0].detail


# One after the other.


def test_what_others_have_left_is_what_a_component_may_need():
    """That is a rejection of each place, as any that comes of what a place is."""
    rack = machine("rack", tenths=3)
    for has, needs, said in (
        (quota(cpu=4, held=2.5), part("web", 1, 2), "leaves 1.5 of 4 CPUs, it needs 2"),
        (quota(gpus=0), part("web", 1, gpus=1), "leaves 0 of 0 GPUs, it needs 1"),
        (quota(replicas=0), part("web", 2), "leaves 0 of 0 replicas, it needs 1"),
        (quota(cpu=2, held=3), part("web", 1, 0.5), "leaves 0 of 2 CPUs, it needs 0.5"),
    ):
        offers = [machine(f"lab:h{n}", quota=has, gpus=1) for n in (1, 2)]
        found = place(shop(needs), [*offers, replace(rack, gpus=1)])
        assert set(where(found)) == {"rack"}
        reasons = {r.venue: r.reason for r in found.rejections}
        assert reasons == dict.fromkeys(("lab:h1", "lab:h2"), f"the quota of lab {said}")


def test_who_needs_nothing_of_what_is_used_up_goes_there():
    offers = [machine("lab:h1", quota=quota(cpu=2, held=3))]
    assert where(place(shop(part("web", 2, 0)), offers)) == ["lab:h1"] * 2


def test_memory_and_all_gpus_of_a_machine_are_counted():
    has = Quota(UNLIMITED._replace(memory_mib=1024, gpus=3))
    offers = [machine(f"lab:h{n}", gpus=2, quota=has) for n in (1, 2)]
    web = replace(part("web", 2), needs=Needs(memory_mib=400))
    assert len(where(place(shop(web), offers))) == 2
    said = refusal(shop(replace(web, replicas=3)), offers)
    assert "leaves 1024 of 1024 MiB of memory, all 3 replicas need 1200" in said
    every = part("all", 1, gpus=inf)
    assert len(where(place(shop(every), offers))) == 1
    assert "leaves 3 of 3 GPUs, all 2 replicas need 4" in refusal(
        shop(replace(every, replicas=2)), offers
    )


def test_a_machine_with_fewer_gpus_is_taken_where_every_one_is_asked_for():
    offers = [machine(f"lab:h{n}", gpus=n, quota=quota(gpus=3)) for n in (4, 2, 1)]
    assert sorted(where(place(shop(part("all", 2, gpus=inf)), offers))) == ["lab:h1", "lab:h2"]


def test_replicas_are_spread_evenly_as_far_as_the_quota_goes():
    offers = [machine(f"lab:h{n}", quota=quota(cpu=7)) for n in range(4)]
    found = where(place(shop(part("web", 7)), offers))
    assert sorted(found.count(offer.venue) for offer in offers) == [1, 2, 2, 2]
    said = refusal(shop(part("web", 8)), offers)
    assert said.splitlines()[0] == (
        "lab:h0/machine: the quota of lab leaves 7 of 7 CPUs, all 8 replicas need 8"
    )


def test_what_comes_first_is_not_left_to_the_next():
    """The refusal counts what the other component has by then."""
    offers = [machine("lab:h1", quota=quota(cpu=5)), machine("lab:h2", quota=quota(cpu=5))]
    assert "the quota of lab leaves 2 of 5 CPUs, it needs 3" in refusal(
        shop(part("db", 1, 3), part("web", 1, 3)), offers
    )


def test_what_is_more_than_one_venue_may_have_goes_to_several_if_it_may():
    offers = [machine("lab:h1", quota=quota(cpu=2)), machine("rack", tenths=1, quota=quota(cpu=3))]
    found = where(place(shop(part("web", 5), venue=2), offers))
    assert (found.count("lab:h1"), found.count("rack")) == (2, 3)
    assert "no room for all 6: the quota of lab leaves 2 of 2 CPUs, all 6" in refusal(
        shop(part("web", 6), venue=2), offers
    )


def test_what_runs_leaves_where_it_is_more_than_the_quota_by_now():
    offers = [machine("lab:h1"), machine("rack", tenths=3)]
    app = shop(part("web", 2), part("db", 2))
    before = place(app, offers)
    assert set(where(before)) == {"lab:h1"}
    less = [replace(offers[0], quota=quota(cpu=3)), offers[1]]
    after = where(place(app, less, before))
    assert (after.count("lab:h1"), after.count("rack")) == (2, 2)


def test_data_on_a_silent_machine_keeps_its_part():
    """It is there still, and comes back with its machine."""
    data = (Mount(kind="volume", source="data", target="/data"),)
    offers = [machine(f"lab:h{n}", quota=quota(cpu=4)) for n in (1, 2)]
    db, web = part("db", 1, 3, mounts=data), part("web", 1)
    before = place(shop(db), offers[:1])
    given = {"prior": before, "homes": {"data": "lab:h1"}, "absent": {"lab:h1": "dead"}}
    assert where(place(shop(db, web), offers[1:], **given)) == ["lab:h1", "lab:h2"]
    said = refusal(shop(db, part("web", 2)), offers[1:], **given)
    assert "lab:h2/machine: the quota of lab leaves 1 of 4 CPUs, all 2 replicas need 2" in said


def test_who_is_to_be_near_others_goes_where_the_quota_is_enough_for_all():
    app = shop(part("db", 1), part("web", 4, near=("db",)))
    offers = [machine("lab:h1", quota=quota(cpu=4)), machine("rack", tenths=1)]
    found = place(app, offers)
    assert set(where(found)) == {"rack"}
    more = [replace(offers[0], quota=quota(cpu=5)), offers[1]]
    assert set(where(place(app, more))) == {"lab:h1"}
    assert where(place(app, more, place(app, more))) == ["lab:h1"] * 5


@pytest.mark.skipif(find_spec("highspy") is None, reason="highspy is not installed")
def test_the_solver_shares_out_a_quota_to_the_last_cent():
    app = shop(part("small", 1, 1), part("many", 4, 1))
    offers = [machine("cheap", 8, 1, quota=quota(cpu=4)), machine("dear", 8, 5)]
    with highs() as solver:
        found = place(app, offers, solve=solver)
        assert found.floor == spent(found) == Decimal("0.9")
        both = shop(part("a", 1, 3), part("b", 1, 3))
        with pytest.raises(Refused, match="no venue") as refused:
            place(both, [machine("lab:h1", quota=quota(cpu=5))], solve=solver)
    assert "it was proven that no way" in refused.value.diagnostics[0].detail


# What is promised of the whole.


def test_headroom_is_room_within_the_quota():
    """What was on a lost machine goes to others of its pool; what a lost venue had needs more."""
    app = shop(part("web", 2, 2))
    policy = replace(app.policy, headroom="host")
    offers = [machine(f"lab:h{n}", 4, quota=quota(cpu=4)) for n in (1, 2)]
    ground = Ground(app=replace(app, policy=policy), offerings=offers)
    left = spare(ground, strive(ground))
    assert left and not left.shortfalls
    tight = [offers[0], machine("rack", 4, quota=quota(cpu=2))]
    ground = replace(ground, offerings=tight)
    left = spare(ground, place(app, tight))
    assert left and [str(s) for s in left.shortfalls] == [
        "the loss of lab:h1 leaves 1 replica of web without room: the quota of rack leaves 0 of 2 "
        "CPUs, it needs 2"
    ]
    ground = replace(ground, offerings=[*tight, machine("shelf", 8)])
    left = spare(ground, strive(ground))
    assert left and not left.shortfalls


def test_of_many_without_room_as_many_go_on_as_the_quota_leaves():
    ground = Ground(app=shop(part("web", 500)), offerings=[machine("rack", 800, quota=quota(7))])
    found = lessen(ground, "web", (), 0, strive)
    assert found and (found[0], len(where(found[1]))) == (7, 7)


def test_what_waits_for_its_data_keeps_its_part_in_a_rehearsal():
    """Of a venue that is lost in part: three CPUs of its four are not for others."""
    db = part("db", 1, 3, mounts=(Mount(kind="volume", source="data", target="/data"),))
    rack = machine("rack", machine="", quota=quota(cpu=4))
    offers = [replace(rack, name=name) for name in ("a", "b")]
    ground = Ground(app=shop(db, part("web", 1)), offerings=offers)
    stands = place(ground.app, offers)
    key = key_of(stands.runs[0].offering)
    lost = Loss(kind="zone", label="a", offerings=frozenset({key}), venues=frozenset())
    found = rehearse(ground, stands, Trouble(losses=(lost,), load=2), strive)
    assert (found.count("waits"), found.count("lacks", "stops")) == (1, 1)


# Small random estates, and all ways there are.


@some.composite
def estates(draw: some.DrawFn, parts: int = 3, apps: int = 2) -> tuple[list[App], list[Offering]]:
    """Apps of the same components, more or less, on two pools, each with a quota or without."""
    numbers = some.one_of(some.just(inf), some.integers(0, 9))
    quotas = {
        pool: quota(
            draw(numbers), draw(numbers), draw(numbers), draw(some.sampled_from([0, 0, 1.5]))
        )
        for pool in ("lab", "rack")
    }
    quotas["rack"] = draw(some.sampled_from([quotas["rack"], None]))
    rooms = draw(some.lists(some.tuples(*[some.integers(0, 7)] * 4), min_size=1, max_size=4))
    offers = [
        machine(
            f"{pool}:{n}",
            2 + size,
            price % 4,
            zone=f"z{where % 2}",
            gpus=cards % 3,
            quota=quotas[pool],
        )
        for n, (size, price, where, cards) in enumerate(rooms)
        for pool in ["lab" if where < 5 else "rack"]
    ]
    names = ["c0", "c1", "c2"][: draw(some.integers(1, parts))]
    spread = {"zone": draw(some.integers(1, 2)), "venue": draw(some.sampled_from([1, 1, 2]))}
    return [
        shop(*(draw(_parts(name, names)) for name in names), **spread) for _ in range(apps)
    ], offers


@some.composite
def _parts(draw: some.DrawFn, name: str, names: Sequence[str]) -> Component:
    """Of several the first may talk to the last."""
    gpus = draw(some.sampled_from([0, 0, 0, 1]))
    talks = name == "c0" and names[1:] and draw(some.booleans())
    sent = (Traffic(to=names[-1], gb_monthly=Decimal(9)),) if talks else ()
    cpu = draw(some.sampled_from([0.5, 1, 2, 3]))
    return part(name, draw(some.integers(1, 4)), cpu, gpus, traffic=sent)


@settings(max_examples=400, deadline=None)
@given(estates(parts=1), some.randoms(use_true_random=False))
def test_of_one_component_nothing_placeable_is_refused(
    estate: tuple[list[App], list[Offering]], chance: random.Random
):
    """Nor is a cheaper way left out, where nothing runs yet."""
    apps, offers = estate
    prior: Placement | None = None
    for app in apps:
        ways = list(_ways(app, offers))
        try:
            found = place(app, offers, prior)
        except Refused:
            assert not ways
            continue
        assert _way(found, app, offers) in ways
        assert prior or spent(found) == _least(ways, offers)
        assert place(app, chance.sample(offers, len(offers)), prior).runs == found.runs
        assert place(app, offers, found).runs == found.runs
        prior = found


@settings(max_examples=300, deadline=None)
@given(estates())
def test_no_placement_exceeds_a_quota(estate: tuple[list[App], list[Offering]]):
    """Also where others have more of it by the next time."""
    apps, offers = estate
    prior: Placement | None = None
    for app in apps:
        with suppress(Refused):
            prior = place(app, offers, prior)
            assert not _exceeded(_way(prior, app, offers), app, offers)
        more = Amounts(cpu=1.5, replicas=1)
        offers = [replace(o, quota=o.quota and o.quota.taking(more)) for o in offers]


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    with highs() as found:
        yield found


@pytest.mark.skipif(find_spec("highspy") is None, reason="highspy is not installed")
@settings(max_examples=200, deadline=None)
@given(estates(apps=1))
def test_the_solver_misses_no_way_and_knows_of_every_quota(
    solver: Solver, estate: tuple[list[App], list[Offering]]
):
    (app,), offers = estate
    ways = list(_ways(app, offers))
    try:
        found = place(app, offers, solve=solver)
    except Refused:
        assert not ways
        return
    assert _way(found, app, offers) in ways
    assert spent(found) >= min(_cost(way, offers) for way in ways) >= (found.floor or 0)


def _ways(app: App, offers: Sequence[Offering]) -> Iterator[Way]:
    each = [list(_taken(app, c, offers)) for c in app.components]
    return (way for way in product(*each) if not _exceeded(way, app, offers))


def _taken(app: App, component: Component, offers: Sequence[Offering]) -> Iterator[tuple[int, ...]]:
    spread = wanted(app.policy, component)
    for taken in combinations_with_replacement(range(len(offers)), component.replicas):
        on = [offers[n] for n in taken]
        together = len({offer.site for offer in on}) == 1
        if (together or spread) and not apart(offers).lacks(on, spread):
            yield taken


def _exceeded(way: Way, app: App, offers: Sequence[Offering]) -> bool:
    """Whether it is more than a machine has, or than a quota leaves."""
    left = [(offer.cpu, offer.gpus) for offer in offers]
    quotas = {offer.site: offer.quota for offer in offers if offer.quota}
    for component, taken in zip(app.components, way, strict=True):
        needs = component.needs
        for n in taken:
            left[n] = left[n][0] - needs.cpu, left[n][1] - int(needs.gpus)
            if has := quotas.get(offers[n].site):
                quotas[offers[n].site] = has.taking(Amounts(needs.cpu, 0, needs.gpus, 1))
    used = [
        rest
        for site, has in quotas.items()
        if any(offers[n].site == site for taken in way for n in taken)
        for rest, kind in zip(has.left, _asked(way, app, offers, site), strict=True)
        if kind
    ]
    return any(rest < 0 for pair in left for rest in pair) or any(rest < 0 for rest in used)


def _asked(way: Way, app: App, offers: Sequence[Offering], site: str) -> Amounts:
    """What the App itself takes there: what others have too much of is nobody's fault."""
    found = Amounts()
    for component, taken in zip(app.components, way, strict=True):
        needs = component.needs
        count = sum(offers[n].site == site for n in taken)
        found = found.plus(Amounts(needs.cpu, 0, needs.gpus, 1), count)
    return found


def _way(found: Placement, app: App, offers: Sequence[Offering]) -> Way:
    number = {offer.venue: n for n, offer in enumerate(offers)}
    return tuple(
        tuple(sorted(number[a.offering.venue] for a in found.assignments if a.component == c.name))
        for c in app.components
    )


def _least(ways: Sequence[Way], offers: Sequence[Offering]) -> Decimal:
    """Several venues and pools are only used where none alone will do."""
    within = [way for way in ways if all(len({offers[n].site for n in t}) < 2 for t in way)]
    return min(_cost(way, offers) for way in within or ways)


def _cost(way: Way, offers: Sequence[Offering]) -> Decimal:
    return sum((offers[n].hourly or Decimal(0) for taken in way for n in taken), Decimal(0))
