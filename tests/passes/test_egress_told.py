"""What is said of traffic that costs: of a way without a place, and of a budget it breaks."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from test_egress import machine, on, part, shop

from moot.model.app import Container
from moot.model.budget import Budget
from moot.model.placement import Assignments, Placement
from moot.model.rehearsal import Ground
from moot.passes.afford import afford
from moot.passes.egress import egress
from moot.passes.explaining.alternative import alternative
from moot.passes.explaining.attempt import Effort
from moot.passes.explaining.conflict import conflict
from moot.passes.explaining.elsewhere import elsewhere, ties_of
from moot.passes.explaining.relax import relax
from moot.passes.place import place
from moot.passes.placing.search import MOST

RACK, CHEAP, NEAR = (
    machine("rack", 9, "0.03"),
    machine("cheap", 4, "0.01", "1"),
    machine("near", 4, "0.02", "0.1"),
)
APP = shop(part("web", db=730), part("db", cpu=8))


def both_on_rack() -> tuple[Ground, Placement]:
    runs = on(("web", 1, RACK), ("db", 1, RACK))
    ground = Ground(app=APP, offerings=[RACK, CHEAP, NEAR])
    return ground, Placement(assignments=Assignments(runs), egress=egress(APP, runs))


def test_without_a_venue_it_goes_where_price_and_traffic_are_least_together():
    ground, placement = both_on_rack()
    ties = ties_of(ground, placement, "web")
    found = alternative(ground, placement, "web", ties, "rack", lambda o: o.venue == "rack")
    assert found.places == (("near/machine", 1),)
    assert (found.hourly, found.more) == (Decimal("0.07"), Decimal("0.04"))


def test_another_place_is_as_much_dearer_as_it_is_with_its_traffic():
    ground, placement = both_on_rack()
    web = placement.assignments[0]
    possible, _ = elsewhere(ground, placement, web, ties_of(ground, placement, "web"))
    assert [(each.offering.venue, each.more) for each in possible] == [
        ("near", Decimal("0.04")),
        ("cheap", Decimal("0.48")),
    ]


def test_a_price_of_traffic_in_another_currency_is_no_difference():
    ground, placement = both_on_rack()
    free = replace(CHEAP, hourly=Decimal(0), currency="USD")
    ground = replace(ground, offerings=[RACK, free])
    web = placement.assignments[0]
    possible, _ = elsewhere(ground, placement, web, ties_of(ground, placement, "web"))
    assert [each.more for each in possible] == [None]


def test_a_budget_that_traffic_alone_breaks_is_in_conflict_and_can_be_raised():
    """Nothing is asked of either component, but one runs in containers only, the other in none."""
    web, db = part("web", cpu=0, db=730), part("db", cpu=0)
    db = replace(db, process=None, container=Container(image="db"))
    docker = replace(NEAR, traits=frozenset({"runs:container"}))
    app = shop(web, db, budget=Budget.of("40 EUR/month"))
    ground = Ground(app=app, offerings=[RACK, docker])
    core = conflict(ground, decide, (), Effort(10**6))
    assert core is not None
    assert [promise.aspect for promise in core.promises] == ["budget"]
    told = relax(ground, core, decide, Effort(10**6), thorough, Effort(10**6)).relaxations
    assert [each.text for each in told] == ["with `x-moot.budget: 73.00 EUR/month`"]
    assert told[0].hourly == Decimal("0.1")


def decide(ground: Ground) -> Placement:
    return thorough(ground, MOST, 0)


def thorough(ground: Ground, attempts: int, strides: int) -> Placement:
    known = ground.app, ground.offerings, ground.prior, ground.homes, ground.absent
    made = place(*known, attempts)
    afford(ground.app, made)
    return made
