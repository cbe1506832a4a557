"""What `plan` and `up` say of promises that cannot be kept together, with lines and prices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str], tuple[int, str, str]]

SHOP = """\
name: shop
x-moot:
  venues:
    - lab
  spread:
    host: 2
    zone: 3
  budget: 200 EUR/month
services:
  web:
    image: web
    deploy:
      replicas: 3
      resources:
        reservations:
          cpus: "1"
"""
RESERVED = "services.web.deploy.resources.reservations"


@pytest.fixture
def moot(told: Run) -> Run:
    """A pool of two zones that the App allows, one of three and a broken venue that it does not."""
    pools = {"lab": {"a": 0.02, "b": 0.02}, "rack": {"a": 0.05, "b": 0.07, "c": 0.09}}
    venues = {
        name: {
            "provider": "fake",
            "priced": "2026-11-01",
            "hosts": [
                {
                    "host": f"{name}-{zone}",
                    "offerings": [{"name": "m", "hourly": hourly, "zone": zone, "cpu": 4}],
                }
                for zone, hourly in zones.items()
            ],
        }
        for name, zones in pools.items()
    }
    silent = {name: {"provider": "fake", "silent": True} for name in ("laptop", "docker")}
    wrong = {"wrong": {"provider": "fake", "speed": 9}}
    Path("venues.yaml").write_text(json.dumps({"venues": {**venues, **silent, **wrong}}))
    Path("compose.yaml").write_text(SHOP)
    return told


def edit(old: str, new: str) -> None:
    text = Path("compose.yaml").read_text()
    assert old in text
    Path("compose.yaml").write_text(text.replace(old, new))


def lines(err: str) -> list[str]:
    """Without the folder, which is another one each time."""
    return [line.strip().replace(f"{Path.cwd()}/", "") for line in err.splitlines()]


def test_the_promises_are_named_with_their_lines_and_what_would_help_with_its_price(moot: Run):
    for command in ("plan", "up"):
        code, _, err = moot(command)
        assert code == 4
        said = lines(err)
        at = said.index("these cannot hold together:")
        assert said[at + 1 : at + 9] == [
            "`x-moot.venues: [lab]` (compose.yaml:3)",
            "`x-moot.spread: {zone: 3}` (compose.yaml:7)",
            "`services.web.deploy.replicas: 3` (compose.yaml:13)",
            "what would help, the cheapest first, at prices of 2026-11-01:",
            "with `services.web.deploy.replicas: 2`: 29.20 EUR/month",
            "with `x-moot.spread: {zone: 2}`: 43.80 EUR/month",
            "without `x-moot.venues: [lab]`: 153.30 EUR/month",
            "with `x-moot.venues: [lab, rack]`: 153.30 EUR/month",
        ]


@pytest.mark.parametrize(
    ("old", "new", "monthly"),
    [
        ("replicas: 3", "replicas: 2", "29.20"),
        ("zone: 3", "zone: 2", "43.80"),
        ("- lab", "- lab\n    - rack", "153.30"),
    ],
)
def test_what_is_said_to_help_helps_at_that_price(moot: Run, old: str, new: str, monthly: str):
    edit(old, new)
    code, out, _ = moot("plan --json")
    assert code == 0
    assert json.loads(out)["cost"]["monthly"] == monthly


def test_the_same_as_json_beside_what_was_there(moot: Run):
    code, out, _ = moot("plan --json")
    assert code == 4
    (error,) = json.loads(out)["errors"]
    assert error["summary"] == "no venue can run component 'web'"
    assert "2 of the 3 zones" in error["detail"]
    conflict = error["conflict"]
    assert conflict["promises"][1] == {
        "promise": "x-moot.spread: {zone: 3}",
        "component": None,
        "place": f"{Path.cwd()}/compose.yaml:7:5",
    }
    assert (conflict["components"], conflict["irreducible"]) == (["web"], True)
    assert conflict["relaxations"][0] == {
        "change": "with `services.web.deploy.replicas: 2`",
        "hourly": "0.04",
        "monthly": "29.20",
        "currency": "EUR",
        "more_monthly": None,
        "more_than": None,
        "unpriced": [],
        "priced": "2026-11-01",
    }


def test_the_difference_is_to_what_stands(moot: Run):
    edit("zone: 3", "zone: 2")
    assert moot("up")[0] == 0
    edit("zone: 2", "zone: 3")
    edit("replicas: 3", "replicas: 4")
    said = lines(moot("plan")[2])
    assert "with `x-moot.spread: {zone: 2}`: 58.40 EUR/month, 14.60 more than now" in said
    assert "with `services.web.deploy.replicas: 2`: 29.20 EUR/month, 14.60 less than now" in said


def test_one_promise_is_not_said_twice_but_what_would_help_is(moot: Run):
    edit('cpus: "1"', 'cpus: "12"')
    edit("    zone: 3\n", "")
    code, _, err = moot("plan")
    said = lines(err)
    assert code == 4
    assert "these cannot hold together:" not in said
    assert f"with `{RESERVED}.cpus: 2`: 43.80 EUR/month" in said


def test_a_budget_is_said_with_what_it_would_have_to_be(moot: Run):
    edit("zone: 3", "zone: 2")
    edit("200 EUR", "40 EUR")
    code, _, err = moot("plan")
    said = lines(err)
    assert code == 4
    assert "`x-moot.budget: 40 EUR/month` (compose.yaml:8)" in said
    assert (
        "with `x-moot.budget: 43.80 EUR/month`: 43.80 EUR/month, 3.80 more than it allows" in said
    )


def test_for_an_availability_other_venues_are_tried_as_well(moot: Run):
    venues = json.loads(Path("venues.yaml").read_text())
    venues["venues"]["lab"]["sla"] = {"host": "90%"}
    for host in venues["venues"]["rack"]["hosts"]:
        host["offerings"][0]["hourly"] = 0.01
    Path("venues.yaml").write_text(json.dumps(venues))
    edit("zone: 3", "zone: 2")
    edit("x-moot:\n", "x-moot:\n  availability: 99.9%\n")
    code, _, err = moot("plan")
    said = lines(err)
    assert code == 4
    assert [line for line in said if line.startswith("with")] == [
        "without `x-moot.venues: [lab]`: 21.90 EUR/month",
        "with `x-moot.venues: [lab, rack]`: 21.90 EUR/month",
        "without `x-moot.availability: 99.9%`: 43.80 EUR/month",
    ]


@pytest.mark.parametrize(
    ("replicas", "cpus", "price"),
    [(9, 1, "at least 73.00 EUR/month"), (1, 6, "price unknown")],
)
def test_where_a_price_is_not_known_it_is_said(replicas: int, cpus: int, price: str, moot: Run):
    venues = json.loads(Path("venues.yaml").read_text())
    venues["venues"]["rack"]["hosts"] = [
        {"host": host, "offerings": [{"name": "m", "hourly": hourly, "cpu": cpu}]}
        for host, hourly, cpu in (("r1", 0.02, 5), ("r2", None, 6))
    ]
    Path("venues.yaml").write_text(json.dumps(venues))
    edit("  spread:\n    host: 2\n    zone: 3\n", "")
    edit("replicas: 3", f"replicas: {replicas}")
    edit('cpus: "1"', f'cpus: "{cpus}"')
    assert f"with `x-moot.venues: [lab, rack]`: {price}" in lines(moot("plan")[2])
    (error,) = json.loads(moot("plan --json")[1])["errors"]
    (option,) = (r for r in error["conflict"]["relaxations"] if "rack" in r["change"])
    assert (option["unpriced"], option["more_monthly"]) == (["rack"], None)


def test_venues_of_the_run_that_the_app_does_not_allow(moot: Run):
    for command in ("plan", "up", "what-if", "why web"):
        code, out, err = moot(f"{command} --venue rack")
        assert (code, out) == (2, "")
        assert lines(err) == [
            "error: none of --venue is among the App's venues",
            "compose.yaml:3:3",
            "--venue names rack; x-moot.venues allows lab",
            "leave --venue out, or name a venue with it that x-moot.venues allows",
        ]


def test_a_refusal_for_another_reason_has_no_conflict(moot: Run):
    edit("zone: 3", "zone: 2")
    edit("image: web", 'image: web\n    ports: ["80:80"]\n  other: {image: x, ports: ["80:80"]}')
    code, out, _ = moot("plan --json")
    assert code in (2, 4)
    assert all("conflict" not in error for error in json.loads(out)["errors"])
