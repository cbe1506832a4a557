"""A plan as people read it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from shop_values import COST, FINDING, OFFERING, PLACEMENT, PLAN, PROPOSAL

from moot.cli import proposal as text
from moot.cli.commands.plan import show_proposal
from moot.cli.output import Output
from moot.model.budget import Budget
from moot.model.placement import Assignment
from moot.model.plan import Delete, Plan
from moot.model.report import Cost, Stale

GOLDEN = """\
  + shop/db/0@laptop/process     host.process  new
  + shop/web/0@laptop/process    host.process  new
      known after apply: environment.DB
-/+ shop/web/1@laptop/process    host.process  command differs
  ~ shop/gateway@laptop          host.process  back ends differ
  - shop/cache/0@laptop/process  host.process  no longer declared

  db   1 process on laptop/this-machine, 0.006 EUR/hour
  web  2 processes on laptop/this-machine, 0.006 EUR/hour
       not on docker: it has no image

advice: shop/db/0@laptop/process: nothing says whether it works [no-healthcheck]
  give it a healthcheck
Cost: 0.018 EUR/hour, about 13.14 EUR/month
  db   4.38 EUR/month
  web  8.76 EUR/month
Plan: 3 to create, 1 to update, 2 to delete (1 of them only possibly).
"""


def plain(text: str, style: str) -> str:
    return text


def test_plan_reads_as_shown(capsys: pytest.CaptureFixture[str]):
    show_proposal(PROPOSAL, Output({}), where=True)
    assert capsys.readouterr().out == GOLDEN


def test_a_long_plan_is_cut_where_that_was_asked_for():
    lines = list(text.change_lines(PLAN, plain, most=2))
    assert [line.split()[0] for line in lines] == ["+", "+", "known", "..."]
    assert "3 more" in lines[-1]


def test_a_delete_whose_create_is_not_in_the_plan_is_shown():
    deletes = Plan(changes=tuple(c for c in PLAN.changes if isinstance(c, Delete)))
    assert len(list(text.change_lines(deletes, plain))) == 2
    assert text.summary(deletes) == "Plan: 0 to create, 0 to update, 2 to delete."


def test_an_empty_plan_says_no_changes():
    assert "no changes" in text.summary(Plan()).lower()
    assert list(text.change_lines(Plan(), plain)) == []


def test_what_runs_is_not_said_to_be_as_declared_where_a_venue_did_not_answer(
    capsys: pytest.CaptureFixture[str],
):
    silent = Stale(venue="lab:h1", since=1.0, reason="dead")
    proposal = replace(PROPOSAL, plan=Plan(), findings=(), stale=(silent,))
    show_proposal(proposal, Output({}), where=False)
    assert capsys.readouterr().out.splitlines()[-1] == "No changes. lab:h1 did not answer."


def test_values_are_never_printed():
    """A property may be a secret's text; only where it stands is said."""
    assert "postgres://" not in "\n".join(text.change_lines(PLAN, plain))


COSTS = [
    (COST, "Cost: 0.018 EUR/hour, about 13.14 EUR/month"),
    (Cost(hourly=Decimal(0), currency="EUR"), ""),
    (Cost(hourly=Decimal(20), currency="USD"), "Cost: 20 USD/hour, about 14600.00 USD/month"),
    (Cost(hourly=None, currency="EUR"), "Cost: unknown"),
    (
        Cost(hourly=None, currency="EUR", components=(("a", Decimal(1)), ("b", None))),
        "Cost: unknown, for want of a price of b",
    ),
    (
        replace(COST, hourly=None, components=(("b", None),), priced=Decimal(1)),
        "Cost: at least 730.00 EUR/month, for want of a price of b",
    ),
    (
        replace(COST, hourly=None, currencies=("EUR", "USD")),
        "Cost: not summed, for prices are in EUR and USD",
    ),
    (replace(COST, before=COST), "Cost: 0.018 EUR/hour, about 13.14 EUR/month"),
    (
        replace(COST, before=replace(COST, hourly=Decimal("0.02"))),
        "Cost: 0.018 EUR/hour, about 13.14 EUR/month, 1.46 less than now",
    ),
    (
        replace(COST, currencies=("EUR",), before=replace(COST, currencies=("USD",), hourly=None)),
        "Cost: 0.018 EUR/hour, about 13.14 EUR/month",
    ),
    (Cost(hourly=Decimal(0), currency="EUR", before=COST), "Cost: nothing, 13.14 less than now"),
    (
        replace(COST, priced=Decimal("0.018"), unpriced=("lab",), budget=Budget.of("9 EUR/day")),
        "Cost: 0.018 EUR/hour, about 13.14 EUR/month; the budget is 9 EUR/day; lab has no price "
        "and counts as nothing",
    ),
    (
        Cost(hourly=Decimal(0), currency="EUR", unpriced=("a", "b"), budget=Budget.of("9 EUR/day")),
        "Cost: nothing; the budget is 9 EUR/day; a, b have no price and count as nothing",
    ),
    (
        replace(COST, floor=Decimal("0.018"), budget=Budget.of("9 EUR/day")),
        "Cost: 0.018 EUR/hour, about 13.14 EUR/month; no placement costs less; "
        "the budget is 9 EUR/day",
    ),
    (
        replace(COST, floor=Decimal("0.015")),
        "Cost: 0.018 EUR/hour, about 13.14 EUR/month; at most 16.7 % could be saved",
    ),
    (
        replace(COST, floor=Decimal("0.017999")),
        "Cost: 0.018 EUR/hour, about 13.14 EUR/month; at most 0.1 % could be saved",
    ),
    (Cost(hourly=Decimal(0), currency="EUR", floor=Decimal(0)), ""),
]


@pytest.mark.parametrize(("cost", "line"), COSTS)
def test_cost(cost: Cost, line: str):
    assert text.cost_line(cost) == line


def test_each_component_has_its_cost_and_what_is_gone_has_its_saving():
    parts = (("db", Decimal("0.004")), ("old", Decimal("0.01")), ("free", Decimal(0)))
    cost = replace(COST, before=replace(COST, components=parts))
    assert list(text.component_lines(cost)) == [
        "  db   4.38 EUR/month, 1.46 more than now",
        "  old  0.00 EUR/month, 7.30 less than now",
        "  web  8.76 EUR/month, 8.76 more than now",
    ]
    unknown = replace(COST, components=(("web", None), ("free", Decimal(0))))
    assert list(text.component_lines(unknown)) == ["  web  not known in EUR"]


def test_where_says_a_reason_once_per_component():
    elsewhere = replace(OFFERING, venue="lab")
    spread = replace(
        PLACEMENT,
        assignments=(
            *PLACEMENT.assignments,
            Assignment("shop/web/2", "web", 2, elsewhere, "process"),
        ),
    )
    lines = list(text.where_lines(spread))
    assert [line.split(" on ")[0].split() for line in lines] == [
        ["db", "1", "process"],
        ["web", "2", "processes"],
        ["not"],
        ["web", "1", "process"],
    ]


def test_findings_as_json():
    (entry,) = text.findings_json(PROPOSAL)
    assert entry["rule"] == FINDING.rule and entry["severity"] == "advice"
