"""What `plan` and `why` say of traffic that stays on machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

Run = Callable[[str], tuple[int, str, str]]

# A pool of three machines, none of which has room for all.
VENUES = """\
venues:
  lab: {provider: fake, hosts: ["h[1:3]"], offerings: [{name: m, cpu: 4}]}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
COMPOSE = """\
name: shop
services:
  db: {image: db, deploy: {replicas: 2, resources: {reservations: {cpus: "1"}}}}
  web:
    image: web
    deploy: {replicas: 4, resources: {reservations: {cpus: "1"}}}
    x-moot: {traffic: {db: 200 GB/month}}
"""
LINE = "Traffic: 50 % of 200 GB/month stays on machines, 100 % could\n"


def test_plan_says_how_much_stays_and_why_with_whom(moot: Run):
    code, out, _ = moot("plan")
    assert code == 0
    assert LINE in out
    assert out.count("2 containers on lab:") == 2
    reason = "it talks to db: 100 % of their traffic can stay on machines"
    assert f"  because: no other place is cheaper, and {reason}\n" in moot("why web/0")[1]
    traffic = json.loads(moot("plan --json")[1])["traffic"]
    assert traffic == {
        "gb_monthly": "200",
        "stays": 0.5,
        "could": 1.0,
        "between": [
            {"component": "web", "to": "db", "gb_monthly": "200", "stays": 0.5, "could": 1.0}
        ],
    }


def test_what_runs_stays_when_traffic_is_stated_later(moot: Run):
    apart = COMPOSE.replace("x-moot: {traffic: {db: 200 GB/month}}", "x-moot: {}")
    Path("compose.yaml").write_text(apart)
    assert moot("up")[0] == 0
    before = json.loads(moot("ps --json")[1])["replicas"]
    Path("compose.yaml").write_text(COMPOSE)
    code, out, _ = moot("plan")
    assert code == 0 and "No changes." in out and LINE not in out
    assert moot("up")[0] == 0
    after = json.loads(moot("ps --json")[1])["replicas"]
    assert [(r["replica"], r["venue"]) for r in after] == [
        (r["replica"], r["venue"]) for r in before
    ]


def test_nothing_is_said_of_traffic_that_is_not_stated(moot: Run):
    Path("compose.yaml").write_text(COMPOSE.replace("{db: 200 GB/month}", "{}"))
    assert "Traffic" not in moot("plan")[1]
    assert json.loads(moot("plan --json")[1])["traffic"]["between"] == []
    assert "spread over the machines of lab" in moot("why web/0")[1]
