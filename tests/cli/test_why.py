"""`moot why`: why there, why not elsewhere, and what the best alternative would cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from moot.cli.looking import WHY

Run = Callable[[str], tuple[int, str, str]]

# Two cheap machines and a dear pool.
VENUES = """\
venues:
  lab:
    provider: fake
    priced: 2026-11-01
    hosts:
      - {host: h1, offerings: [{name: m, hourly: 0.02, cpu: 4}]}
      - {host: h2, offerings: [{name: m, hourly: 0.02, cpu: 4}]}
  rack:
    provider: fake
    priced: 2026-11-01
    hosts:
      - {host: r1, offerings: [{name: m, hourly: 0.05, cpu: 4}]}
      - {host: r2, offerings: [{name: m, hourly: 0.07, cpu: 4}]}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
COMPOSE = """\
name: shop
services:
  db: {image: db, deploy: {resources: {reservations: {cpus: "3"}}}}
  web: {image: web, deploy: {replicas: 3, resources: {reservations: {cpus: "1"}}}}
"""


def test_everywhere_else_is_told_with_its_reason_or_its_price(moot: Run):
    code, out, _ = moot("why web/0")
    assert code == 0
    assert "without lab:h2: 3 on rack:r1/m, at 109.50 EUR/month (2026-11-01), 65.70 more\n" in out
    assert "  lab:h1/m: has 0 of 4 CPUs left, it needs 1\n" in out
    assert "  rack:r1/m: its other replicas are on lab, and all are in one venue or pool\n" in out
    assert "  docker: docker does not answer\n" in out
    code, out, _ = moot("why db")
    assert "  rack:r1/m at 0.05 EUR/hour (2026-11-01), 0.03 EUR/hour more\n" in out


def test_what_is_best_without_a_venue_is_what_is_placed_without_it(moot: Run):
    code, out, _ = moot("why web --not lab --json")
    best = json.loads(out)["best"]
    assert code == 0
    assert best == {
        "without": "lab",
        "places": [{"offering": "rack:r1/m", "replicas": 3}],
        "monthly": "109.50",
        "currency": "EUR",
        "priced": "2026-11-01",
        "more_monthly": "65.70",
        "refusal": None,
    }
    costs = json.loads(moot("plan --venue rack --json")[1])["cost"]["components"]
    assert next(c["monthly"] for c in costs if c["component"] == "web") == best["monthly"]


def test_where_there_is_no_alternative_it_says_so(moot: Run):
    assert "without lab, rack: no venue can run" in moot("why web --not lab --not rack")[1]
    code, _, err = moot("why web --not nowhere")
    assert (code, "there is no venue 'nowhere'" in err) == (2, True)


def test_venues_that_the_app_does_not_allow_are_named_and_not_asked(moot: Run):
    Path("compose.yaml").write_text(f"{COMPOSE}x-moot: {{venues: [lab]}}\n")
    code, out, _ = moot("why db --json")
    answer = json.loads(out)
    assert code == 0
    assert answer["alternatives"] == []
    reasons = {entry["venue"]: entry["reason"] for entry in answer["rejections"]}
    assert reasons["rack:r1"] == "is not among the app's venues (lab)"
    assert reasons["lab:h2"].startswith("has 2 of 4 CPUs left")


def test_where_the_app_is_refused_it_ends_as_the_help_says(moot: Run):
    Path("compose.yaml").write_text(COMPOSE.replace('"3"', '"9"'))
    code, out, err = moot("why web")
    assert (code, out) == (4, "") and "no venue can run component 'db'" in err
    assert code in WHY.exits
