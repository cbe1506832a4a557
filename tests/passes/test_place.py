"""place: what cannot run is dropped with its reason, and of the rest the cheapest is taken."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moot.model.app import App, Component, Container, Mount, Needs, Policy, Process, Volume
from moot.model.diagnostic import Position, Refused
from moot.model.placement import Placement
from moot.model.recipe import Recipe
from moot.model.venue import Offering
from moot.passes.place import MOVE_THRESHOLD, place

BOTH = frozenset({"runs:process", "runs:container"})


def room(venue: str, name: str = "room", **more) -> Offering:
    fields = {"cpu": 4.0, "memory_mib": 4096, "traits": BOTH, "hourly": Decimal(0), **more}
    return Offering(venue=venue, name=name, **fields)


def part(name: str = "web", **more) -> Component:
    return Component(name=name, **{"process": Process(command=("x",)), **more})


def placed(*components, offerings, policy=None, **more) -> Placement:
    volumes = (Volume(name="data"), Volume(name="theirs", external=True))
    app = App(name="shop", components=components, volumes=volumes, policy=policy or Policy())
    return place(app, offerings, **more)


def where(placement: Placement) -> dict[str, str]:
    return {
        a.replica.removeprefix("shop/"): f"{a.offering.venue}/{a.offering.name}"
        for a in placement.assignments
    }


def reasons(placement: Placement) -> dict[str, str]:
    return {f"{r.venue}/{r.offering}": r.reason for r in placement.rejections}


# Price.


def test_the_cheapest_venue_is_taken():
    offers = [room("a", hourly=Decimal(2)), room("b", hourly=Decimal(1))]
    assert where(placed(part(replicas=2), offerings=offers)) == {
        "web/0": "b/room",
        "web/1": "b/room",
    }


def test_what_counts_is_what_all_replicas_cost_together():
    """`a` has one cheap place, but only one; the second replica would go to a dear one."""
    offers = [
        room("a", "cheap", hourly=Decimal(1), cpu=1.0),
        room("a", "dear", hourly=Decimal(9)),
        room("b", hourly=Decimal(2)),
    ]
    needs = Needs(cpu=1.0)
    assert where(placed(part(needs=needs), offerings=offers)) == {"web/0": "a/cheap"}
    assert set(where(placed(part(replicas=2, needs=needs), offerings=offers)).values()) == {
        "b/room"
    }


def test_within_a_venue_the_cheapest_room_fills_up_first():
    offers = [room("a", "dear", hourly=Decimal(2)), room("a", "cheap", hourly=Decimal(1), cpu=2.0)]
    made = placed(part(replicas=3, needs=Needs(cpu=1.0)), offerings=offers)
    assert list(where(made).values()) == ["a/cheap", "a/cheap", "a/dear"]


def test_an_unknown_price_is_never_taken_where_another_is_known():
    offers = [room("a", hourly=None), room("b", hourly=Decimal(100))]
    assert where(placed(part(), offerings=offers)) == {"web/0": "b/room"}
    assert where(placed(part(), offerings=offers[:1])) == {"web/0": "a/room"}


def test_at_one_price_a_process_is_preferred_then_the_name_decides():
    either = part(container=Container(image="x"))
    only = {"traits": frozenset({"runs:container"})}
    assert where(placed(either, offerings=[room("a", **only), room("b")])) == {"web/0": "b/room"}
    assert where(placed(either, offerings=[room("c"), room("b")])) == {"web/0": "b/room"}


# Staying.


@pytest.mark.parametrize(
    ("saving", "venue"), [(MOVE_THRESHOLD, "home"), (MOVE_THRESHOLD * 2, "other")]
)
def test_what_runs_moves_only_for_more_than_the_threshold(saving, venue):
    home, other = room("home", hourly=Decimal(1)), room("other", hourly=Decimal(1) - saving)
    prior = placed(part(), offerings=[home])
    made = placed(part(), offerings=[home, other], prior=prior)
    assert where(made) == {"web/0": f"{venue}/room"}


def test_a_replica_that_stays_keeps_its_machine():
    offers = [room("lab", "one"), room("lab", "two")]
    prior = placed(part(replicas=2), offerings=offers[1:])
    made = placed(part(replicas=2), offerings=offers, prior=prior)
    assert set(where(made).values()) == {"lab/two"}


def test_a_new_replica_joins_those_that_are_there():
    home, other = room("home", hourly=Decimal("0.001")), room("other")
    prior = placed(part(), offerings=[home])
    made = placed(part(replicas=3), offerings=[home, other], prior=prior)
    assert set(where(made).values()) == {"home/room"}


def test_what_is_not_offered_any_more_is_left():
    prior = placed(part(), offerings=[room("gone")])
    assert where(placed(part(), offerings=[room("b")], prior=prior)) == {"web/0": "b/room"}


# How it runs.


@pytest.mark.parametrize(
    ("component", "traits", "expected"),
    [
        (part(), "runs:process", "process"),
        (part(), "runs:container", "runs no plain processes"),
        (part(process=None, container=Container(image="x")), "runs:container", "container"),
        (part(process=None, container=Container(image="x")), "runs:process", "runs no containers"),
        (part(container=Container(image="x")), "runs:container", "container"),
        (part(container=Container(image="x")), "", "runs neither containers nor plain processes"),
        (part(isolation="container"), "runs:process", "cannot isolate it as a container"),
        (part(container=Container(image="x"), isolation="container"), "runs:container",
         "container"),
        (part(isolation="process"), "runs:process", "process"),
        (part(recipe=Recipe()), "runs:process",
         "runs no recipes: that takes a machine on which moot is root"),
        (part(container=Container(image="x"), isolation="vm"), "runs:container",
         "cannot isolate it as a vm"),
    ],
)  # fmt: skip
def test_it_runs_as_the_venue_can_and_isolation_allows(component, traits, expected):
    offers = [room("a", traits=frozenset({traits})), room("z", traits=frozenset({"runs:none"}))]
    if expected in {"process", "container"}:
        made = placed(component, offerings=offers)
        assert [a.runs_as for a in made.assignments] == [expected]
        assert set(reasons(made)) == {"z/room"}
    else:
        with pytest.raises(Refused) as refused:
            placed(component, offerings=offers)
        assert f"a/room: {expected}" in refused.value.diagnostics[0].detail


# Rejection.

REASONS = [
    (part(needs=Needs(cpu=8)), Policy(), "has 4 CPUs, it needs 8"),
    (part(needs=Needs(memory_mib=9000)), Policy(), "has 4096 MiB of memory, it needs 9000"),
    (part(needs=Needs(disk_mib=1)), Policy(), "has 0 MiB of disk, it needs 1"),
    (part(needs=Needs(traits=frozenset({"gpu:a100"}))), Policy(), "lacks gpu:a100"),
    (part(), Policy(residency=("eu",)), "lacks eu"),
    (part(), Policy(venues=("b",)), "is not among the app's venues (b)"),
    (part(segmentation_required=True), Policy(), "cannot keep networks apart, and it requires "
     "segmentation"),
]  # fmt: skip
PLENTY = room(
    "b", cpu=99.0, memory_mib=99_000, disk_mib=9, traits=BOTH | {"gpu:a100", "eu"}, segmented=True
)


@pytest.mark.parametrize(("component", "policy", "reason"), REASONS)
def test_an_offering_is_rejected_with_a_reason(component, policy, reason):
    made = placed(component, offerings=[room("a"), PLENTY], policy=policy)
    assert where(made) == {"web/0": "b/room"}
    assert reasons(made) == {"a/room": reason}


def test_a_venue_that_does_not_answer_is_a_rejection_with_its_reason():
    made = placed(part(), offerings=[room("a")], absent={"b": "NetworkFailure: no route"})
    assert reasons(made) == {"b/-": "NetworkFailure: no route"}


def test_every_component_that_cannot_be_placed_is_told_with_its_place():
    parts = [
        part("web", needs=Needs(cpu=99), place=Position("compose.yaml", 3)),
        part("fine"),
        part("db", needs=Needs(memory_mib=99_000)),
    ]
    with pytest.raises(Refused) as refused:
        placed(*parts, offerings=[room("a")], absent={"b": "it sleeps"})
    web, db = refused.value.diagnostics
    assert [d.summary for d in (web, db)] == [
        "no venue can run component 'web'",
        "no venue can run component 'db'",
    ]
    assert web.place == Position("compose.yaml", 3)
    assert web.detail == "a/room: has 4 CPUs, it needs 99\nb/-: it sleeps"


def test_without_any_venue_the_refusal_says_so():
    with pytest.raises(Refused) as refused:
        placed(part(), offerings=[])
    assert refused.value.diagnostics[0].detail == "no venue offers any room"


def test_a_component_without_replicas_needs_no_room():
    assert placed(part(replicas=0, needs=Needs(cpu=99)), offerings=[room("a")]).assignments == ()


# Data.

DATA = Mount(kind="volume", source="data", target="/data")


def test_a_component_goes_where_its_data_is_at_any_price():
    offers = [room("a", hourly=Decimal(99)), room("b")]
    made = placed(part(mounts=(DATA,)), offerings=offers, homes={"data": "a"})
    assert where(made) == {"web/0": "a/room"}
    assert "with the data is on a" in reasons(made)["b/room"]


def test_a_component_whose_data_is_on_an_absent_venue_is_refused():
    with pytest.raises(Refused) as refused:
        placed(part(mounts=(DATA,)), offerings=[room("b")], homes={"data": "a"})
    assert "'data' with the data is on a" in refused.value.diagnostics[0].detail


def test_components_that_share_a_volume_that_is_not_there_yet_share_a_venue():
    dear = room("dear", hourly=Decimal(1), traits=BOTH | {"gpu"})
    parts = [
        part("one", mounts=(DATA,)),
        part("two", mounts=(DATA,), needs=Needs(traits=frozenset({"gpu"}))),
    ]
    made = placed(*parts, offerings=[room("cheap"), dear])
    assert set(where(made).values()) == {"dear/room"}
    assert reasons(made)["cheap/room"] == "lacks gpu"
    with pytest.raises(Refused) as refused:
        placed(*parts, part("three", mounts=(DATA,), needs=Needs(traits=frozenset({"tpu"}))),
               offerings=[room("tpu", traits=BOTH | {"tpu"}), dear])  # fmt: skip
    assert "'three', which shares its volume 'data'" in refused.value.diagnostics[0].detail


def test_data_is_never_in_two_places_for_want_of_room():
    parts = [part(name, mounts=(DATA,), needs=Needs(cpu=3.0)) for name in ("one", "two")]
    with pytest.raises(Refused) as refused:
        placed(*parts, offerings=[room("a"), room("b")])
    assert refused.value.diagnostics[0].detail.splitlines() == [
        "b/room: 'one', which shares its volume 'data', is not or cannot be there",
        "a/room: has no room for all 1",
    ]


def test_an_external_volume_is_each_venue_s_own():
    dear = room("dear", hourly=Decimal(1), traits=BOTH | {"gpu"})
    theirs = Mount(kind="volume", source="theirs", target="/x")
    gpu = Needs(traits=frozenset({"gpu"}))
    parts = [part("one", mounts=(theirs,)), part("two", mounts=(theirs,), needs=gpu)]
    made = placed(*parts, offerings=[room("cheap"), dear])
    assert where(made) == {"one/0": "cheap/room", "two/0": "dear/room"}


def test_a_component_follows_the_first_it_shares_a_volume_with():
    """`one` takes the dearer venue's last room only if it must; `two` has no choice then."""
    parts = [part("one", mounts=(DATA,)), part("two", mounts=(DATA,))]
    prior = placed(parts[0], offerings=[room("a", hourly=Decimal(5))])
    offers = [room("a", hourly=Decimal(5)), room("b", hourly=Decimal(5))]
    made = placed(*reversed(parts), offerings=offers[::-1], prior=prior, homes={"data": "a"})
    assert set(where(made).values()) == {"a/room"}


# Room.


def test_room_taken_by_one_component_is_not_there_for_the_next():
    big = {"needs": Needs(cpu=3.0)}
    made = placed(part("one", **big), part("two", **big), offerings=[room("a"), room("b")])
    assert where(made) == {"one/0": "a/room", "two/0": "b/room"}
    with pytest.raises(Refused) as refused:
        placed(part("one", **big), part("two", **big), offerings=[room("a")])
    assert refused.value.diagnostics[0].detail == "a/room: has no room for all 1"


@pytest.mark.parametrize("needs", [Needs(cpu=1.5), Needs(memory_mib=1500), Needs(disk_mib=15)])
def test_all_kinds_of_room_run_out(needs):
    offer = room("a", disk_mib=40)
    assert len(placed(part(replicas=2, needs=needs), offerings=[offer]).assignments) == 2
    with pytest.raises(Refused):
        placed(part(replicas=3, needs=needs), offerings=[offer])


def test_a_component_that_does_not_fit_takes_no_room():
    parts = [part("big", replicas=5, needs=Needs(cpu=1.0)), part("small", needs=Needs(cpu=4.0))]
    with pytest.raises(Refused) as refused:
        placed(*parts, offerings=[room("a")])
    assert len(refused.value.diagnostics) == 1


# The same input, the same placement.

OFFERS = st.lists(
    st.builds(
        lambda venue, name, price, cpu: room(venue, name, hourly=price, cpu=cpu),
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
        st.sampled_from([None, Decimal(0), Decimal(1), Decimal("1.005")]),
        st.sampled_from([1.0, 4.0]),
    ),
    unique_by=lambda o: (o.venue, o.name),
    min_size=1,
)


@given(OFFERS, st.integers(1, 3), st.randoms(use_true_random=False))
def test_the_order_of_offerings_makes_no_difference(offers, replicas, chance):
    shuffled = list(offers)
    chance.shuffle(shuffled)
    parts = [part("one", replicas=replicas, needs=Needs(cpu=1.0)), part("two")]

    def tried(offerings):
        try:
            return where(placed(*parts, offerings=offerings))
        except Refused:
            return None

    result = tried(offers)
    assert tried(shuffled) == result
    if result is not None:
        prior = placed(*parts, offerings=offers)
        assert where(placed(*parts, offerings=shuffled, prior=prior)) == result
        used = {
            o: sum(1 for r, p in result.items() if p == o and "one" in r) for o in result.values()
        }
        assert all(n <= 4 for n in used.values())


def test_replicas_are_named_and_numbered():
    made = placed(part(replicas=2), offerings=[room("a")])
    assert [(a.replica, a.component, a.index) for a in made.assignments] == [
        ("shop/web/0", "web", 0),
        ("shop/web/1", "web", 1),
    ]


# A pool.


def machines(count: int, **more) -> list[Offering]:
    return [
        room(f"lab:h{n}", "machine", pool="lab", machine=f"m{n}", reach=f"h{n}", **more)
        for n in range(1, count + 1)
    ]


def load(placement: Placement) -> dict[str, int]:
    found: dict[str, int] = {}
    for assignment in placement.assignments:
        venue = assignment.offering.venue
        found[venue] = found.get(venue, 0) + 1
    return found


def test_replicas_are_spread_evenly_over_a_pool():
    assert sorted(load(placed(part(replicas=7), offerings=machines(3))).values()) == [2, 2, 3]


def test_a_small_machine_takes_what_it_can_and_the_others_the_rest():
    offers = [*machines(2), room("lab:s", "machine", pool="lab", machine="s", cpu=1.0)]
    made = placed(part(replicas=7, needs=Needs(cpu=1.0)), offerings=offers)
    assert load(made) == {"lab:h1": 3, "lab:h2": 3, "lab:s": 1}


def test_the_cheapest_machines_come_first():
    offers = [*machines(2, cpu=2.0), room("lab:dear", pool="lab", machine="d", hourly=Decimal(1))]
    made = placed(part(replicas=5, needs=Needs(cpu=1.0)), offerings=offers)
    assert load(made) == {"lab:h1": 2, "lab:h2": 2, "lab:dear": 1}


def test_single_replicas_do_not_all_go_to_the_first_machine():
    made = placed(*(part(name) for name in ("a", "b", "c")), offerings=machines(3))
    assert load(made) == {"lab:h1": 1, "lab:h2": 1, "lab:h3": 1}


def test_a_machine_that_dies_moves_its_own_replicas_only():
    offers = machines(4)
    prior = placed(part(replicas=4), offerings=offers)
    made = placed(part(replicas=4), offerings=offers[1:], prior=prior, absent={"lab:h1": "dead"})
    before, after = where(prior), where(made)
    assert [r for r in before if before[r] != after[r]] == ["web/0"]
    back = placed(part(replicas=4), offerings=offers, prior=made)
    assert where(back) == after


def test_one_that_moves_takes_no_room_from_one_that_stays():
    offers = machines(2, cpu=2.0)
    two = part(replicas=2, needs=Needs(cpu=1.0))
    prior = placed(two, offerings=offers)  # web/0 on h1, web/1 on h2
    tight = [room("lab:h2", "machine", pool="lab", machine="m2", cpu=1.0), *machines(3)[2:]]
    made = placed(two, offerings=tight, prior=prior)
    assert where(made) == {"web/0": "lab:h3/machine", "web/1": "lab:h2/machine"}


def test_what_shares_data_is_on_one_machine():
    parts = [part("db", replicas=3, mounts=(DATA,)), part("backup", mounts=(DATA,))]
    assert len(load(placed(*parts, offerings=machines(3)))) == 1


def test_data_of_different_components_goes_to_different_machines():
    theirs = [part(name, mounts=(Mount(kind="volume", source=name, target="/d"),)) for name in "ab"]
    app = App(
        name="shop", components=tuple(theirs), volumes=tuple(Volume(name=name) for name in "ab")
    )
    assert len(load(place(app, machines(2)))) == 2


def test_what_has_its_data_on_a_silent_machine_stays_assigned_there():
    db, web = part("db", mounts=(DATA,)), part("web", replicas=2)
    offers = machines(3)
    prior = placed(db, web, offerings=offers)
    home = where(prior)["db/0"].partition("/")[0]
    rest = [o for o in offers if o.venue != home]
    made = placed(
        db, web, offerings=rest, prior=prior, homes={"data": home}, absent={home: "no route"}
    )
    assert where(made)["db/0"] == f"{home}/machine"
    assert {v for r, v in where(made).items() if r != "db/0"} <= {
        f"{o.venue}/machine" for o in rest
    }


def test_the_app_s_venues_may_name_a_pool_or_one_machine():
    offers = [*machines(2), room("a")]
    pool = placed(part(replicas=2), offerings=offers, policy=Policy(venues=("lab",)))
    assert set(load(pool)) == {"lab:h1", "lab:h2"}
    one = placed(part(replicas=2), offerings=offers, policy=Policy(venues=("lab:h2",)))
    assert set(load(one)) == {"lab:h2"}


def test_engines_take_an_app_together_because_names_end_at_an_engine():
    offers = machines(2, names=True)
    assert len(load(placed(part("a", replicas=2), part("b"), offerings=offers))) == 1


# Spread.


def test_spread_wins_over_price_and_over_staying():
    offers = [*machines(2), room("lab:dear", pool="lab", machine="d", hourly=Decimal(9))]
    two = part(replicas=3)
    prior = placed(two, offerings=offers[:1])
    assert load(placed(two, offerings=offers, prior=prior)) == {"lab:h1": 3}
    for wanted in (2, 3):
        policy = Policy(spread={"host": wanted})
        made = placed(two, offerings=offers, prior=prior, policy=policy)
        assert len(load(made)) >= wanted


def test_spread_asks_no_more_of_a_component_than_it_has_replicas():
    policy = Policy(spread={"host": 3})
    assert load(placed(part(), offerings=[room("a")], policy=policy)) == {"a": 1}


def test_spread_that_cannot_be_is_refused_with_the_reason():
    policy = Policy(spread={"host": 3})
    with pytest.raises(Refused) as refused:
        placed(part(replicas=3), offerings=machines(2), policy=policy)
    detail = refused.value.diagnostics[0].detail
    assert "has room in 2 of the 3 machines that x-moot.spread wants" in detail
    with pytest.raises(Refused) as refused:
        placed(part(replicas=3, mounts=(DATA,)), offerings=machines(3), policy=policy)
    assert "its volume keeps all on one machine" in refused.value.diagnostics[0].detail


def test_while_a_machine_is_silent_less_spread_is_better_than_nothing():
    policy, three = Policy(spread={"host": 3}), part(replicas=3)
    offers = machines(3)
    prior = placed(three, offerings=offers, policy=policy)
    dead = {"lab:h1": "dead"}
    made = placed(three, offerings=offers[1:], prior=prior, policy=policy, absent=dead)
    assert sorted(load(made)) == ["lab:h2", "lab:h3"]
    assert len([r for r in where(prior) if where(prior)[r] != where(made)[r]]) == 1
    back = placed(three, offerings=offers, prior=made, policy=policy)
    assert len(load(back)) == 3
    for absent, left in (({"docker": "dead"}, 2), (dead, 1)):
        with pytest.raises(Refused):
            placed(three, offerings=offers[:left], policy=policy, absent=absent)
    with pytest.raises(Refused):
        one = part(replicas=3, mounts=(DATA,))
        placed(one, offerings=offers[1:], policy=policy, absent=dead)


def test_as_few_as_possible_move_for_the_sake_of_spread():
    offers, six = machines(4), part(replicas=6)
    prior = placed(six, offerings=offers[:2])
    for wanted, moved in ((2, 0), (3, 1), (4, 2)):
        policy = Policy(spread={"host": wanted})
        made = placed(six, offerings=offers, prior=prior, policy=policy)
        assert len(load(made)) == wanted
        assert sum(v != where(prior)[r] for r, v in where(made).items()) == moved


def test_thousands_of_replicas_are_few_runs():
    made = placed(part(replicas=50_000), offerings=machines(6))
    assert len(made.runs) == 6


def test_what_moves_goes_to_a_machine_with_nothing_to_do():
    parts = [part("web", replicas=2), part("log", replicas=2)]  # on h1 and h2, h3 and h4
    offers = machines(5)
    prior = placed(*parts, offerings=offers)
    made = placed(*parts, offerings=offers[:1] + offers[2:], prior=prior)
    assert where(made)["web/1"] == "lab:h5/machine"
