"""x-moot.disk on the command line: what it costs is in the plan, the budget, `why` and what-if."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str], tuple[int, str, str]]

SHOP = """\
name: shop
x-moot: {budget: 60 EUR/month}
services:
  db: {image: db, deploy: {replicas: 2}, x-moot: {disk: 100G}}
  web: {image: web}
"""
# Disk is dear where machines are cheap.
VENUES = """\
venues:
  lab:
    provider: fake
    disk: 0.2
    priced: 2026-11-01
    offerings: [{name: m, hourly: 0.01}]
  rack:
    provider: fake
    disk: 0.05
    priced: 2026-11-01
    offerings: [{name: m, hourly: 0.02}]
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""


@pytest.fixture
def moot(told: Run) -> Run:
    Path("venues.yaml").write_text(VENUES)
    Path("compose.yaml").write_text(SHOP)
    return told


def edit(old: str, new: str, file: str = "compose.yaml") -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_the_plan_counts_it_by_kind(moot: Run):
    """Of `db` a replica costs 14.60 and 5.00 on rack, and 7.30 and 20.00 on lab."""
    code, out, _ = moot("plan")
    assert code == 0
    assert (
        "Cost: 0.063698 EUR/hour, about 46.50 EUR/month, 10.00 of it disk; no placement costs "
        "less; the budget is 60 EUR/month; prices of 2026-11-01\n"
        "  db   39.20 EUR/month, 10.00 of it disk\n"
        "  web  7.30 EUR/month\n"
    ) in out
    cost = json.loads(moot("plan --json")[1])["cost"]
    assert cost["kinds"]["disk"] == {"hourly": "0.013698", "monthly": "10.00"}
    assert cost["kinds"]["machines"] == {"hourly": "0.050000", "monthly": "36.50"}
    assert cost["components"][0]["kinds"]["disk"]["monthly"] == "10.00"
    assert cost["components"][1]["kinds"]["disk"]["monthly"] == "0.00"


def test_why_tells_what_is_paid_for_it_and_that_it_is_the_reason(moot: Run):
    edit(", deploy: {replicas: 2}", "")
    code, out, _ = moot("why db")
    assert code == 0
    assert "shop/db/0 belongs on rack/m as a container, 0.02 EUR/hour (2026-11-01)" in out
    assert "  because: it is the cheapest place that can take it, with its disk\n" in out
    assert "  disk: 5.00 EUR/month for what db asks for on rack\n" in out
    assert "  lab/m at 0.01 EUR/hour (2026-11-01), 0.010548 EUR/hour more\n" in out
    edit("image: db,", "image: db, deploy: {replicas: 2},")
    out = moot("why db/0")[1]
    assert "without rack: 2 on lab/m, at 54.60 EUR/month (2026-11-01), 15.40 more\n" in out
    answer = json.loads(moot("why db/0 --json")[1])
    assert answer["disk"] == [{"on": "rack", "monthly": "10.00", "currency": "EUR"}]
    assert json.loads(moot("why web --json")[1])["disk"] == []


def test_a_budget_is_refused_for_it_with_what_would_be_enough(moot: Run):
    edit("60 EUR", "40 EUR")
    code, _, err = moot("plan")
    assert code == 4
    assert "x-moot.budget allows 40 EUR/month, this placement costs 46.50 EUR/month" in err
    assert "db: 39.20 EUR/month for 2 on rack, 10.00 of it disk" in err
    assert "    `services.db.x-moot.disk: 100G` (" in err
    assert "    with `services.db.x-moot.disk: 44800M`: 39.40 EUR/month\n" in err
    assert "    with `x-moot.budget: 46.50 EUR/month`" in err
    edit("100G", "44800M")
    assert moot("plan")[0] == 0


def test_the_difference_is_to_what_was_paid_then(moot: Run):
    assert moot("up")[0] == 0
    edit("100G", "110G")
    assert "47.50 EUR/month, 11.00 of it disk, 1.00 more than now" in moot("plan")[1]
    edit("disk: 0.05", "disk: 0.1", "venues.yaml")
    out = moot("plan")[1]
    assert "58.50 EUR/month, 22.00 of it disk, 12.00 more than now" in out
    assert "  db   51.20 EUR/month, 22.00 of it disk, 12.00 more than now\n" in out


def test_a_load_and_a_change_of_prices_are_of_it_too(moot: Run):
    assert moot("up")[0] == 0

    def disk(line: str) -> str:
        return json.loads(moot(f"what-if {line} --json")[1])["cost"]["kinds"]["disk"]["monthly"]

    assert disk("--load x2") == "20.00"
    assert disk("--price-change rack=+20%") == "12.00"
    assert disk("--price-change rack=0.04") == "40.00"  # it goes to lab then


@pytest.mark.parametrize("size", ["much", "-1G", "2P", "true"])
def test_what_is_no_size_of_a_disk_is_refused_where_it_stands(moot: Run, size: str):
    edit("100G", size)
    code, _, err = moot("plan")
    assert code == 2
    assert "compose.yaml:4:" in err
    assert "disk" in err


def test_what_is_no_price_of_disk_is_told_where_it_stands(moot: Run):
    edit("disk: 0.05", "disk: 9 EUR", "venues.yaml")
    code, _, err = moot("plan")
    assert code == 2
    assert "the disk of venue 'rack' cannot be used" in err
    assert "write what a GiB of disk costs a month: `disk: 0.08`" in err


def test_where_there_is_too_little_disk_is_told(moot: Run):
    edit("100G", "1P")
    code, _, err = moot("plan")
    assert code == 4
    assert "has 1000000000 MiB of disk, it needs 1073741824" in err
