"""place: what cannot run is dropped with its reason, and of the rest the cheapest is taken."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from placing import BOTH, part, placed, reasons, room, where

from moot.model.app import Container, Needs, Policy
from moot.model.diagnostic import Refused
from moot.model.position import Position
from moot.model.recipe import Recipe
from moot.passes.place import MOVE_THRESHOLD

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
    (part(), Policy(residency=("eu", "ch")), "lacks eu or ch"),
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
