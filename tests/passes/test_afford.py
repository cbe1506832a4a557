"""x-moot.budget: what costs more is refused with the sum, and moves first if that helps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.budget import Budget
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.position import Position
from moot.model.venue import Offering
from moot.passes.afford import afford, spent
from moot.passes.place import place
from moot.passes.placing.fill import MOVE_THRESHOLD

LINE = Position("compose.yaml", 5, 11)


def room(venue: str, hourly: str | None, **more: object) -> Offering:
    known = {"cpu": 4.0, "memory_mib": 4096, "traits": frozenset({"runs:process"}), **more}
    price = None if hourly is None else Decimal(hourly)
    return Offering(venue=venue, name="room", hourly=price, **known)


def shop(budget: str, spread: int = 1, **replicas: int) -> App:
    components = (
        Component(name=name, replicas=n, process=Process(command=("x",)), needs=Needs(cpu=1))
        for name, n in replicas.items()
    )
    policy = Policy(budget=Budget.of(budget, LINE), spread={"host": spread})
    return App(name="shop", components=tuple(components), policy=policy)


def refused(app: App, *offers: Offering) -> Diagnostic:
    with pytest.raises(Refused) as found:
        afford(app, place(app, offers))
    return found.value.diagnostics[0]


@pytest.mark.parametrize(
    ("text", "hourly"),
    [
        ("1.5 EUR/hour", "1.5"),
        ("36 EUR/day", "1.5"),
        ("252 EUR/week", "1.5"),
        ("1095 EUR/month", "1.5"),
        ("13140 EUR/year", "1.5"),
    ],
)
def test_a_budget_is_for_any_period(text: str, hourly: str):
    budget = Budget.of(text)
    assert budget.hourly == Decimal(hourly)
    assert str(budget) == text


@pytest.mark.parametrize("text", ["500", "500 EUR", "EUR/month", "x EUR/month", "5 EUR/moon"])
def test_anything_else_is_no_budget(text: str):
    with pytest.raises(ValueError, match=text):
        Budget.of(text)


def test_what_costs_just_so_much_is_afforded():
    app = shop("1460 EUR/month", web=2)
    afford(app, place(app, [room("a", "1")]))


def test_what_costs_more_is_refused_with_the_sums_and_the_dearest():
    told = refused(shop("100 EUR/month", db=1, log=1, web=3), room("a", "0.05", cpu=4.0),
                   room("b", "0.10"))  # fmt: skip
    assert told.summary == (
        "x-moot.budget allows 100 EUR/month, this placement costs 219.00 EUR/month"
    )
    assert told.detail.splitlines() == [
        "it is the cheapest that was found; the dearest components are",
        "web: 109.50 EUR/month for 3 on a",
        "log: 73.00 EUR/month for 1 on b",
        "db: 36.50 EUR/month for 1 on a",
    ]
    assert told.remedy.startswith("web drives it: ")
    assert told.remedy.endswith("or allow 119.00 EUR/month more")
    assert told.place == LINE


@pytest.mark.parametrize(
    ("budget", "hourly", "more"),
    [
        ("100 EUR/month", "0.13699", "0.01"),  # 100.0027 a month
        ("100 EUR/month", "0.3", "119.00"),
        ("0.13 EUR/hour", "0.1300041", "0.01"),
        ("1000 EUR/year", "0.2", "62.67"),  # 146 - 83.3333
    ],
)
def test_what_is_to_be_allowed_is_enough(budget: str, hourly: str, more: str):
    told = refused(shop(budget, web=1), room("a", hourly))
    assert told.remedy.endswith(f"or allow {more} EUR/month more")
    allowed = Budget.of(budget).hourly + Decimal(more) / 730
    assert allowed >= Decimal(hourly)


def test_what_spread_costs_is_said_to_be_one_way_out():
    lab = [room(f"lab:{n}", "0.1", pool="lab", machine=f"m{n}") for n in "12"]
    assert "spread less, " in refused(shop("1 EUR/month", 2, web=2), *lab).remedy
    assert "spread less" not in refused(shop("1 EUR/month", web=2), *lab).remedy


def test_what_has_no_price_counts_as_nothing():
    app = shop("1 EUR/month", web=2)
    afford(app, place(app, [room("a", None)]))
    afford(app, place(app, [room("a", "0", currency="USD")]))


def test_of_many_machines_those_that_cost_most_are_named():
    lab = [room(f"lab:{n}", f"0.1{n}", pool="lab", machine=f"m{n}", cpu=2.0) for n in range(5)]
    dearest = refused(shop("1 EUR/month", 5, web=7), *lab).detail.splitlines()[1]
    assert dearest.endswith("for 2 on lab:1, 2 on lab:0, 1 on lab:4, 2 elsewhere")


def test_a_price_in_another_currency_cannot_be_compared():
    told = refused(shop("100 EUR/month", web=1), room("a", "0.01", currency="USD"))
    assert told.summary == "x-moot.budget is in EUR, and a price in USD"
    assert "a/room for 0.01 USD/hour" in told.detail
    assert told.place == LINE


def test_for_a_budget_things_move_for_any_saving():
    old, new = room("old", "0.1"), room("new", str(Decimal("0.1") - MOVE_THRESHOLD / 2))
    rich, poor = shop("1000 EUR/month", web=2), shop("143 EUR/month", web=2)
    prior = place(rich, [old])
    stays, moves = (place(app, [old, new], prior) for app in (rich, poor))
    assert {a.offering.venue for a in stays.assignments} == {"old"}
    assert {a.offering.venue for a in moves.assignments} == {"new"}
    assert spent(moves) < spent(stays)
    afford(poor, moves)
    with pytest.raises(Refused):
        afford(poor, stays)


def test_what_only_fits_as_it_stands_is_too_dear_and_not_without_a_place():
    """For any saving `a` would take the only room that `b` can have."""
    app = shop("1 EUR/month", a=1, b=1)
    a, b = app.components
    needy = replace(b, needs=Needs(cpu=1, traits=frozenset({"gpu"})))
    app = replace(app, components=(a, needy))
    own = frozenset({"runs:process", "gpu"})
    offers = [room("old", "0.105", cpu=1.0), room("new", "0.1", cpu=1.0, traits=own)]
    prior = place(replace(app, components=(needy, a)), offers)
    stands = place(app, offers, prior)
    assert [a.offering.venue for a in stands.assignments] == ["old", "new"]
    with pytest.raises(Refused, match="allows 1 EUR/month"):
        afford(app, stands)
