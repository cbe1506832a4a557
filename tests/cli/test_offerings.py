"""`moot offerings`: what it prints, and what it says of what it does not understand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VENUES = """\
venues:
  attic:
    provider: fake
    offerings: [{name: desk, cpu: 8, memory_mib: 16384, hourly: 0.01, region: home}]
  lab: {provider: fake, hosts: [h1, h2], offerings: [{name: rack, cpu: 2, memory_mib: 2048}]}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""

Run = Callable[[str], tuple[int, str, str]]


def listed(moot: Run, line: str) -> dict[str, Any]:
    code, out, _ = moot(f"offerings --json {line}")
    assert code == 0
    return json.loads(out)


def test_venues_and_market_in_one_table(moot: Run):
    code, out, err = moot("offerings --cpu 2 --memory 2G --arch arm64 --limit 2")
    header, *lines = out.splitlines()
    assert code == 0 and len(lines) == 2
    assert header.split() == [
        *("VENDOR", "REGION", "ZONES", "TYPE", "CPU", "GIB", "ARCH"),
        *("PER", "HOUR", "PRICED", "STANDING"),
    ]
    assert all("arm64" in line and "2025-03-02  not configured" in line for line in lines)
    assert "2 of " in err and "--limit all" in err and "snapshot" in err


def test_only_what_is_configured(moot: Run):
    code, out, err = moot("offerings --configured")
    assert code == 0
    rows = [line.split() for line in out.splitlines()[1:]]
    assert [(row[1], row[-1]) for row in rows] == [
        *(("lab:h1", "offered"), ("lab:h2", "offered"), ("attic", "offered"))
    ]
    assert "docker offers nothing now: " in err and "laptop offers nothing now: " in err


@pytest.mark.parametrize(
    ("line", "venues"),
    [
        ("lab", ["lab:h1", "lab:h2"]),
        ("lab:h2 attic", ["lab:h2", "attic"]),
        ("--venue attic", ["attic"]),
        ("lab attic --cpu 4", ["attic"]),
        ("--vendor fake --region h*", ["attic"]),
    ],
)
def test_some_venues(line: str, venues: list[str], moot: Run):
    assert [entry["venue"] for entry in listed(moot, line)["offerings"]] == venues


def test_json_has_everything(moot: Run):
    answer = listed(moot, "--type g5.xlarge --region us-east-1 --vendor aws")
    assert answer["total"] == 1 and answer["stale"] == []
    entry = answer["offerings"][0]
    assert entry.pop("zones")
    assert entry == {
        "vendor": "aws",
        "venue": "",
        "standing": "not configured",
        "region": "us-east-1",
        "type": "g5.xlarge",
        "cpu": 4,
        "memory_mib": 16384,
        "arch": "amd64",
        "gpus": 1.0,
        "gpu": "A10G",
        "hourly": "1.006",
        "spot": None,
        "currency": "USD",
        "priced": "2025-03-02",
        "own_cpu": None,
        "own_memory_mib": None,
        "interruptions": None,
        "spot_priced": "",
    }
    assert {vendor["vendor"]: vendor["priced"] for vendor in answer["market"]} == {
        "aws": "2025-03-02",
        "azure": "2020-08-30",
        "gcp": "2020-06-30",
    }


def test_spot_of_venues_and_market(moot: Run):
    """The price of a venue that is spot is that of spot."""
    spot = "\n    spot: {interruptions: 5%/month, healing: 1m}\n    provider: fake\n    offerings"
    Path("venues.yaml").write_text(VENUES.replace("\n    provider: fake\n    offerings", spot))
    code, out, _ = moot("offerings --spot --type desk --type Standard_D64_v3 --limit 2")
    header, desk, other = out.splitlines()
    assert code == 0 and " SPOT " in header and " INTERRUPTED " in header
    assert "  0.01 EUR " in desk and "  5 %/month  " in desk and desk.startswith("fake")
    assert other.startswith("azure") and "%/month" not in other
    answer = listed(moot, "--spot --limit 40")["offerings"]
    assert [float(entry["spot"]) for entry in answer] == sorted(float(e["spot"]) for e in answer)
    assert {entry["vendor"] for entry in listed(moot, "--spot --limit all")["offerings"]} == {
        *("fake", "azure", "gcp")
    }
    desk = listed(moot, "--spot attic lab")["offerings"]
    assert [(e["venue"], e["hourly"], e["spot"], e["interruptions"]) for e in desk] == [
        ("attic", "0.01", "0.01", 0.05)
    ]
    by_price = listed(moot, "--spot --sort price --limit 40")["offerings"]
    assert [float(e["hourly"]) for e in by_price] == sorted(float(e["hourly"]) for e in by_price)


def test_silent_venues_are_stale(moot: Run):
    stale = listed(moot, "--configured")["stale"]
    assert {entry["venue"] for entry in stale} == {"docker", "laptop"}
    assert all(entry["reason"] for entry in stale)
    assert all(abs(entry["since"] - time.time()) < 3600 for entry in stale)  # now, by any clock


def test_nothing_like_that(moot: Run):
    code, out, err = moot("offerings attic --cpu 1000")
    assert (code, out) == (0, "") and "nothing is like that" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--cpu many", "--cpu 4"),
        ("--cpu nan", "--cpu 4"),
        ("--cpu -1", "--cpu 4"),
        ("--memory 8X", "--memory 8G"),
        ("--sort beauty", "per-cpu"),
        ("--limit few", "all"),
        ("--limit 0", "all"),
        ("nowhere", "there is no venue 'nowhere'"),
    ],
)
def test_what_is_not_understood(options: str, said: str, moot: Run):
    code, out, err = moot(f"offerings {options}")
    assert (code, out) == (2, "") and said in err
