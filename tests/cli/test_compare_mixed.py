"""`moot compare` where a part of an App is kept on the user's own machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VENUES = """\
venues:
  lab:
    provider: fake
    sla: {host: 99.9%, venue: 99.95%}
    egress: 0.01
    latency: {aws/eu-west-1: 20 ms, gcp: 30 ms}
    offerings:
      - {name: desk, cpu: 4, memory_mib: 16384, hourly: 0.001, currency: USD, reach: 10.0.0.1, machine: m1}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""  # noqa: E501
COMPOSE = """\
name: shop
services:
  web:
    image: nginx
    deploy: {replicas: 4, resources: {reservations: {cpus: "1", memory: 1G}}}
    x-moot: {traffic: {db: 100 GB/month}}
  db:
    image: postgres
    deploy: {resources: {reservations: {cpus: "2", memory: 8G}}}
  worker:
    image: worker
    deploy: {replicas: 3, resources: {reservations: {cpus: "2", memory: 2G}}}
"""

Run = Callable[[str], tuple[int, str, str]]


def lines(moot: Run, line: str = "") -> dict[tuple[str, bool], dict[str, Any]]:
    """By vendor, and whether own machines are used, too."""
    code, out, err = moot(f"compare --json {line}")
    assert code == 0, err
    return {(e["vendors"][0], e["own"]): e for e in json.loads(out)["estimates"]}


def test_a_line_with_own_machines_for_each_vendor(moot: Run):
    code, out, err = moot("compare")
    assert code == 0
    rows = [line for line in out.splitlines() if line.startswith("your venues + ")]
    assert [row.split()[3] for row in rows] == ["aws", "azure", "gcp"]
    assert all(" on lab, " in row and " USD " in row and " %" in row for row in rows)
    assert "Free choice: your venues + " in out
    assert "UP: by what vendors promise" in err


def test_what_is_kept_and_what_it_costs(moot: Run):
    found = lines(moot, "--vendor aws")
    alone, mixed = found["aws", False], found["aws", True]
    assert float(mixed["hourly"]) < float(alone["hourly"]) and mixed["gap"] == 0
    assert [k["component"] for k in mixed["kept"]] and mixed["kept"][0]["venue"] == "lab"
    bought = sum(
        float(machine["hourly"]) * machine["count"]
        for site in mixed["sites"]
        for machine in site["machines"]
    )
    own = sum(float(kept["hourly"]) for kept in mixed["kept"])
    total = bought + own + float(mixed["egress_hourly"])
    assert total == pytest.approx(float(mixed["hourly"]))
    assert mixed["availability"]["least"] < 1 and mixed["availability"]["promised"] is None


def test_a_latency_is_kept_only_where_a_distance_is_stated(moot: Run):
    tied = COMPOSE.replace("100 GB/month}", "100 GB/month}, latency: {db: 25 ms, worker: 25 ms}")
    Path("compose.yaml").write_text(tied)
    found = lines(moot, "--region eu-west-1 --region northeurope --region europe-west1")
    assert found["aws", True]["sites"][0]["region"] == "eu-west-1"
    assert "no part of it was found" in found["gcp", True]["reason"]
    assert "no part of it was found" in found["azure", True]["reason"]


def test_what_is_promised_takes_more_machines(moot: Run):
    Path("compose.yaml").write_text(
        COMPOSE.replace("name: shop", "name: shop\nx-moot: {availability: 99.8%}")
    )
    code, out, _ = moot("compare --vendor aws")
    alone, mixed, *_ = out.splitlines()[1:]
    assert code == 0
    assert "99.8 % is promised, what limits it is the machines of aws (99.5 % each)" in alone
    assert "1 on lab" in mixed and "is promised" not in mixed
    assert "Free choice: your venues + aws" in out


def test_prices_in_another_currency_are_not_mixed(moot: Run):
    Path("venues.yaml").write_text(VENUES.replace("currency: USD", "currency: EUR"))
    assert lines(moot, "--vendor gcp")["gcp", True]["reason"] == "your venues cost EUR, gcp USD"


def test_only_the_free_choice(moot: Run):
    every, free = lines(moot), lines(moot, "--free")
    best = min((e for e in every.values() if "hourly" in e), key=lambda e: float(e["hourly"]))
    found = free[best["vendors"][0], best["own"]]
    assert {**found, "gap": 0} == {**best, "gap": 0}
    given_up = [e["reason"] for e in free.values() if "reason" in e]
    assert "no cheaper than the free choice" in given_up
    code, out, _ = moot("compare --free")
    assert code == 0 and any(line.startswith("Free choice: ") for line in out.splitlines())
