"""x-moot.spot on the command line: where it is allowed, what it saves, and why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str], tuple[int, str, str]]

COMPOSE = """\
name: shop
x-moot:
  spot: allowed
services:
  web:
    image: web
    deploy: {replicas: 2}
  db:
    image: db
    volumes: [data:/data]
volumes: {data: {}}
"""
# The same machine as spot and as other.
VENUES = """\
venues:
  cheap:
    provider: fake
    sla: {replica: 99.9%}
    spot: {interruptions: 1/month, healing: 7.3h}
    offerings: [{name: m, hourly: 0.01, cpu: 8}]
  dear:
    provider: fake
    sla: {replica: 99.9%}
    offerings: [{name: m, hourly: 0.03, cpu: 8}]
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""


def edit(old: str, new: str, file: str = "compose.yaml") -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_the_plan_says_what_is_on_spot_and_what_of_the_cost_that_is(moot: Run):
    code, out, _ = moot("plan")
    assert code == 0
    assert "  web  2 containers on cheap/m as spot, 0.01 EUR/hour" in out
    assert "  db   1 container on dear/m, 0.03 EUR/hour" in out
    assert "about 36.50 EUR/month, 14.60 of it spot; " in out
    assert "  web  14.60 EUR/month, 14.60 of it spot\n" in out
    cost = json.loads(moot("plan --json")[1])["cost"]
    assert cost["kinds"] == {
        "machines": {"hourly": "0.03", "monthly": "21.90"},
        "spot": {"hourly": "0.02", "monthly": "14.60"},
        "egress": {"hourly": "0", "monthly": "0.00"},
        "disk": {"hourly": "0", "monthly": "0.00"},
    }
    assert cost["components"][0]["kinds"]["spot"]["monthly"] == "14.60"
    assert cost["components"][1]["kinds"]["spot"]["monthly"] == "0.00"


def test_it_is_counted_in_the_availability(moot: Run):
    found = json.loads(moot("plan --json")[1])["availability"]
    components = {each["component"]: each["most"] for each in found["components"]}
    each = 0.999 * (1 - 12 * 7.3 / 8760)
    assert components == {
        "web": pytest.approx(1 - (1 - each) ** 2),
        "db": pytest.approx(0.999),
    }


def test_why_says_that_it_is_spot_and_why_not_there(moot: Run):
    assert "shop/web/0 belongs on cheap/m as a container, as spot, " in moot("why web")[1]
    held = "is spot, where data is only if its own service says `x-moot: {spot: allowed}`"
    assert f"  cheap/m: {held}\n" in moot("why db")[1]
    edit("spot: allowed", "spot: never")
    out = moot("why web --not dear")[1]
    assert "  cheap/m: is spot, which x-moot.spot does not allow\n" in out
    edit("spot: never", "spot: only")
    assert "  dear/m: is not spot, and x-moot.spot is only\n" in moot("why web")[1]


def test_data_is_there_where_its_own_service_says_so(moot: Run):
    edit("    volumes:", "    x-moot: {spot: allowed}\n    volumes:")
    assert "  db   1 container on cheap/m as spot, 0.01 EUR/hour" in moot("plan")[1]


def test_a_refusal_says_that_it_would_help_to_allow_it(moot: Run):
    edit("spot: allowed", "spot: never\n  budget: 0.05 EUR/hour")
    code, _, err = moot("plan")
    assert code == 4
    assert "`x-moot.spot: never` (" in err and "compose.yaml:3)" in err
    assert "with `x-moot.spot: allowed`: 36.50 EUR/month" in err
    edit("    deploy: {replicas: 2}", "    x-moot: {spot: only}\n    deploy: {replicas: 2}")
    edit("  cheap:\n    provider: fake\n", "  cheap:\n    provider: fake\n    silent: true\n",
         "venues.yaml")  # fmt: skip
    code, _, err = moot("plan")
    assert code == 4
    assert "dear/m: is not spot, and x-moot.spot is only" in err
    assert (
        "without `x-moot.budget: 0.05 EUR/hour` and with `services.web.x-moot.spot: allowed`" in err
    )
    edit("\n  budget: 0.05 EUR/hour", "")
    assert "    with `services.web.x-moot.spot: allowed`: 65.70 EUR/month" in moot("plan")[2]


@pytest.mark.parametrize("stated", ["allowed", "only", "never"])
def test_data_is_allowed_there_rather_than_given_up(moot: Run, stated: str):
    """Nothing is said of spot by its own service, so it is never."""
    edit("  dear:\n    provider: fake\n", "  dear:\n    provider: fake\n    silent: true\n",
         "venues.yaml")  # fmt: skip
    edit("spot: allowed", f"spot: {stated}")
    edit("    deploy: {replicas: 2}", "    x-moot: {spot: allowed}")
    code, _, err = moot("plan")
    assert code == 4
    assert "    with `services.db.x-moot.spot: allowed`: 14.60 EUR/month" in err
    assert "without" not in err
    (error,) = json.loads(moot("plan --json")[1])["errors"]
    assert [p["promise"] for p in error["conflict"]["promises"]] == [
        "services.db.x-moot.spot: never"
    ]
    edit("    volumes:", "    x-moot: {spot: allowed}\n    volumes:")
    assert moot("plan")[0] == 0


def test_a_word_that_it_does_not_know_is_told_where_it_stands(moot: Run):
    edit("spot: allowed", "spot: maybe")
    code, _, err = moot("plan")
    assert code == 2
    assert "compose.yaml:3:9" in err and "never, allowed, only" in err


def test_a_venue_that_states_half_of_it_is_told_where_it_stands(moot: Run):
    edit(", healing: 7.3h", "", "venues.yaml")
    code, _, err = moot("plan")
    assert code == 2
    assert "the spot of venue 'cheap' cannot be used" in err
    assert "it does not state healing" in err and "venues.yaml:5:11" in err


def test_what_if_it_were_lost(moot: Run):
    code, out, _ = moot("what-if --lose cheap")
    assert code == 0
    assert "web" in out and "dear/m" in out


def test_a_promised_availability_keeps_replicas_off_spot(moot: Run):
    """One replica there is up 98.9 % of the time."""
    edit("replicas: 2", "replicas: 1")
    assert "  web  1 container on cheap/m as spot" in moot("plan")[1]
    edit("spot: allowed", "spot: allowed\n  availability: 99.7%")
    code, out, _ = moot("plan")
    assert code == 0 and "  web  1 container on dear/m, " in out
    assert "because: x-moot.availability wants 99.7 %" in moot("why web")[1]
    edit("spot: allowed", "spot: only")
    code, _, err = moot("plan")
    assert code == 4
    assert "with `x-moot.spot: allowed`: 43.80 EUR/month" in err
