"""`moot compare`: what it prints of the market that is shipped, and what it says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VENUES = """\
venues:
  attic:
    provider: fake
    priced: 2026-11-01
    offerings: [{name: desk, cpu: 8, memory_mib: 65536, hourly: 0.01, traits: [eu]}]
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
SHOP = """\
name: shop
x-moot: {residency: [eu], budget: %s}
services:
  web:
    image: nginx
    ports: ["80"]
    deploy: {replicas: 3, resources: {reservations: {cpus: "0.5", memory: 512M}}}
  db:
    image: postgres
    platform: linux/amd64
    volumes: [data:/data]
    deploy: {resources: {reservations: {cpus: "2", memory: 8G}}}
  cache: {image: redis}
volumes: {data: {}}
"""
COMPOSE = SHOP % "100 USD/month"

Run = Callable[[str], tuple[int, str, str]]


def answered(moot: Run, line: str = "") -> dict[str, Any]:
    code, out, _ = moot(f"compare --json {line}")
    assert code in (0, 1)
    return json.loads(out)


def test_a_line_for_each_vendor_and_one_for_what_is_there(moot: Run):
    code, out, err = moot("compare")
    header, *rows, choice, own = out.splitlines()
    assert code == 0
    assert header.split() == [
        *("ON", "REGION", "MACHINES", "PER", "HOUR", "PER", "MONTH", "PRICED", "GAP", "UP", "WHY")
    ]
    assert [row.split("  ")[0] for row in rows] == [
        *("aws", "azure", "gcp", "aws + azure", "aws + gcp", "azure + gcp", "your venues")
    ]
    assert all("no cheaper than one of them alone" in row for row in rows[3:6])
    assert all("x " in row and " none" in row and " USD" in row for row in rows[:3])
    assert "2025-03-02" in rows[0] and "2020-08-30" in rows[1] and "2020-06-30" in rows[2]
    assert "above the budget of 100 USD/month" in rows[1]
    assert choice.startswith("Free choice: gcp europe-west1, ") and choice.endswith(" USD/month")
    assert own == "Free choice: your venues, 36.50 EUR/month"
    for said in (
        "an estimate",
        "cache",
        "arm64 machines: ",
        "--burstable",
        "exchange",
        "2020-06-30 to",
    ):
        assert said in err, said


def test_what_runs_already(moot: Run):
    Path("compose.yaml").write_text(SHOP % "90 EUR/month")
    assert moot("up")[0] == 0
    now = "Now, by the record: 36.50 EUR/month, at prices of 2026-11-01"
    assert now in moot("compare")[1].splitlines()
    assert answered(moot)["now"] == {
        "hourly": "0.05",
        "monthly": "36.50",
        "currency": "EUR",
        "priced": "2026-11-01",
    }


def test_of_one_currency_the_cheapest_is_chosen(moot: Run):
    """A price of one's own may be in the currency of the market."""
    Path("compose.yaml").write_text(
        "name: shop\nservices: {web: {x-moot: {process: {command: sleep 9}}}}\n"
    )
    for price, chosen in (("0.000001", "your venues, 0.00"), ("9", "aws ")):
        venue = f"{{provider: host, local: true, price: {price}, currency: USD}}"
        Path("venues.yaml").write_text(f"venues: {{desk: {venue}}}\n")
        _, out, err = moot("--venue desk compare --vendor aws")
        assert f"Free choice: {chosen}" in out and out.count("Free choice") == 1
        assert "rate of exchange" not in err


def test_a_venue_without_a_price_is_no_choice(moot: Run):
    Path("venues.yaml").write_text(VENUES.replace("0.01", "0"))
    _, out, _ = moot("compare")
    assert "no price is known of attic" in out
    assert "Free choice: gcp" in out
    assert answered(moot)["own"]["unpriced"] == ["attic"]


def test_what_is_bought_holds_every_replica(moot: Run):
    (aws,) = answered(moot, "--vendor aws")["estimates"]
    machines = [machine for site in aws["sites"] for machine in site["machines"]]
    replicas: dict[str, int] = {}
    for machine in machines:
        for name, count in machine["replicas"].items():
            replicas[name] = replicas.get(name, 0) + count * machine["count"]
    assert replicas == {"web": 3, "db": 1, "cache": 1}
    hourly = sum(float(machine["hourly"]) * machine["count"] for machine in machines)
    assert hourly == pytest.approx(float(aws["hourly"]))
    assert (aws["gap"], aws["hourly"]) == (0, aws["least_hourly"])


def test_a_pair_where_two_vendors_are_wanted(moot: Run):
    Path("compose.yaml").write_text(
        (SHOP % "9 USD/day, spread: {vendor: 2}").replace("    volumes: [data:/data]\n", "")
    )
    code, out, err = moot("compare")
    rows = [line.split("  ")[0] for line in out.splitlines()[1:]]
    assert code == 0
    assert rows[:6] == ["aws", "azure", "gcp", "aws + azure", "aws + gcp", "azure + gcp"]
    assert out.count("x-moot.spread wants 2 vendors") == 3
    assert "no two vendors together" not in err


def test_burstable_types_are_asked_for(moot: Run):
    one, other = (answered(moot, f"--vendor aws {flag}") for flag in ("", "--burstable"))
    assert not any("t4g" in json.dumps(found) for found in one["estimates"])
    assert float(other["estimates"][0]["hourly"]) < float(one["estimates"][0]["hourly"])


def test_regions(moot: Run):
    found = answered(moot, "--vendor aws --region eu-* --top 4")["estimates"]
    regions = [one["sites"][0]["region"] for one in found]
    assert len(set(regions)) == 4 and not {"eu-west-2", "eu-central-2"} & set(regions)
    assert [float(one["hourly"]) for one in found] == sorted(float(one["hourly"]) for one in found)


def test_no_purchase_is_listed_twice(moot: Run):
    Path("compose.yaml").write_text(SHOP % "9 USD/day, spread: {region: 2}")
    found = answered(moot, "--vendor aws --top 4 --rounds 5")["estimates"]
    where = [frozenset(site["region"] for site in one["sites"]) for one in found]
    assert [len(regions) for regions in set(where)] == [2] * 4
    assert [float(one["hourly"]) for one in found] == sorted(float(one["hourly"]) for one in found)


def test_zones_that_are_not_known(moot: Run):
    Path("compose.yaml").write_text(
        (SHOP % "9 USD/day, spread: {zone: 2}").replace("    volumes: [data:/data]\n", "")
    )
    _, out, err = moot("compare")
    assert "the zones of azure, gcp are not known" in err
    aws = next(line for line in out.splitlines() if line.startswith("aws"))
    assert re.search(r"eu-[a-z]+-\d \(([a-c]), (?!\1)[a-c]\)", aws)


def test_nobody_can(moot: Run):
    code, out, err = moot("compare --vendor azure --region us*")
    assert code == 1
    told = "--region leaves no region of azure that is known to be eu"
    assert told in out and "Free choice: your venues" in out
    assert "an estimate" not in err
    assert answered(moot, "--vendor azure --region us*")["estimates"] == [
        {"vendors": ["azure"], "own": False, "reason": told}
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--vendor mars", "name one of: aws, azure, gcp"),
        ("--top many", "--top 1"),
        ("--top 0", "--top 1"),
        ("--rounds -1", "--rounds 200"),
    ],
)
def test_what_is_not_understood(options: str, said: str, moot: Run):
    code, out, err = moot(f"compare {options}")
    assert (code, out) == (2, "") and said in err


def test_spot_is_bought_where_it_is_allowed(moot: Run):
    """The prices of spot that come with moot are those of azure and gcp."""
    lasting = answered(moot, "--vendor azure")["estimates"][0]
    assert not any(m["spot"] for site in lasting["sites"] for m in site["machines"])
    Path("compose.yaml").write_text(SHOP % "100 USD/month, spot: allowed")
    found = answered(moot)
    assert found["no_spot"] == ["aws"]
    azure = found["estimates"][1]
    machines = [machine for site in azure["sites"] for machine in site["machines"]]
    assert [m["spot"] for m in machines if "db" in m["replicas"]] == [False]
    assert any(m["spot"] for m in machines) and not any("spot" in m["type"] for m in machines)
    assert float(azure["hourly"]) < float(lasting["hourly"])
    _, out, err = moot("compare")
    assert re.search(r"\d x Standard_\w+ spot", out)
    assert "the prices of spot of aws are not known" in err
    assert "spot may be taken back, and its prices change" in err
