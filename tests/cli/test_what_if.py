"""`moot what-if`: what it prints, how it ends, and what it says of what it does not understand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moot.cli.changing import PLAN
from moot.cli.looking import WHAT_IF

VENUES = """\
venues:
  lab:
    provider: fake
    priced: 2026-11-01
    sla: {host: 99.5%}
    hosts:
      - {host: h1, world: h1.world, offerings: [{name: room, cpu: 4, hourly: 0.01, zone: a}]}
      - {host: h2, world: h2.world, offerings: [{name: room, cpu: 4, hourly: 0.01, zone: a}]}
      - {host: h3, world: h3.world, offerings: [{name: room, cpu: 4, hourly: 0.02, zone: b}]}
  aws: {provider: fake, offerings: [{name: vm, cpu: 90, hourly: 1, zone: b, reach: aws}]}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
COMPOSE = """\
name: shop
x-moot: {availability: 99%, venues: [lab]}
services:
  db:
    x-moot: {process: {command: [db]}}
    volumes: [data:/data]
  web:
    x-moot: {process: {command: [web]}}
    deploy: {replicas: 2, resources: {reservations: {cpus: "2"}}}
volumes: {data: {}}
"""
STATELESS = COMPOSE.replace("    volumes: [data:/data]\n", "").replace("venues: [lab]", "")

Run = Callable[[str], tuple[int, str, str]]


def answered(moot: Run, line: str) -> dict[str, Any]:
    return json.loads(moot(f"what-if --json {line}")[1])


def test_a_machine_is_lost(moot: Run):
    assert moot("up")[0] == 0
    code, out, err = moot("what-if --lose h1")
    assert (code, err) == (1, "")
    header, *rows = out.partition("\n\n")[0].splitlines()
    assert header.split() == [
        *("COMPONENT", "REPLICAS", "FATE", "FROM", "TO", "BEFORE", "THEN", "WHY")
    ]
    assert [row.split()[:4] for row in rows] == [
        ["db", "0", "waits", "lab:h1/room"],
        ["web", "1", "moves", "lab:h1/room"],
    ]
    assert rows[0].endswith("its data is there")
    assert "14.60 EUR/month" not in rows[0] and "7.30 EUR/month" in rows[1]
    lines = out.splitlines()
    assert "Availability: promised 99 %, none remains: db has too few replicas" in lines
    assert lines[-1] == "Not everything can run: 1 cannot run, 1 moves, 1 stays."


def test_everything_can_still_run(moot: Run):
    Path("compose.yaml").write_text(STATELESS)
    code, out, err = moot("what-if --lose zone:a --lose lab:h3")
    assert (code, err) == (0, "")
    assert out.count("aws/vm") == 3
    assert "more than now" in out
    assert "Availability: promised 99 %, nothing is known of aws" in out
    assert out.splitlines()[-1] == "Everything can still run: 3 move."


def test_what_cannot_be_placed_is_told_as_plan_tells_it(moot: Run):
    code, out, err = moot("what-if --load x4")
    assert code == 1
    assert "no venue can run component 'web'" in err
    assert "compose.yaml:7:3" in err
    assert "web" in out and "lacks" in out and "there is room for 6 of 8" in out
    answer = answered(moot, "--load x4")
    assert [error["summary"] for error in answer["errors"]] == ["no venue can run component 'web'"]
    assert (answer["lacks"], answer["stays"], answer["down"]) == (2, 3, [])
    assert answer["starts"] == 4


def test_what_goes_on_is_paid_for_though_nothing_of_it_may_be_placed(moot: Run):
    """Two of three go on: what was on `h3` is saved and no more."""
    text = COMPOSE.replace('cpus: "2"', 'cpus: "3"').replace("replicas: 2", "replicas: 3")
    Path("compose.yaml").write_text(text)
    assert moot("up")[0] == 0
    code, out, err = moot("what-if --lose h3")
    assert code == 1 and "no venue can run component 'web'" in err
    assert "  web  14.60 EUR/month, 14.60 less than now" in out.splitlines()
    assert out.splitlines()[-1].startswith("Not everything can run: 1 cannot run")


def test_prices(moot: Run):
    moot("up")
    code, out, _ = moot("what-if --price-change lab=+50%")
    assert code == 0
    assert "Cost: 0.045 EUR/hour, about 32.85 EUR/month, 10.95 more than now" in out
    assert out.splitlines()[-1] == "Everything can still run: 3 stay."
    moved = answered(moot, "--price-change lab:h1=5 --price-change lab:h2=5")
    targets = [fate["target"]["venue"] for fate in moved["fates"]]
    assert targets and set(targets) == {"lab:h3"}
    assert moved["cost"]["before"]["hourly"] == "0.03"


def test_every_single_failure(moot: Run):
    code, out, _ = moot("what-if")
    header, *rows = out.splitlines()
    assert code == 1
    assert header.split() == ["LOST", "DOWN", "CANNOT", "RUN", "MOVE", "STAY", "WHY"]
    assert [row.split()[0] for row in rows] == ["lab", "zone:a", "lab:h1", "lab:h2"]
    assert "db (its data is there)" in rows[2] and "db" not in rows[3]
    failures = answered(moot, "")["failures"]
    assert [failure["lost"] for failure in failures] == [row.split()[0] for row in rows]
    assert failures[-1]["reasons"] == [] and failures[-1]["moves"] == 1
    Path("compose.yaml").write_text(STATELESS)
    assert moot("what-if")[0] == 0


def test_json_has_everything(moot: Run):
    answer = answered(moot, "--lose lab:h1")
    assert {*answer} == {
        *("version", "errors", "stale", "lost", "fates", "cost", "availability", "down"),
        *("stays", "moves", "starts", "ends", "waits", "stops", "lacks"),
    }
    assert answer["lost"] == ["lab:h1"]
    waits = next(fate for fate in answer["fates"] if fate["fate"] == "waits")
    there = {
        "venue": "lab:h1",
        "offering": "room",
        "hourly": "0.01",
        "currency": "EUR",
        "priced": "2026-11-01",
    }
    assert waits == {
        "component": "db",
        "fate": "waits",
        "replicas": [0],
        "source": there,
        "target": there,
        "reason": "its data is there",
    }
    assert (answer["availability"]["least"], answer["availability"]["promised"]) == (0.0, 0.99)


def test_the_cost_is_what_the_help_says(moot: Run):
    plan = json.loads(moot("plan --json")[1])
    for command, answer in ((PLAN, plan), (WHAT_IF, answered(moot, "--lose h1"))):
        told = next(line for line in command.answers if line.startswith("cost: "))
        assert {*answer["cost"]} == {*told.removeprefix("cost: ").split(", ")}


def test_the_plan_says_what_the_worst_does(moot: Run):
    Path("venues.yaml").write_text(VENUES.replace("zone: b}]}\n", "zone: a}]}\n"))
    said = "Worst single failure: losing lab:h1 stops db (its data is there); 1 replica moves"
    assert said in moot("plan")[1].splitlines()
    assert json.loads(moot("plan --json")[1])["worst_failure"]["lost"] == "lab:h1"
    Path("compose.yaml").write_text(COMPOSE.replace("[lab]", "['lab:h1']"))
    assert "Worst" not in moot("plan")[1]
    assert json.loads(moot("plan --json")[1])["worst_failure"]["lost"] == "lab"
    Path("compose.yaml").write_text(STATELESS)
    said = "Worst single failure: losing lab stops nothing; 3 replicas move"
    assert said in moot("plan")[1].splitlines()


def test_a_budget_that_is_too_small_then_is_a_refusal(moot: Run):
    text = STATELESS.replace("availability: 99%", "budget: 30 EUR/month")
    Path("compose.yaml").write_text(text)
    assert moot("what-if --lose h1")[0] == 0
    code, out, err = moot("what-if --lose lab")
    assert code == 1 and "x-moot.budget allows 30 EUR/month" in err
    assert out.splitlines()[-1] == "moot up would refuse this: 3 move."
    lines = moot("what-if")[1].splitlines()
    assert any(line.startswith("lab ") and "x-moot.budget" in line for line in lines)
    said = "losing lab cannot be made good: x-moot.budget allows 30 EUR/month"
    assert said in moot("plan")[1]


def test_nothing_runs(moot: Run):
    Path("compose.yaml").write_text(
        "name: shop\nservices: {a: {image: a, deploy: {replicas: 0}}}\n"
    )
    assert moot("what-if") == (0, "", "nothing would run, so nothing can fail\n")
    assert "Worst" not in moot("plan")[1]
    assert json.loads(moot("plan --json")[1])["worst_failure"] is None
    assert moot("what-if --lose lab")[1] == "Everything can still run: nothing runs.\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--lose mars", "there are lab, "),
        ("--lose b", "zone:aws/b, zone:lab/b"),
        ("--load many", "--load x3"),
        ("--load x0", "--load x3"),
        ("--load x1001", "--load x3"),
        ("--price-change lab", "VENUE=+20%"),
        ("--price-change lab=20%", "VENUE=+20%"),
        ("--price-change lab=-101%", "VENUE=+20%"),
        ("--price-change =0.1", "VENUE=+20%"),
        ("--price-change mars=0.1", "there is no venue 'mars'"),
    ],
)
def test_what_is_not_understood(options: str, said: str, moot: Run):
    Path("compose.yaml").write_text(STATELESS)
    code, out, err = moot(f"what-if {options}")
    assert (code, out) == (2, "") and said in err


def test_what_cannot_be_placed_as_things_are_is_refused(moot: Run):
    Path("compose.yaml").write_text(COMPOSE.replace('cpus: "2"', 'cpus: "9"'))
    code, out, err = moot("what-if --lose h1")
    assert (code, out) == (4, "") and "no venue can run component 'web'" in err
