"""x-moot.latency on the command line: placed by it, refused with what would help, rehearsed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str], tuple[int, str, str]]

SHOP = """\
name: shop
services:
  db: {image: db, deploy: {resources: {reservations: {cpus: "8"}}}}
  web:
    image: web
    deploy: {resources: {reservations: {cpus: "1"}}}
    x-moot:
      latency:
        db: 10 ms
"""


@pytest.fixture
def moot(told: Run) -> Run:
    """Only `rack` has room for `db`; `lab` is cheap and far away, `near` is dear."""
    venues = {
        name: {
            "provider": "fake",
            "latency": ways,
            "offerings": [{"name": "m", "hourly": hourly, "cpu": cpu, "reach": name}],
        }
        for name, hourly, cpu, ways in (
            ("lab", 0.01, 4, {"rack": "25 ms"}),
            ("near", 0.05, 4, {"rack": "8 ms", "lab": "20 ms"}),
            ("rack", 0.03, 8, {}),
        )
    }
    silent = {name: {"provider": "fake", "silent": True} for name in ("laptop", "docker")}
    Path("venues.yaml").write_text(json.dumps({"venues": {**venues, **silent}}))
    Path("compose.yaml").write_text(SHOP)
    return told


def edit(file: str, old: str, new: str) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def said(text: str) -> list[str]:
    """Without the folder, which is another one each time."""
    return [line.strip().replace(f"{Path.cwd()}/", "") for line in text.splitlines()]


def test_it_is_placed_where_the_other_one_is_near_enough(moot: Run):
    code, out, _ = moot("why web")
    assert code == 0
    assert "shop/web/0 belongs on near/m" in out
    assert "  lab/m: is 25 ms away, and it is to be within 10 ms of 'db'\n" in out
    edit("compose.yaml", "10 ms", "25 ms")
    assert "shop/web/0 belongs on lab/m" in moot("why web")[1]


def test_without_is_what_is_near_enough(moot: Run):
    """Nothing is left without `near`: so that is said, and not a place that is too far away."""
    code, out, _ = moot("why web --json")
    assert code == 0
    assert json.loads(out)["best"]["places"] == []


def test_what_cannot_be_near_enough_is_refused_with_what_would_help(moot: Run):
    edit("compose.yaml", "10 ms", "5 ms")
    code, _, err = moot("plan")
    assert code == 4
    lines = said(err)
    at = next(n for n, line in enumerate(lines) if line.startswith("these cannot hold together"))
    assert lines[at + 3] == "`services.web.x-moot.latency: {db: 5 ms}` (compose.yaml:9)"
    assert lines[at + 5] == "without `services.web.x-moot.latency: {db: 5 ms}`: 29.20 EUR/month"
    assert lines[at + 8] == "with `services.web.x-moot.latency: {db: 8 ms}`: 58.40 EUR/month"


def test_what_nobody_states_is_refused_with_what_to_state(moot: Run):
    edit("venues.yaml", '"rack": "8 ms", ', "")
    code, _, err = moot("plan")
    assert code == 4
    wanted = "near/m: it is to be within 10 ms of 'db', and nothing says how far rack is: state "
    assert wanted + "`latency: {rack: ... ms}` of near in venues.yaml" in said(err)


def test_a_lost_venue_is_rehearsed(moot: Run):
    assert moot("up")[0] == 0
    code, out, err = moot("what-if --lose near")
    assert code == 1
    assert "nothing can take it" in out
    assert "lab/m: is 25 ms away, and it is to be within 10 ms of 'db'" in err
    edit("compose.yaml", "10 ms", "25 ms")
    assert moot("up")[0] == 0
    code, out, _ = moot("what-if --lose lab --json")
    (fate,) = json.loads(out)["fates"]
    assert (fate["component"], fate["target"]["venue"]) == ("web", "near")


def test_a_venue_that_is_none_is_told_in_its_line(moot: Run):
    edit("venues.yaml", '"rack": "25 ms"', '"rock": "25 ms"')
    code, _, err = moot("plan")
    assert code == 2
    assert "the latency of venue 'lab' names 'rock', which is none" in err


@pytest.fixture
def regions(moot: Run) -> Run:
    """`rack` has a region, and what `near` says of it is by the name of that."""
    offer = '"reach": "rack"'
    edit("venues.yaml", offer, f'{offer}, "region": "fsn1"')
    edit("venues.yaml", '"rack": "8 ms"', '"rack/fsn1": "8 ms"')
    return moot


def test_a_region_that_its_venue_has_not_is_told_with_the_nearest(regions: Run):
    assert "names a region" not in regions("plan")[2]
    edit("venues.yaml", '"rack/fsn1": "8 ms"', '"rack/fns1": "8 ms"')
    edit("compose.yaml", "10 ms", "25 ms")
    code, _, err = regions("plan")
    assert code == 0
    lines = said(err)
    at = lines.index("warning: the latency of venue 'near' names a region that rack has not")
    assert lines[at + 1].startswith("venues.yaml:1:")
    assert lines[at + 2 : at + 4] == [
        "'fns1' is none: its regions are fsn1; what is said of it counts for nothing",
        "Did you mean 'fsn1'?",
    ]
    assert err.count("names a region") == 1


def test_a_region_that_is_none_is_told_beside_the_refusal_that_it_leads_to(regions: Run):
    edit("venues.yaml", '"rack/fsn1": "8 ms"', '"rack/fns1": "8 ms"')
    code, _, err = regions("plan")
    assert (code, err.count("names a region that rack has not")) == (4, 1)


def test_a_region_that_is_none_is_told_where_no_distance_is_asked_for_by_check_alone(regions: Run):
    edit("venues.yaml", '"rack/fsn1": "8 ms"', '"rack/fns1": "8 ms"')
    edit("compose.yaml", "latency:\n        db: 10 ms\n", "near: [db]\n")
    assert "names a region" not in regions("plan")[2]
    code, out, _ = regions("venue check near rack")
    assert (code, out.count("names a region that rack has not")) == (0, 1)
    assert "names a region" not in regions("venue check near")[1]  # rack was not asked
