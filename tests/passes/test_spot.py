"""Machines that may be taken back: who may be there, at what price, and how often they are up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moot.model.app import App, Component, Mount, Policy, Volume
from moot.model.availability import Sla
from moot.model.codec import placement_from_json, placement_to_json
from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.spot import Spot
from moot.model.venue import Offering, Venue
from moot.passes.outlook import outlook
from tests.passes.placing import DATA, part, placed, reasons, room, where

OFTEN = Spot(interruptions=2, healing_s=13_140)  # 99 % of the time it is not taken back
CHEAP = room("cheap", hourly=Decimal("0.01"), spot=OFTEN)
DEAR = room("dear", hourly=Decimal("0.03"))
LEAVES = (None, "never", "allowed", "only")
HELD = "is spot, where data is only if its own service says `x-moot: {spot: allowed}`"
DENIED = "is spot, which x-moot.spot does not allow"
WANTED = "is not spot, and x-moot.spot is only"
CLOSE = 1e-12


@pytest.mark.parametrize(
    ("policy", "own", "mounts", "found", "reason"),
    [
        (None, None, (), "dear", {"cheap/room": DENIED}),
        ("never", None, (), "dear", {"cheap/room": DENIED}),
        ("allowed", None, (), "cheap", {}),
        ("only", None, (), "cheap", {"dear/room": WANTED}),
        ("only", "never", (), "dear", {"cheap/room": DENIED}),
        (None, "allowed", (), "cheap", {}),
        ("never", "only", (), "cheap", {"dear/room": WANTED}),
        ("only", "allowed", (), "cheap", {}),
        ("allowed", None, (DATA,), "dear", {"cheap/room": HELD}),
        ("only", None, (DATA,), "dear", {"cheap/room": HELD}),
        (None, None, (DATA,), "dear", {"cheap/room": DENIED}),
        ("allowed", "allowed", (DATA,), "cheap", {}),
        ("never", "only", (DATA,), "cheap", {"dear/room": WANTED}),
        ("allowed", None, (Mount(kind="volume", source="theirs", target="/t"),), "cheap", {}),
        ("allowed", None, (Mount(kind="tmpfs", target="/t"),), "cheap", {}),
    ],
)
def test_who_may_be_there(policy, own, mounts, found, reason):
    component = part(spot=own, mounts=mounts)
    made = placed(component, offerings=[CHEAP, DEAR], policy=Policy(spot=policy))
    assert where(made) == {"web/0": f"{found}/room"}
    assert reasons(made) == reason


def test_where_there_is_nothing_else_it_is_refused():
    with pytest.raises(Refused) as refused:
        placed(part(), offerings=[CHEAP])
    assert f"cheap/room: {DENIED}" in refused.value.diagnostics[0].detail


def test_what_runs_on_a_machine_that_has_become_spot_leaves_it():
    before = placed(part(), offerings=[replace(CHEAP, spot=None), DEAR])
    assert where(before) == {"web/0": "cheap/room"}
    assert where(placed(part(), offerings=[CHEAP, DEAR], prior=before)) == {"web/0": "dear/room"}


@given(
    some.lists(
        some.tuples(some.integers(0, 5), some.booleans()), min_size=1, max_size=5
    ).map(lambda prices: [
        room(f"v{n}", hourly=Decimal(price), spot=OFTEN if spot else None)
        for n, (price, spot) in enumerate(prices)
    ]),
    some.sampled_from(LEAVES),
    some.sampled_from(LEAVES),
    some.booleans(),
    some.randoms(),
)  # fmt: skip
def test_it_is_the_cheapest_of_those_where_it_may_be(offerings, policy, own, data, chance):
    leave = own or ("never" if data else policy) or "never"
    open = [o for o in offerings if leave == "allowed" or (leave == "only") == bool(o.spot)]
    component = part(spot=own, mounts=(DATA,) if data else ())
    shuffled = chance.sample(offerings, len(offerings))
    try:
        made = placed(component, offerings=shuffled, policy=Policy(spot=policy))
    except Refused:
        assert not open
        return
    again = placed(component, offerings=offerings, policy=Policy(spot=policy), prior=made)
    (one,) = made.assignments
    assert one.offering.hourly == min(o.hourly for o in open) and one.offering in open
    assert where(again) == where(made)


def test_it_is_remembered():
    made = placed(part(), offerings=[CHEAP, DEAR], policy=Policy(spot="only"))
    read = placement_from_json(placement_to_json(made))
    assert [run.offering.spot for run in read.runs] == [OFTEN]
    body = placement_to_json(made)
    del body["offerings"]["cheap/room"]["spot"]  # as it was written before there was any
    assert [run.offering.spot for run in placement_from_json(body).runs] == [None]


@pytest.mark.parametrize(
    ("stated", "spot"),
    [
        ({"interruptions": "2/month", "healing": "90s"}, (2, 90)),
        ({"interruptions": "6/year", "healing": "5m"}, (0.5, 300)),
        ({"interruptions": "5%/month", "healing": "1h"}, (0.05, 3600)),
        ({"interruptions": "0/month", "healing": "1h"}, (0, 3600)),
    ],
)
def test_what_is_stated_of_it(stated, spot):
    found = Spot.of(stated)
    assert (found.interruptions, found.healing_s) == (pytest.approx(spot[0]), spot[1])


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        (True, "it is true: say how often, and how long healing takes"),
        ({"interruptions": "2/month"}, "it does not state healing"),
        ({}, "it does not state healing, interruptions"),
        (
            {"interruptions": "often", "healing": "5m"},
            "interruptions is 'often': write how often, such as 2/year or 1/month",
        ),
        (
            {"interruptions": "105%/month", "healing": "5m"},
            "interruptions is '105%/month': of a hundred things it is at most 100 %",
        ),
        (
            {"interruptions": "2/month", "healing": "soon"},
            "healing is 'soon': write a time such as 90s or 5m",
        ),
        (
            {"interruptions": "2/month", "healing": "5m", "price": 1},
            "'price' is none of interruptions, healing",
        ),
    ],
)
def test_what_it_may_not_say(stated, wrong):
    with pytest.raises(ValueError) as refused:
        Spot.of(stated)
    assert str(refused.value) == wrong


def seen(*on: tuple[Offering, int], sla: object = "100%", quorum: int = 1):
    """What is expected of a component with so many replicas on each."""
    app = App(name="shop", components=(Component(name="web", quorum=quorum),))
    names = {offering.venue for offering, _ in on}
    venues = {n: Venue(name=n, provider="fake", sla=Sla.of(sla) if sla else None) for n in names}
    runs: list[Run] = []
    for offering, count in on:
        first = sum(run.count for run in runs)
        runs.append(Run("shop", "web", first, count, offering, "process"))
    return outlook(app, Placement(assignments=Assignments(runs)), venues)


def test_a_replica_on_spot_is_gone_for_as_long_as_healing_takes():
    assert seen((CHEAP, 1)).least == pytest.approx(0.99, abs=CLOSE)
    assert seen((DEAR, 1)).least == 1
    assert seen((CHEAP, 1), sla="90%").least == pytest.approx(0.9 * 0.99, abs=CLOSE)


def test_replicas_are_taken_back_independently():
    assert seen((CHEAP, 2)).least == pytest.approx(1 - 0.01**2, abs=CLOSE)
    assert seen((CHEAP, 3), quorum=2).least == pytest.approx(0.99**3 + 3 * 0.99**2 * 0.01)
    assert seen((CHEAP, 1), (DEAR, 1)).least == 1


def test_a_machine_is_taken_back_with_all_that_is_on_it():
    one, two = (replace(CHEAP, venue=name, machine=name) for name in "ab")
    assert seen((one, 2)).least == pytest.approx(0.99, abs=CLOSE)
    assert seen((one, 1), (two, 1)).least == pytest.approx(1 - 0.01**2, abs=CLOSE)


def test_what_states_no_sla_stays_unknown_and_is_up_at_most_as_often_as_it_is_there():
    found = seen((CHEAP, 1), sla=None)
    assert (found.least, found.unknown) == (None, ("cheap",))
    assert found.most == pytest.approx(0.99, abs=CLOSE)


def test_more_of_it_than_there_is_time_is_never_up():
    assert Spot(interruptions=1000, healing_s=36000).up == 0


def test_shared_data_holds_all_that_share_it():
    volumes = (Volume(name="data"),)
    app = App(name="shop", volumes=volumes, policy=Policy(spot="allowed"))
    assert app.leave(part(mounts=(DATA,))) == "never"
    assert app.leave(part(mounts=(DATA,), spot="only")) == "only"
