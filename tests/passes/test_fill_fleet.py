"""A fleet: nobody has more than there is, what runs stays, and nearly all room can be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bench import fleet
from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.apart import apart, wanted
from moot.passes.place import place

HOSTS = fleet.fleet(100)


def machine(name: str, cpu: float, memory_mib: int = 4096, zone: str = "") -> Offering:
    return Offering(
        venue=f"lab:{name}",
        name="machine",
        cpu=cpu,
        memory_mib=memory_mib,
        traits=frozenset({"runs:process"}),
        machine=name,
        reach=name,
        pool="lab",
        zone=zone,
    )


def part(name: str, replicas: int, cpu: float, memory_mib: int = 0) -> Component:
    needs = Needs(cpu=cpu, memory_mib=memory_mib)
    return Component(name=name, replicas=replicas, process=Process(command=("x",)), needs=needs)


def shop(*parts: Component, **spread: int) -> App:
    return App(name="shop", components=parts, policy=Policy(spread=spread))


def where(placement: Placement) -> dict[str, str]:
    return {a.replica.partition("/")[2]: a.offering.machine for a in placement.assignments}


# In order of the file where that will do.


def test_who_is_new_does_not_drive_out_what_runs():
    rooms = [machine("a", 1), machine("b", 1)]
    prior = place(shop(part("web", 1, 1)), rooms)
    assert where(prior) == {"web/0": "a"}
    assert where(place(shop(part("new", 1, 1), part("web", 1, 1)), rooms, prior)) == {
        "new/0": "b",
        "web/0": "a",
    }


def test_what_runs_makes_room_where_another_would_have_none():
    rooms = [machine("a", 4), machine("b", 3)]
    prior = place(shop(part("web", 1, 1)), rooms)
    after = place(shop(part("db", 1, 4), part("web", 1, 1)), rooms, prior)
    assert where(prior)["web/0"] == "a"
    assert where(after) == {"db/0": "a", "web/0": "b"}


def test_of_machines_with_as_many_the_least_full_is_next():
    rooms = [machine("a", 4), machine("b", 4), machine("c", 4)]
    found = where(place(shop(part("db", 1, 3), part("web", 2, 1), part("api", 1, 1)), rooms))
    assert found["db/0"] == "a"
    assert {found["web/0"], found["web/1"]} == {"b", "c"}
    assert found["api/0"] == "b"


# As full as can be.


@pytest.mark.parametrize("spread", [{}, {"zone": 2, "host": 3}])
@pytest.mark.parametrize("load", [0.7, 0.93, 0.97])
def test_all_have_room_from_nothing_and_after_the_loss_of_a_zone(load, spread):
    app = fleet.app(HOSTS, load, spread, scale=100)
    check(app, HOSTS, place(app, HOSTS))
    left = [host for host in HOSTS if host.zone != "z0"]
    less = fleet.app(left, load, spread, scale=100)
    before = place(less, HOSTS)
    after = place(less, left, before)
    check(less, left, after)
    assert fleet.moved(before, after, left) == 0


def check(app: App, hosts: Sequence[Offering], found: Placement) -> None:
    """Nobody is given more than there is, and every promise is kept."""
    needs = {component.name: component.needs for component in app.components}
    cpu, memory = Counter[str](), Counter[str]()
    on: dict[str, list[Offering]] = {name: [] for name in needs}
    for each in found.assignments:
        cpu[each.offering.venue] += round(needs[each.component].cpu * 1000)
        memory[each.offering.venue] += needs[each.component].memory_mib
        on[each.component].append(each.offering)
    assert all(cpu[host.venue] <= host.cpu * 1000 for host in hosts)
    assert all(memory[host.venue] <= host.memory_mib for host in hosts)
    assert cpu.keys() <= {host.venue for host in hosts}
    for component in app.components:
        assert len(on[component.name]) == component.replicas
        assert not apart(hosts).lacks(on[component.name], wanted(app.policy, component))


# Whatever there is.

ROOMS = some.lists(
    some.tuples(some.integers(1, 8), some.integers(1, 8), some.sampled_from("abc")),
    min_size=1,
    max_size=6,
).map(lambda all: [machine(f"h{i}", c, m, z) for i, (c, m, z) in enumerate(all)])
PARTS = some.lists(
    some.tuples(some.integers(1, 5), some.sampled_from([0, 0.1, 0.3, 1, 2]), some.integers(0, 3)),
    min_size=1,
    max_size=4,
).map(lambda all: [part(f"c{i}", n, c, m) for i, (n, c, m) in enumerate(all)])
SPREADS = some.dictionaries(some.sampled_from(["zone", "host"]), some.integers(1, 3))


@settings(max_examples=200, deadline=None)
@given(ROOMS, PARTS, SPREADS, some.randoms())
def test_no_machine_is_overcommitted_whatever_the_order_of_offerings(rooms, parts, spread, chance):
    app = shop(*parts, **spread)
    try:
        found = place(app, rooms)
    except Refused:
        return
    check(app, rooms, found)
    shuffled = list(rooms)
    chance.shuffle(shuffled)
    assert where(place(app, shuffled)) == where(found)
    assert where(place(app, shuffled, found)) == where(found)


@settings(max_examples=200, deadline=None)
@given(ROOMS, PARTS, some.sampled_from("abc"))
def test_after_a_loss_only_what_was_lost_moves_where_there_is_room(rooms, parts, zone):
    """Of things that are all of one size there is room as long as the sum says so."""
    app = shop(*(replace(each, needs=Needs(cpu=1)) for each in parts))
    left = [room for room in rooms if room.zone != zone]
    total = sum(component.replicas for component in app.components)
    if total > sum(room.cpu for room in left):
        return
    before = place(app, rooms)
    after = place(app, left, before)
    assert fleet.moved(before, after, left) == 0


def test_a_refusal_names_some_of_many_machines():
    rooms = [machine(f"h{number:02}", 1) for number in range(30)]
    with pytest.raises(Refused) as refused:
        place(shop(part("web", 31, 1)), rooms)
    lines = refused.value.diagnostics[0].detail.splitlines()
    assert lines[0] == "lab:h00/machine: has no room for all 31"
    assert lines[20:] == ["10 more of lab: has no room for all 31"]
