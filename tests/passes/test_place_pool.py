"""`place` over the machines of a pool: evenly, or in as many domains as are wanted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from placing import DATA, part, placed, room, where

from moot.model.app import App, Mount, Needs, Policy, Volume
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.place import place

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
