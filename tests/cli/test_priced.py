"""Every price has its day: the one that a venue states, or else the day on which it was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from moot.model.venue import Offering

Run = Callable[[str], tuple[int, str, str]]

# A pool with two days, a venue that states none, and one that costs nothing.
VENUES = """\
venues:
  lab:
    provider: fake
    priced: 2026-11-01
    hosts:
      - {host: h1, world: h1.world, offerings: [{name: room, cpu: 4, hourly: 0.01}]}
      - {host: h2, world: h2.world, priced: '2026-10-01',
         offerings: [{name: room, cpu: 4, hourly: 0.01}]}
  cloud: {provider: fake, offerings: [{name: vm, cpu: 90, hourly: 1}]}
  attic: {provider: fake, priced: 2026-01-01, offerings: [{name: desk, cpu: 1}]}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
SHOP = """\
name: shop
x-moot: {venues: [%s]}
services:
  web:
    image: web
    deploy: {replicas: 2, resources: {reservations: {cpus: "3"}}}
"""
COMPOSE = SHOP % "lab"
DAY = re.compile(r"20\d\d-\d\d-\d\d")


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def test_offerings_have_the_day_that_is_stated_or_that_of_today(moot: Run):
    before = today()
    found = json.loads(moot("offerings --configured --json")[1])["offerings"]
    days = {quote["venue"]: quote["priced"] for quote in found}
    assert days.pop("cloud") in {before, today()}
    assert days == {"lab:h1": "2026-11-01", "lab:h2": "2026-10-01", "attic": "2026-01-01"}


def test_of_a_plan_the_oldest_counts(moot: Run):
    plan = moot("plan")[1]
    assert "; prices of 2026-10-01" in plan
    assert "on lab:h1/room, 0.01 EUR/hour (2026-11-01)\n" in plan
    assert "on lab:h2/room, 0.01 EUR/hour (2026-10-01)\n" in plan
    assert json.loads(moot("plan --json")[1])["cost"]["priced"] == "2026-10-01"
    Path("compose.yaml").write_text(SHOP % "attic, lab:h1")
    assert json.loads(moot("plan --json")[1])["errors"]


def test_of_what_ends_it_is_the_day_of_then(moot: Run):
    Path("venues.yaml").write_text(VENUES.replace("'2026-10-01'", "2026-11-01"))
    assert moot("up")[0] == 0
    out = moot("what-if --lose lab:h1 --lose lab:h2")[1]
    assert "Cost: nothing, 14.60 less than now; prices of 2026-11-01\n" in out
    plan = moot("plan")[1]
    assert "; prices of 2026-11-01" in plan and "EUR/hour (" not in plan


def test_what_costs_nothing_has_no_day(moot: Run):
    Path("compose.yaml").write_text((SHOP % "attic").replace('"3"', '"0.5"'))
    code, out, _ = moot("plan --json")
    assert code == 0 and json.loads(out)["cost"]["priced"] is None
    assert "prices of" not in moot("plan")[1]


def test_the_record_keeps_the_day_of_then_and_its_place_stays(moot: Run):
    assert moot("up")[0] == 0
    newer = VENUES.replace("2026-11-01", "2026-11-20").replace("2026-10-01", "2026-11-20")
    Path("venues.yaml").write_text(newer)
    code, out, _ = moot("plan --json")
    answer = json.loads(out)
    assert code == 0 and answer["changes"] == []
    assert answer["cost"]["priced"] == "2026-11-20"
    assert answer["cost"]["before"]["priced"] == "2026-10-01"


def test_of_another_day_it_is_the_same_room():
    """Or all that stands would be compared anew every day."""
    room = Offering(venue="lab", name="room", cpu=1, memory_mib=1, priced="2026-11-01")
    assert replace(room, priced="2026-11-02") == room


@pytest.mark.parametrize("command", ["plan", "why web", "compare", "what-if", "why web --not lab"])
def test_where_a_price_is_a_day_is(command: str, moot: Run):
    _, out, err = moot(command)
    assert ("/hour" in out + err or "/month" in out + err or "per hour" in (out + err).lower()) <= (
        DAY.search(out) is not None
    )


@pytest.mark.parametrize("odd", ["yesterday", "'2026-13-01'", "[2026-11-01]", "20", "true"])
def test_what_is_no_day_is_told_at_its_line(odd: str, moot: Run):
    Path("venues.yaml").write_text(VENUES.replace("priced: 2026-11-01", f"priced: {odd}"))
    code, _, err = moot("plan")
    assert code == 2
    assert "the priced of venue 'lab' cannot be used" in err and "venues.yaml:4:" in err
    assert "no day such as 2026-11-01" in err and "`priced: 2026-11-01`" in err
