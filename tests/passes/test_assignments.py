"""Assignments: kept as runs, and still a sequence like any other."""

from __future__ import annotations

from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from moot.model.codec import placement_from_json, placement_to_json
from moot.model.placement import Assignment, Assignments, Placement, Rejection, runs_of
from moot.model.venue import Offering

ROOMS = [Offering(venue=v, name="room", cpu=1, memory_mib=1) for v in "xy"]


@st.composite
def placements(draw) -> tuple[Assignment, ...]:
    """A few components whose replicas stand in any order on either of two offerings."""
    found: list[Assignment] = []
    for component in draw(st.lists(st.sampled_from("abc"), unique=True)):
        for index in draw(st.lists(st.integers(0, 9), unique=True)):
            room, how = (
                draw(st.sampled_from(ROOMS)),
                draw(st.sampled_from(["process", "container"])),
            )
            found.append(Assignment(f"shop/{component}/{index}", component, index, room, how))
    return tuple(found)


@given(placements(), st.integers(-12, 12), st.integers(-12, 12))
def test_it_is_the_sequence_it_was_made_of(given, start, stop):
    made = Assignments(runs_of(given))
    assert tuple(made) == given
    assert len(made) == len(given)
    assert [made[i] for i in range(-len(given), len(given))] == [*given, *given]
    assert made[start:stop] == given[start:stop]
    assert made == given
    assert made == Assignments(runs_of(given))
    assert (made == given[1:]) is (not given)


@given(placements())
def test_what_runs_alike_is_one_run(given):
    joined = [
        list(group)
        for _, group in groupby(
            enumerate(given), lambda e: (e[1].component, e[1].offering.venue, e[1].runs_as)
        )
    ]
    least = sum(
        1 + sum(b.index != a.index + 1 for (_, a), (_, b) in pairwise(group)) for group in joined
    )
    assert len(runs_of(given)) == least


@given(placements())
def test_a_placement_is_read_as_it_was_written(given):
    rejected = (Rejection("a", "x", "room", "is full"),)
    placement = Placement(assignments=Assignments(runs_of(given)), rejections=rejected)
    assert placement_from_json(placement_to_json(placement)) == placement


def test_what_version_1_wrote_is_still_read():
    rows = [
        ["shop/web/0", "web", 0, "x/room", "process"],
        ["shop/web/1", "web", 1, "x/room", "process"],
    ]
    kept = placement_to_json(Placement(assignments=Assignments(())))
    offering = {
        "venue": "x",
        "name": "room",
        "cpu": 1,
        "memory_mib": 1,
        "hourly": "0",
        "traits": [],
    }
    del kept["runs"]
    read = placement_from_json({**kept, "offerings": {"x/room": offering}, "assignments": rows})
    assert [(a.replica, a.offering.venue, a.runs_as) for a in read.assignments] == [
        ("shop/web/0", "x", "process"),
        ("shop/web/1", "x", "process"),
    ]


def test_an_index_beyond_the_end_is_an_error():
    made = Assignments(())
    assert list(made) == []
    for index in (0, -1):
        try:
            made[index]
        except IndexError:
            continue
        raise AssertionError(index)
