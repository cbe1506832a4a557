"""Control planes: what fails over only by one, what it costs, and what its loss leaves possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moot.model.app import App, Component, Mount, Needs, Policy, Process, Volume
from moot.model.availability import Sla
from moot.model.diagnostic import BadInput, Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.rehearsal import Ground, Rehearsed, Trouble, key_of
from moot.model.venue import Offering, Venue
from moot.passes.damage import damage
from moot.passes.domains import Domains, domains
from moot.passes.outlook import outlook
from moot.passes.rehearse import rehearse
from moot.passes.spare import spare
from moot.passes.strive import strive

CLOSE = 1e-14
STATED = {"zone": "99.5%", "control-plane": "99.9%"}
DATA = Mount(kind="volume", source="data", target="/data")


def cloud(sla: object, name: str = "aws") -> Venue:
    return Venue(name=name, provider="fake", sla=Sla.of(sla) if sla else None)


def room(name: str, region: str, zone: str, cpu: int = 4, hourly: int = 1, venue: str = "aws"):
    return Offering(
        venue=venue,
        name=name,
        region=region,
        zone=zone,
        reach=name,
        cpu=cpu,
        memory_mib=4096,
        hourly=Decimal(hourly),
        traits=frozenset({"runs:process"}),
    )


def part(name: str = "web", replicas: int = 2, cpu: float = 1, **more: object) -> Component:
    known = {"process": Process(command=("x",)), "needs": Needs(cpu=cpu)}
    return Component(name=name, replicas=replicas, **{**known, **more})


ROOMS = [room("a", "r1", "a"), room("b", "r1", "b", hourly=2), room("c", "r2", "a", hourly=5)]


class Case:
    """An App where it was placed, and what can be lost there."""

    def __init__(
        self,
        *components: Component,
        rooms: Sequence[Offering] = ROOMS,
        sla: object = STATED,
        **policy: object,
    ) -> None:
        venues = {o.venue: cloud(sla, o.venue) for o in rooms}
        volumes = (Volume(name="data"),)
        app = App(name="shop", components=components, policy=Policy(**policy), volumes=volumes)
        self.ground = Ground(app=app, offerings=rooms, venues=venues)
        self.stands = strive(self.ground)
        self.known: Domains = domains(venues.values(), rooms)

    def lose(self, *names: str, load: int = 1) -> Rehearsed:
        trouble = Trouble(losses=self.known.meant(names), load=load)
        return rehearse(self.ground, self.stands, trouble, strive)

    def relies(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """By what is lost the components, and the control planes of which one is needed."""
        losses = self.known.used({key_of(run.offering) for run in self.stands.runs})
        planes = self.known.control_planes
        damages = damage(self.ground, self.stands, losses, strive, planes)
        found = [each.reliance for each in damages if each.reliance]
        return {each.lost: (each.components, each.control_planes) for each in found}


def where(found: Rehearsed) -> Counter[str]:
    return Counter(a.offering.name for a in found.running.assignments)


def fates(found: Rehearsed) -> set[tuple[str, str, int, str]]:
    return {(fate.component, fate.fortune, fate.count, fate.why) for fate in found.fates}


# What it is called, and what its loss does.


def test_there_is_one_in_each_region_of_a_venue_that_states_it():
    known = Case(part(), rooms=[*ROOMS, room("x", "", "", venue="gcp")]).known
    assert [plane.label for plane in known.control_planes] == [
        *("control-plane:aws/r1", "control-plane:aws/r2", "control-plane:gcp")
    ]
    assert known.meant(["control-plane:r1"]) == known.meant(["control-plane:aws/r1"])
    with pytest.raises(BadInput) as refused:
        known.meant(["control-plane:r3"])
    (told,) = refused.value.diagnostics
    assert "control-plane:aws/r2" in told.detail and "control-plane:NAME" in told.remedy


def test_where_none_is_stated_there_is_none():
    case = Case(part(), sla={"zone": "99.5%"})
    assert case.known.control_planes == () and case.relies() == {}
    with pytest.raises(BadInput) as refused:
        case.lose("control-plane:r1")
    assert "control-plane" not in refused.value.diagnostics[0].remedy


def test_what_runs_goes_on_and_nothing_else_starts():
    case = Case(part(cpu=0))
    found = case.lose("control-plane:r1")
    assert (found.stays, found.fates, found.whole) == (2, (), True)
    found = case.lose("control-plane:r1", load=3)
    assert where(found) == {"a": 2, "c": 4}
    found = case.lose("control-plane:r1", "control-plane:r2", load=3)
    why = "control-plane:aws/r1 would start it, and is lost"
    assert fates(found) == {("web", "lacks", 4, why)}


def test_with_a_zone_it_says_who_cannot_move_and_why():
    case = Case(part(cpu=0), part("api", replicas=1, cpu=3))
    assert where(case.lose("zone:aws/r1/a")) == {"b": 3}
    assert where(case.lose("zone:aws/r1/a", "control-plane:r1")) == {"c": 3}
    found = case.lose("zone:aws/r1/a", "control-plane:r1", "control-plane:r2")
    why = "control-plane:aws/r1 would start it, and is lost"
    assert fates(found) == {("web", "stops", 2, why), ("api", "stops", 1, why)}
    assert found.down == ("web", "api")


def test_it_is_not_blamed_for_what_cannot_run_anyhow():
    case = Case(part(replicas=4), rooms=ROOMS[:2])
    found = case.lose("zone:aws/r1/a", "zone:b", "control-plane:r1")
    assert {fate.why for fate in found.fates} == {"nothing can take it"}


def test_nor_for_more_than_it_would_have_started():
    case = Case(part(), rooms=ROOMS[:1])
    without = {(fate.fortune, fate.count) for fate in case.lose(load=3).fates}
    assert without == {("starts", 2), ("lacks", 2)}
    found = case.lose("control-plane:r1", load=3)
    told = [(fate.spans, "would start it" in fate.why) for fate in found.fates]
    assert told == [(((2, 2),), True), (((4, 2),), False)]


def test_nor_twice_for_what_it_would_have_started():
    case = Case(part(), rooms=[ROOMS[0], room("b", "r1", "b", cpu=2, hourly=2)])
    found = case.lose("zone:aws/r1/a", "control-plane:r1", load=2)
    told = [(fate.fortune, fate.count, "would start it" in fate.why) for fate in found.fates]
    assert told == [("stops", 2, True), ("lacks", 2, False)]


def test_a_name_that_means_none_is_told_those_of_its_kind_first():
    rooms = [room(f"m{n}", "r1", f"z{n}") for n in range(20)]
    with pytest.raises(BadInput) as refused:
        Case(part(), rooms=rooms).lose("control-plane:r9")
    assert "there are control-plane:aws/r1, " in str(refused.value.diagnostics[0].detail)


def test_room_that_others_hold_there_is_not_taken_from_them():
    """What is lost would have room where another is, if that moved away first."""
    rooms = [room("a", "r1", "a", cpu=3), room("b", "r2", "b", cpu=3, hourly=2)]
    rooms += [room("c", "r3", "c", cpu=1, hourly=9)]
    case = Case(part("big", 1, 3), part("small", 1, 1), rooms=rooms)
    assert where(case.lose("zone:a")) == {"b": 1, "c": 1}
    found = case.lose("zone:a", "control-plane:r2")
    assert fates(found) == {("big", "stops", 1, "control-plane:aws/r2 would start it, and is lost")}
    assert where(found) == {"b": 1}


def test_what_could_be_had_for_less_stays_where_it_is():
    case = Case(part(), rooms=ROOMS[1:])
    case.ground = replace(case.ground, offerings=ROOMS)
    case.known = domains([cloud(STATED)], ROOMS)
    assert where(case.lose("control-plane:r2")) == {"a": 2}
    assert where(case.lose("control-plane:r1")) == {"b": 2}


def test_what_needs_disk_has_as_much_of_it_elsewhere_as_there_is():
    disks = {"a": 99, "b": 20, "c": 19}
    rooms = [replace(each, disk_mib=disks[each.name]) for each in ROOMS]
    case = Case(part(needs=Needs(disk_mib=10)), rooms=rooms)
    assert where(case.lose("zone:aws/r1/a", "control-plane:r2")) == {"b": 2}
    assert where(case.lose("zone:aws/r1/a", "control-plane:r1")) == {"c": 1}


# What relies on one.


def test_what_runs_on_one_zone_relies_on_what_could_start_it_elsewhere():
    assert Case(part(replicas=1), rooms=ROOMS[:2]).relies() == {
        "zone:a": (("web",), ("control-plane:aws/r1",))
    }


def test_either_of_two_would_do():
    found = Case(part()).relies()["zone:aws/r1/a"]
    assert found == (("web",), ("control-plane:aws/r1", "control-plane:aws/r2"))


def test_what_is_spread_for_its_quorum_relies_on_none():
    spread = Case(part(), rooms=ROOMS[:2], spread={"zone": 2})
    assert spread.relies() == {}
    third = room("d", "r1", "d", hourly=3)
    found = Case(part(quorum=2), rooms=[*ROOMS[:2], third], spread={"zone": 2})
    assert {lost: planes for lost, (_, planes) in found.relies().items()} == {
        "zone:a": ("control-plane:aws/r1",),
        "zone:b": ("control-plane:aws/r1",),
    }


def test_nor_does_what_has_room_where_nothing_is_stated():
    rooms = [ROOMS[0], room("own", "", "", venue="rack", hourly=9)]
    case = Case(part(), rooms=rooms)
    plain = {"aws": cloud(STATED), "rack": cloud(None, "rack")}
    case.known = domains(plain.values(), rooms)
    assert case.relies() == {}
    assert [plane.label for plane in case.known.control_planes] == ["control-plane:aws/r1"]


def test_what_waits_for_its_data_relies_on_none():
    assert Case(part("db", 1, mounts=(DATA,))).relies() == {}
    both = Case(part("db", 1, mounts=(DATA,)), part()).relies()
    assert {components for components, _ in both.values()} == {("web",)}


def test_room_that_is_only_taken_by_one_is_told_with_the_headroom():
    case = Case(part(), rooms=ROOMS[:2], headroom="zone")
    found = spare(case.ground, case.stands)
    assert found is not None and found.relies is not None and not found.shortfalls
    assert [(each.lost, each.control_planes) for each in found.relies] == [
        ("zone:a", ("control-plane:aws/r1",))
    ]
    unstated = Case(part(), rooms=ROOMS[:2], sla={"zone": "99.5%"}, headroom="zone")
    found = spare(unstated.ground, unstated.stands)
    assert found is not None and found.relies is None


# What it costs.

HEALED = {"failures": "12/year", "healing": "90s"}
HEALING = 12 * 90 / (365 * 86400)


def given_up(sla: object, *on: Offering, quorum: int = 1) -> float:
    """The least share of the time in which a component with a replica on each of these is up."""
    app = App(name="shop", components=(Component(name="web", quorum=quorum),))
    runs: list[Run] = []
    for offering, count in Counter(on).items():
        first = sum(run.count for run in runs)
        runs.append(Run("shop", "web", first, count, offering, "process"))
    found = outlook(app, Placement(assignments=Assignments(runs)), {"aws": cloud(sla)})
    assert found.least == found.most
    return found.least or 0.0


def test_a_single_replica_waits_for_half_of_what_the_control_plane_is_down():
    """One in a thousand of 12 failures a year finds it down, for 4.38 hours more on average."""
    sla = {"zone": "99.5%", "control-plane": "99.9%", **HEALED}
    waits = 12 * 0.001 * (0.001 * 8760 / 2) / 8760
    assert given_up(sla, ROOMS[0]) == pytest.approx(0.995 - HEALING - waits, abs=CLOSE)


def test_another_in_another_zone_waits_only_while_that_is_down():
    sla = {"zone": "99.5%", "control-plane": "99.9%", **HEALED}
    waits = 12 * 0.001**2 / 2 * 0.005
    found = given_up(sla, *ROOMS[:2])
    assert found == pytest.approx(1 - 0.005**2 - HEALING - waits, abs=CLOSE)
    both = 0.995**2 - HEALING - 12 * 0.001**2 / 2
    assert given_up(sla, *ROOMS[:2], quorum=2) == pytest.approx(both, abs=CLOSE)


def test_what_is_around_it_is_up_where_something_fails():
    sla = {"region": "99%", "control-plane": "99%", **HEALED}
    near, far = given_up(sla, *ROOMS[:2]), given_up(sla, ROOMS[0], ROOMS[2])
    assert near == pytest.approx(0.99 - HEALING, abs=CLOSE)
    waits = 12 * 0.01**2 / 2 * 0.01
    assert far == pytest.approx(1 - 0.01**2 - HEALING - waits, abs=CLOSE)


@pytest.mark.parametrize("more", [{}, HEALED])
def test_where_nothing_fails_or_nothing_is_stated_the_figure_is_as_before(more):
    sla = {"zone": "99.5%", **more}
    plain = given_up(sla, *ROOMS)
    assert given_up({**sla, "control-plane": "100%"}, *ROOMS) == plain
    if not more:
        assert given_up({**sla, "control-plane": "99%"}, *ROOMS) == plain


shares = some.floats(0.5, 1)


@given(shares, shares, some.lists(some.integers(1, 3), min_size=1, max_size=4), some.integers(1, 4))
def test_is_the_sum_over_all_that_can_happen(zone, plane, counts, quorum):
    """Zones of one region: the machine of each fails in turn, all others are up or down."""
    quorum = min(quorum, sum(counts))
    rooms = [room(f"m{n}", "r", f"z{n}") for n in range(len(counts))]
    sla = {"zone": str(zone), "control-plane": str(plane), "failures": "1/year", "healing": "0s"}
    known = Sla.of(sla)  # as it was read
    zone, plane = known.levels["zone"], known.control_plane or 0.0
    on = [each for each, count in zip(rooms, counts, strict=True) for _ in range(count)]
    static, neither = 0.0, 0.0
    for up in product((True, False), repeat=len(rooms)):
        chance = 1.0
        for each in up:
            chance *= zone if each else 1 - zone
        running = [count * each for count, each in zip(counts, up, strict=True)]
        static += chance * (sum(running) >= quorum)
        for failed in range(len(rooms)):
            left = sum(running) - running[failed]
            neither += chance * (left < quorum) / len(rooms)
    waits = (1 - plane) ** 2 / 2 * neither
    found = given_up(sla, *on, quorum=quorum)
    assert found == pytest.approx(max(0.0, static - waits), abs=1e-12)


# What must hold of any estate.

estates = some.lists(
    some.tuples(some.sampled_from(["r1", "r2"]), some.sampled_from("ab"), some.integers(1, 4)),
    min_size=2,
    max_size=5,
)
parts = some.lists(
    some.tuples(some.integers(1, 3), some.sampled_from([0, 1, 2])), min_size=1, max_size=3
)


@given(estates, parts, some.integers(1, 2), some.booleans())
def test_nothing_is_started_where_it_is_lost_and_nothing_there_ends(estate, wanted, load, spread):
    rooms = [room(f"m{n}", r, z, cpu, 1 + n) for n, (r, z, cpu) in enumerate(estate)]
    components = [part(f"c{n}", count, cpu) for n, (count, cpu) in enumerate(wanted)]
    try:
        case = Case(*components, rooms=rooms, spread={"zone": 2} if spread else {})
    except Refused:
        return
    plane = case.known.control_planes[0]
    lost = [loss for loss in case.known.all if loss.kind == "zone"][-1]
    for losses in ((plane,), (plane, lost)):
        gone = {key for loss in losses for key in loss.offerings}
        trouble = Trouble(losses=losses, load=load)
        found = rehearse(case.ground, case.stands, trouble, strive)
        before = {a.replica: key_of(a.offering) for a in case.stands.assignments}
        then = {a.replica: key_of(a.offering) for a in found.running.assignments}
        for replica, key in then.items():
            assert key not in plane.frozen or before.get(replica) == key
        for replica, key in before.items():
            assert key not in plane.frozen - gone or then[replica] == key
        free = rehearse(case.ground, case.stands, Trouble(losses=losses[1:], load=load), strive)
        assert len(then) <= sum(run.count for run in free.running.runs)


@given(estates, parts)
def test_what_relies_on_none_is_up_without_any(estate, wanted):
    rooms = [room(f"m{n}", r, z, cpu, 1 + n) for n, (r, z, cpu) in enumerate(estate)]
    components = [part(f"c{n}", count, cpu) for n, (count, cpu) in enumerate(wanted)]
    try:
        case = Case(*components, rooms=rooms)
    except Refused:
        return
    relies, planes = case.relies(), [plane.label for plane in case.known.control_planes]
    for loss in case.known.used({key_of(run.offering) for run in case.stands.runs}):
        with_them = set(case.lose(loss.label).down)
        without = set(case.lose(loss.label, *planes).down)
        assert (without > with_them) == (loss.label in relies)
