"""The money an App may cost: what `plan` and `up` say of it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str], tuple[int, str, str]]

# A place of our own, and one that is sold.
VENUES = """\
venues:
  docker: {provider: fake, silent: true}
  laptop: {provider: fake, offerings: [{name: free, traits: [own], machine: l}]}
  cloud:
    provider: fake
    priced: 2026-11-01
    offerings: [{name: small, hourly: 0.02, traits: [sold]}]
"""


def declare(budget: str, replicas: int = 1) -> None:
    lines = [
        "name: shop",
        "x-moot:",
        f"  budget: {budget}",
        "services:",
        "  web:",
        "    image: web",
        f"    deploy: {{replicas: {replicas}}}",
        "    x-moot: {isolation: container}",
    ]
    Path("compose.yaml").write_text("\n".join(lines) + "\n")


def test_the_plan_says_what_it_costs_against_the_budget_and_what_stands(moot: Run):
    declare("20 EUR/month")
    assert moot("up --venue cloud")[0] == 0
    declare("50 EUR/month", replicas=2)
    code, out, _ = moot("plan --venue cloud")
    assert code == 0
    assert (
        "Cost: 0.04 EUR/hour, about 29.20 EUR/month, 14.60 more than now; "
        "no placement costs less; the budget is 50 EUR/month; prices of 2026-11-01\n"
        "  web  29.20 EUR/month, 14.60 more than now\n"
    ) in out
    cost = json.loads(moot("plan --venue cloud --json")[1])["cost"]
    free = {"hourly": "0", "monthly": "0.00"}
    machines = {"hourly": "0.04", "monthly": "29.20"}
    kinds = {"machines": machines, "spot": free, "egress": free, "disk": free}
    assert cost == {
        "hourly": "0.04",
        "monthly": "29.20",
        "kinds": kinds,
        "currency": "EUR",
        "floor": {"hourly": "0.04", "monthly": "29.20"},
        "components": [
            {
                "component": "web",
                "hourly": "0.04",
                "monthly": "29.20",
                "kinds": kinds,
                "before": {"hourly": "0.02", "monthly": "14.60"},
            }
        ],
        "before": {"hourly": "0.02", "monthly": "14.60", "priced": "2026-11-01"},
        "budget": {"amount": "50", "currency": "EUR", "per": "month", "monthly": "50.00"},
        "unpriced": [],
        "unmetered": [],
        "priced": "2026-11-01",
    }


def test_a_plan_above_the_budget_is_refused_at_its_line(moot: Run):
    declare("20 EUR/month", replicas=2)
    for command in ("plan", "up"):
        code, _, err = moot(f"{command} --venue cloud")
        assert code == 4
        assert "allows 20 EUR/month, this placement costs 29.20 EUR/month" in err
        assert "web: 29.20 EUR/month for 2 on cloud" in err
        assert "compose.yaml:3:11" in err


def test_a_venue_without_a_price_counts_as_nothing_and_is_named(moot: Run):
    declare("20 EUR/month")
    code, out, err = moot("plan")
    assert (code, "not there yet" in err) == (0, False)
    assert "laptop has no price and counts as nothing" in out


def test_a_budget_in_another_currency_is_refused(moot: Run):
    declare("20 USD/month")
    code, _, err = moot("plan --venue cloud")
    assert code == 4
    assert "x-moot.budget is in USD, and a price in EUR" in err


@pytest.mark.parametrize("budget", ["20", "20 EUR", "20 eur/month", "20 EUR/moon", "-1 EUR/day"])
def test_what_is_no_budget_is_an_error_with_its_place(moot: Run, budget: str):
    declare(budget)
    code, _, err = moot("plan")
    assert code == 2
    assert "a sum such as '500 EUR/month'" in err
    assert "compose.yaml:3:11" in err
