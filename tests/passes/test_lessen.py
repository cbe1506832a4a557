"""lessen: of a component that has no place for all its replicas as many run as have one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rehearsing import KEEPS, app, machine, part, room

from moot.model.placement import Placement
from moot.model.rehearsal import Ground, Loss, Trouble, key_of
from moot.passes.place import place
from moot.passes.rehearse import rehearse
from moot.passes.strive import strive


def test_as_many_as_have_room_where_not_all_have():
    """Ten want two CPUs each of nine, and what runs stays where it is."""
    offered = [machine("h1", cpu=5.0), machine("h2", cpu=4.0)]
    web = part("web", 2, cpu=2.0)
    stands = place(app(web), offered)
    ground = Ground(app=app(web), offerings=offered, prior=stands)
    found = rehearse(ground, stands, Trouble(load=5), strive)
    assert (found.stays, found.count("starts"), found.lacking) == (2, 2, 6)
    lacks = next(fate for fate in found.fates if fate.fortune == "lacks")
    assert (lacks.spans, lacks.why) == (((4, 6),), "there is room for 4 of 10")
    assert [problem.component for problem in found.problems] == ["web"]


def test_nothing_that_runs_ends_for_the_sake_of_more():
    """Two of three would have room elsewhere, but the one that is left would have to end."""
    offered = [machine("h1", cpu=1.0), machine("h2", cpu=1.0), machine("h3", cpu=1.0)]
    web = part("web", 3, cpu=1.0)
    stands = place(app(web), offered)
    gone = [run.offering for run in stands.runs if run.first < 2]
    loss = Loss(
        kind="host",
        label="two",
        offerings=frozenset(map(key_of, gone)),
        venues=frozenset(o.venue for o in gone),
    )
    ground = Ground(app=app(web), offerings=[*offered, room("x", cpu=2.0)], prior=stands)
    found = rehearse(ground, stands, Trouble(losses=(loss,)), strive)
    assert (found.stays, found.count("stops"), found.count("starts")) == (1, 2, 0)


def test_what_goes_in_is_searched_where_more_than_room_decides():
    """Its data is on one machine, so half of what would go into the pool."""
    offered = [machine("h1", cpu=8.0), machine("h2", cpu=8.0)]
    web = part("web", 16, mounts=KEEPS)
    ground = Ground(app=app(web), offerings=offered)
    found = rehearse(ground, Placement(assignments=()), Trouble(), strive)
    assert (found.count("starts"), found.lacking) == (8, 8)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 3), st.integers(1, 12))
def test_a_component_alone_has_as_many_as_go_in(sizes, cpu, replicas):
    offered = [machine(f"h{n}", cpu=float(size)) for n, size in enumerate(sizes)]
    web = part("web", replicas, cpu=float(cpu))
    most = sum(size // cpu for size in sizes)
    found = rehearse(
        Ground(app=app(web), offerings=offered), Placement(assignments=()), Trouble(), strive
    )
    assert found.count("starts") == min(replicas, most)
    assert found.lacking == replicas - min(replicas, most)
