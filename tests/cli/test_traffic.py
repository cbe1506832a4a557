"""x-moot.traffic on the command line: what leaves a venue is in the cost, the budget and `why`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[[str], tuple[int, str, str]]

# `db` has room on `rack` only, which is dear and from which nothing costs anything.
VENUES = """\
venues:
  lab: {provider: fake, egress: 0.09, offerings: [{name: m, hourly: 0.01, cpu: 4, reach: lab}]}
  rack: {provider: fake, egress: 0, offerings: [{name: m, hourly: 0.03, cpu: 9, reach: rack}]}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
COMPOSE = """\
name: shop
x-moot: {budget: 60 EUR/month}
services:
  db: {image: db, deploy: {resources: {reservations: {cpus: "8"}}}}
  web:
    image: web
    deploy: {resources: {reservations: {cpus: "1"}}}
    x-moot: {traffic: {db: 100 GB/month}}
"""


def edit(old: str, new: str) -> None:
    text = Path("compose.yaml").read_text()
    assert old in text
    Path("compose.yaml").write_text(text.replace(old, new))


def test_the_plan_counts_it_by_kind(moot: Run):
    """7.30 for the machine and 4.50 for half of the traffic are less than 21.90."""
    code, out, _ = moot("plan")
    assert code == 0
    assert (
        "Cost: 0.046164 EUR/hour, about 33.70 EUR/month, 4.50 of it egress; at most 13.4 % could "
        "be saved; the budget is 60 EUR/month"
    ) in out
    assert (
        "; what leaves rack has no price\n"
        "  db   21.90 EUR/month\n"
        "  web  11.80 EUR/month, 4.50 of it egress\n"
    ) in out
    cost = json.loads(moot("plan --json")[1])["cost"]
    assert cost["kinds"]["machines"] == {"hourly": "0.040000000", "monthly": "29.20"}
    assert cost["kinds"]["egress"] == {"hourly": "0.006164384", "monthly": "4.50"}
    web = next(each for each in cost["components"] if each["component"] == "web")
    assert web["kinds"]["egress"]["monthly"] == "4.50"
    assert cost["unmetered"] == ["rack"]


def test_what_sends_much_goes_where_the_other_one_is_and_why_says_so(moot: Run):
    edit("100 GB", "1 TB")
    code, out, _ = moot("why web")
    assert code == 0
    assert "shop/web/0 belongs on rack/m" in out
    assert "because: it is the cheapest place that can take it, with what its traffic costs" in out
    assert "  lab/m at 0.01 EUR/hour" in out
    assert ", 0.041644 EUR/hour more\n" in out
    assert "without rack: 1 on lab/m, at 52.30 EUR/month" in out
    assert ", 30.40 more\n" in out


def test_why_tells_what_is_paid_beside_the_price(moot: Run):
    assert "  traffic: 4.50 EUR/month for what web sends out of lab\n" in moot("why web")[1]
    answer = json.loads(moot("why web --json")[1])
    assert answer["egress"] == [{"from": "lab", "monthly": "4.50", "currency": "EUR"}]
    assert answer["best"]["places"] == [{"offering": "rack/m", "replicas": 1}]
    assert answer["best"]["more_monthly"] == "10.10"


def test_a_budget_is_refused_for_it_with_what_would_be_enough(moot: Run):
    edit("60 EUR", "33 EUR")
    code, _, err = moot("plan")
    assert code == 4
    assert "x-moot.budget allows 33 EUR/month, this placement costs 33.70 EUR/month" in err
    assert "web: 11.80 EUR/month for 1 on lab, 4.50 of it egress" in err
    assert "with `x-moot.budget: 33.71 EUR/month`" in err
    edit("33 EUR", "33.71 EUR")
    assert moot("plan")[0] == 0


def test_the_difference_is_to_what_was_paid_then(moot: Run):
    assert moot("up")[0] == 0
    edit("100 GB", "200 GB")
    out = moot("plan")[1]
    assert "about 38.20 EUR/month, 9.00 of it egress, 4.50 more than now" in out
    assert "  web  16.30 EUR/month, 9.00 of it egress, 4.50 more than now\n" in out


def test_a_load_multiplies_it(moot: Run):
    assert moot("up")[0] == 0
    rehearsed = json.loads(moot("what-if --load x2 --json")[1])
    assert rehearsed["cost"]["kinds"]["egress"]["monthly"] == "9.00"


def test_a_change_of_prices_is_one_of_its_price_too(moot: Run):
    assert moot("up")[0] == 0
    for change, monthly in (("+20%", "5.40"), ("0.02", "4.50")):
        rehearsed = json.loads(moot(f"what-if --price-change lab={change} --json")[1])
        assert rehearsed["cost"]["kinds"]["egress"]["monthly"] == monthly
