"""Control planes on the command line: what a plan says of them, and what their loss leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VENUES = """\
venues:
  aws:
    provider: fake
    priced: 2026-11-01
    sla: {zone: 99.5%, control-plane: 99.9%, failures: 12/year, healing: 90s}
    offerings:
      - {name: a, cpu: 4, hourly: 0.01, region: r1, zone: a, reach: a}
      - {name: b, cpu: 4, hourly: 0.02, region: r1, zone: b, reach: b}
      - {name: c, cpu: 4, hourly: 0.05, region: r2, zone: c, reach: c}
  laptop: {provider: fake, silent: true}
  docker: {provider: fake, silent: true}
"""
STATED = ", control-plane: 99.9%"
# It is on the cheapest zone.
COMPOSE = """\
name: shop
x-moot: {venues: [aws]}
services:
  web:
    x-moot: {process: {command: [web]}}
    deploy: {replicas: 2}
"""
SPREAD = COMPOSE.replace("{venues: [aws]}", "{venues: [aws], spread: {zone: 2}, headroom: zone}")

Run = Callable[[str], tuple[int, str, str]]


def answered(moot: Run, line: str) -> dict[str, Any]:
    return json.loads(moot(f"{line} --json")[1])


def line_of(text: str, head: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(head))


def test_a_plan_says_what_it_needs_to_fail_over(moot: Run):
    assert line_of(moot("plan")[1], "Worst") == (
        "Worst single failure: losing region:r1 stops nothing; 2 replicas move; "
        "web needs control-plane:aws/r2"
    )
    r1, r2 = "control-plane:aws/r1", "control-plane:aws/r2"
    found = answered(moot, "plan")
    assert found["relies"] == [
        {"lost": "region:r1", "components": ["web"], "control_planes": [r2]},
        {"lost": "zone:a", "components": ["web"], "control_planes": [r1, r2]},
    ]
    assert found["worst_failure"]["relies"] == found["relies"][0]
    waits = 12 * 0.001**2 / 2
    assert found["availability"]["least"] == pytest.approx(0.995 - 12 * 90 / 31_536_000 - waits)


def test_or_that_it_needs_none(moot: Run):
    Path("compose.yaml").write_text(COMPOSE.replace("[aws]", "[aws], spread: {region: 2}"))
    assert line_of(moot("plan")[1], "Worst").endswith("; failing over needs no control plane")
    assert answered(moot, "plan")["relies"] == []


def test_nothing_is_said_where_nothing_is_stated(moot: Run):
    Path("venues.yaml").write_text(VENUES.replace(STATED, ""))
    Path("compose.yaml").write_text(SPREAD)
    assert "control" not in moot("plan")[1]
    found = answered(moot, "plan")
    assert found["relies"] is found["headroom"]["relies"] is None
    assert "control" not in moot("what-if --lose mars")[2]


def test_room_that_counts_only_with_it_is_told(moot: Run):
    Path("compose.yaml").write_text(SPREAD)
    assert line_of(moot("plan")[1], "Headroom").endswith(
        "after the loss of zone:a only if control-plane:aws/r2 starts it there"
    )
    assert [each["lost"] for each in answered(moot, "plan")["headroom"]["relies"]] == [
        "zone:a",
        "zone:b",
    ]


def test_every_single_failure_says_what_it_needs(moot: Run):
    rows = moot("what-if")[1].splitlines()
    assert [row.split()[0] for row in rows] == ["LOST", "aws", "region:r1", "zone:a"]
    assert rows[3].endswith("web needs control-plane:aws/r1 or control-plane:aws/r2")


def test_it_is_lost_with_a_zone(moot: Run):
    assert moot("up")[0] == 0
    code, out, err = moot("what-if --lose control-plane:r1")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Everything can still run: 2 stay."
    found = answered(moot, "what-if --lose zone:a --lose control-plane:r1")
    assert found["lost"] == ["zone:a", "control-plane:aws/r1"]
    assert [fate["target"]["offering"] for fate in found["fates"]] == ["c"]
    both = "--lose control-plane:r1 --lose control-plane:aws/r2"
    code, out, err = moot(f"what-if --lose zone:a {both}")
    assert code == 1
    assert "aws/b: lacks its control plane, which would have to start web there" in err
    assert line_of(out, "web").endswith("control-plane:aws/r1 would start it, and is lost")
    assert out.splitlines()[-1] == "Not everything can run: 2 cannot run."


def test_it_has_a_name_or_the_error_lists_them(moot: Run):
    code, out, err = moot("what-if --lose control-plane:r9")
    assert (code, out) == (2, "")
    assert "control-plane:aws/r1, control-plane:aws/r2" in err
    assert "zone:NAME or control-plane:NAME of these" in err


def test_a_control_plane_alone_is_no_level(moot: Run):
    Path("venues.yaml").write_text("venues: {aws: {provider: fake, sla: {control-plane: 99%}}}")
    code, _, err = moot("plan")
    assert code == 2 and "it states the share of no level" in err
