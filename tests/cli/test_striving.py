"""Promises of the whole App for which it is placed wider: what `plan`, `up` and `why` say of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str], tuple[int, str, str]]

ZONES = {"h1": ("a", 0.01), "h2": ("a", 0.01), "h3": ("b", 0.05)}


@pytest.fixture
def moot(told: Run) -> Run:
    """Two cheap machines in a zone, and a dear one in another."""
    machines = [
        {"host": host, "offerings": [{"name": "m", "cpu": 4, "hourly": hourly, "zone": zone}]}
        for host, (zone, hourly) in ZONES.items()
    ]
    lab = {"provider": "fake", "sla": {"zone": "99%"}, "hosts": machines}
    silent = {name: {"provider": "fake", "silent": True} for name in ("laptop", "docker")}
    Path("venues.yaml").write_text(json.dumps({"venues": {"lab": lab, **silent}}))
    return told


def declare(replicas: int = 2, **promises: object) -> None:
    needs = {"resources": {"reservations": {"cpus": "1"}}}
    web = {"image": "web", "deploy": {"replicas": replicas, **needs}}
    Path("compose.yaml").write_text(
        json.dumps({"name": "shop", "x-moot": promises, "services": {"web": web}})
    )


def placed(out: str) -> set[str]:
    """On which machines the replicas are, by the plan that makes them."""
    changes = json.loads(out)["changes"]
    return {c["venue"] for c in changes if "/web/" in c["address"] and c["verb"] == "create"}


def test_an_app_is_placed_as_wide_as_it_promises(moot: Run):
    declare()
    assert placed(moot("plan --json")[1]) == {"lab:h1", "lab:h2"}
    declare(availability="99.95%")
    assert placed(moot("plan --json")[1]) == {"lab:h1", "lab:h3"}
    code, out, _ = moot("plan")
    assert code == 0
    assert "promised 99.95 %, this placement gives 99.99 % (SLA-implied)" in out


def test_once_it_is_so_it_stays_and_says_why(moot: Run):
    declare(availability="99.95%")
    assert moot("up")[0] == 0
    assert json.loads(moot("plan --json")[1])["changes"] == []
    code, out, _ = moot("why web/1")
    assert code == 0
    assert "because: x-moot.availability wants 99.95 %: spread over 2 zones" in out
    assert "lab:h1/m: the App would be up 99 % there, and x-moot.availability wants 99.95 %" in out
    assert json.loads(moot("why web/1 --json")[1])["reason"].endswith("spread over 2 zones")


def test_it_is_said_where_it_is_for_something_else(moot: Run):
    declare(availability="98%")
    assert "because: no other place is cheaper" in moot("why web/1")[1]


def test_a_lost_machine_is_made_good_in_another_zone_only_if_there_is_one(moot: Run):
    declare(availability="99.95%")
    assert moot("up")[0] == 0
    _, out, _ = moot("what-if --lose h1 --json")
    answer = json.loads(out)
    assert [fate["target"]["venue"] for fate in answer["fates"]] == ["lab:h2"]
    assert answer["availability"]["least"] == pytest.approx(0.9999)
    answer = json.loads(moot("what-if --lose h3 --json")[1])
    assert [fate["target"]["venue"] for fate in answer["fates"]] == ["lab:h2"]
    assert answer["availability"]["least"] == pytest.approx(0.99)


def test_what_cannot_be_kept_is_refused_with_what_would_help(moot: Run):
    declare(availability="99.95%", venues=["lab:h1", "lab:h2"])
    code, _, err = moot("plan")
    assert code == 4
    assert "promises 99.95 %, the best placement that was found gives 99 %" in err
    assert "`x-moot.availability: 99.95%`" in err
    assert "with `x-moot.venues: [lab:h1, lab:h2, lab]`: 43.80 EUR/month" in err
    declare(availability="99.95%", budget="20 EUR/month")
    code, _, err = moot("plan")
    assert code == 4
    assert "x-moot.budget allows 20 EUR/month, this placement costs 43.80 EUR/month" in err
    assert "with `x-moot.budget: 43.80 EUR/month`: 43.80 EUR/month" in err


def test_headroom_is_left_and_said(moot: Run):
    declare(9, headroom="host", venues=["lab"])
    code, _, err = moot("plan")
    assert code == 4
    assert "x-moot.headroom: host cannot be kept: the loss of lab:h" in err
    assert "of web without room: 1 CPU is lacking" in err
    assert "with `services.web.deploy.replicas: 8`" in err
    declare(8, headroom="host", venues=["lab"])
    code, out, _ = moot("plan")
    assert code == 0
    said = (
        "Headroom: after the loss of any one machine everything that ran there has room elsewhere"
    )
    assert said in out
    assert json.loads(moot("plan --json")[1])["headroom"] == {
        "level": "host", "kept": True, "shortfalls": [], "waits": [], "unchecked": 0,
        "relies": None,
    }  # fmt: skip
    declare(8)
    assert json.loads(moot("plan --json")[1])["headroom"] is None
    assert "Headroom" not in moot("plan")[1]


def test_what_lacks_a_zone_would_do_with_a_machine(moot: Run):
    declare(6, headroom="zone", venues=["lab"])
    code, out, _ = moot("plan --json")
    (error,) = json.loads(out)["errors"]
    assert code == 4
    assert {p["promise"] for p in error["conflict"]["promises"]} >= {"x-moot.headroom: zone"}
    changes = [option["change"] for option in error["conflict"]["relaxations"]]
    assert "with `x-moot.headroom: host`" in changes
    assert "with `services.web.deploy.replicas: 4`" in changes


def test_too_little_headroom_is_a_warning_while_a_machine_is_silent(moot: Run):
    declare(8, headroom="host", venues=["lab"])
    assert moot("up")[0] == 0
    venues = json.loads(Path("venues.yaml").read_text())
    venues["venues"]["lab"]["hosts"][0]["silent"] = True
    Path("venues.yaml").write_text(json.dumps(venues))
    code, out, err = moot("plan")
    assert code == 0
    assert "warning: x-moot.headroom: host is not kept: the loss of lab:h" in err
    assert "Headroom" not in out


def test_why_says_what_is_left_free(moot: Run):
    """Of what is lost of the pool the rest of the pool could not take its half."""
    rooms = {"lab": {"h1": (4, 0.01), "h2": (2, 0.01)}, "rack": {"r1": (6, 0.05)}}
    venues = {
        name: {
            "provider": "fake",
            "hosts": [
                {"host": host, "offerings": [{"name": "m", "cpu": cpu, "hourly": hourly}]}
                for host, (cpu, hourly) in hosts.items()
            ],
        }
        for name, hosts in rooms.items()
    }
    Path("venues.yaml").write_text(json.dumps({"venues": venues}))
    declare(4, headroom="host", venues=["lab", "rack"])
    assert moot("up")[0] == 0
    code, out, _ = moot("why web/0")
    assert code == 0
    assert "shop/web/0 belongs on lab:h1/m" in out
    wants = "because: x-moot.headroom wants room for the loss of any host: lab:h2 is left free"
    assert wants in out
    lacks = "then the loss of lab:h1 leaves 2 replicas of web without room: 2 CPUs are lacking"
    assert f"  lab:h2/m: {lacks}, and x-moot.headroom is host" in out
    declare(4, venues=["lab", "rack"])
    assert "headroom" not in moot("why web/0")[1]


def test_a_headroom_that_is_none(moot: Run):
    declare(headroom="rack")
    code, _, err = moot("plan")
    assert code == 2
    assert "headroom" in err and "host" in err
