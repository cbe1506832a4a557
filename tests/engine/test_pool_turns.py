"""A pool: its machines take an App together, and one that is silent holds up no other."""

from __future__ import annotations

import time

import pytest
from lab import COMPOSE, Lab

from moot.engine.unreached import passed_over
from moot.model.app import App
from moot.model.diagnostic import BadInput, Failure, Refused
from moot.model.rehearsal import Ground
from moot.model.venue import Venue


@pytest.fixture
def lab(tmp_path) -> Lab:
    return Lab(tmp_path)


def test_an_app_is_spread_over_its_machines_and_stays(lab):
    outcome = lab.up()
    assert outcome.failures == ()
    places = lab.where()
    assert len({v for r, v in places.items() if "/web/" in r}) == 3
    assert len({v for r, v in places.items() if "/api/" in r}) == 2
    assert lab.plan().plan.changes == ()


def test_each_machine_asks_its_own_gateway_which_knows_replicas_everywhere(lab):
    lab.up()
    places = lab.where()
    for index in range(3):
        venue = places[f"shop/web/{index}"]
        assert lab.has(f"shop/api/0@{venue}/backend/8000")
        assert lab.has(f"shop/api/1@{venue}/backend/8000")


def test_a_dead_machine_s_replicas_move_and_the_others_stay(lab):
    lab.up()
    before = lab.where()
    data = before["shop/db/0"]
    dead = next(v for r, v in before.items() if "/web/" in r and v != data)
    lab.silent = {dead.removeprefix("lab:")}
    outcome = lab.up()
    assert outcome.failures == ()  # all that is wanted stands
    after = lab.where()
    assert after.keys() == before.keys()
    assert dead not in after.values()
    assert {r for r in before if before[r] != after[r]} == {
        r for r, v in before.items() if v == dead
    }
    assert any("something may be left" in w.summary for w in outcome.warnings)
    left = [r for r in lab.moot().ps()[0] if r.status == "stale"]
    assert {line.venue for line in left} == {dead}
    assert lab.plan().plan.changes == ()


def test_a_silent_machine_is_named_also_where_nothing_of_the_app_is_or_was(lab):
    lab.silent = {"h2"}
    outcome = lab.up("lab:h1")
    assert outcome.warnings == ()  # nobody asked for another one
    assert _summaries(lab.up("lab").warnings) == {"lab:h2 does not answer"}


def test_what_brings_a_silent_venue_back_is_what_it_said_itself():
    venues = {name: Venue(name=name, provider="fake") for name in ("h1", "h2")}
    ground = Ground(
        app=App(name="shop", components=()),
        offerings=(),
        absent={"h1": "it is off", "h2": "it is off"},
        remedies={"h1": "switch it on", "h2": ""},
        venues=venues,
    )
    told = {each.summary: each.remedy for each in passed_over(ground, ())}
    assert told == {
        "h1 does not answer": "switch it on",
        "h2 does not answer": "bring it back; nothing waits for it",
    }


def test_of_a_silent_machine_of_which_more_is_said_that_is_all(lab):
    lab.up()
    home = lab.where()["shop/db/0"]
    lab.silent = {home.removeprefix("lab:")}
    outcome = lab.up("lab")
    assert any(home in failure.summary for failure in outcome.failures)
    assert f"{home} does not answer" not in _summaries(outcome.warnings)


def test_what_a_machine_kept_running_ends_when_it_comes_back(lab):
    lab.up()
    before = lab.where()
    dead = next(v for r, v in before.items() if "/web/" in r and v != before["shop/db/0"])
    lab.silent = {dead.removeprefix("lab:")}
    lab.up()
    moved = lab.where()
    lab.silent = set()
    outcome = lab.up()
    assert outcome.failures == ()
    assert {c.address.partition("@")[2].partition("/")[0] for c in outcome.plan.changes} == {dead}
    assert lab.where() == moved
    assert lab.plan().plan.changes == ()


def test_what_has_its_data_on_a_dead_machine_waits_there_and_the_rest_is_healed(lab):
    lab.up()
    before = lab.where()
    home = before["shop/db/0"]
    lab.silent = {home.removeprefix("lab:")}
    outcome = lab.up()
    assert [f.summary.partition(":")[0] for f in outcome.failures] == ["not all is known to run"]
    assert home in outcome.failures[0].summary
    after = lab.where()
    assert "shop/db/0" not in after
    assert home not in after.values()
    assert len(after) == len(before) - 1
    lab.silent = set()
    assert lab.up().failures == ()
    assert lab.where()["shop/db/0"] == home


def test_data_does_not_move_and_the_refusal_says_why(lab):
    lab.up()
    home = lab.where()["shop/db/0"]
    with pytest.raises(Refused) as refused:
        lab.plan("laptop")
    assert f"its volume 'data' with the data is on {home}" in refused.value.diagnostics[0].detail


def test_an_app_without_data_moves_by_venue(lab):
    text = COMPOSE.replace("    volumes: [data:/data]\n", "").replace("volumes: {data: {}}\n", "")
    lab.up(text=text)
    assert lab.up("laptop", text=text).failures == ()
    assert set(lab.where().values()) == {"laptop"}
    assert lab.up("lab:h2", text=text).failures == ()
    assert set(lab.where().values()) == {"lab:h2"}


def test_hosts_cannot_reach_the_laptop_and_the_refusal_says_so(lab):
    lab.up("laptop")
    with pytest.raises(Refused) as refused:
        lab.plan("lab", "laptop", text=COMPOSE + "x-moot: {spread: {host: 3}}\n")
    assert "laptop" in refused.value.diagnostics[0].detail


def test_each_machine_s_ports_are_its_own(lab):
    lab.up("lab:h1")
    assert lab.up("lab:h2", app="blog").failures == ()
    with pytest.raises(Refused) as refused:
        lab.plan("lab:h1", app="wiki")
    assert refused.value.diagnostics[0].summary == "port 8080 is taken"
    assert "on lab:h1" in refused.value.diagnostics[0].detail


def test_nothing_is_left_after_down_and_what_cannot_be_taken_down_is_told(lab):
    lab.up()
    home = lab.where()["shop/db/0"]
    lab.silent = {home.removeprefix("lab:")}
    outcome = lab.down()
    assert home in outcome.failures[0].summary
    lab.silent = set()
    assert lab.down().failures == ()
    assert lab.moot().inventory()[0] == ()


def test_a_renamed_pool_runs_all_where_it_was(lab):
    lab.up()
    before, endpoints = lab.where(), lab.moot()._at.store.placement("shop")["endpoints"]
    lab.moot().venue_rename("lab", "rack")
    lab.pool = "rack"
    after = lab.moot()._at.store.placement("shop")
    assert after["endpoints"] == [
        [*end, venue.replace("lab:", "rack:")] for *end, venue in endpoints
    ]
    assert {offering["pool"] for offering in after["offerings"].values()} == {"rack"}
    assert lab.where() == {r: v.replace("lab:", "rack:") for r, v in before.items()}
    assert lab.up().plan.changes == ()
    assert lab.where() == {r: v.replace("lab:", "rack:") for r, v in before.items()}


def test_with_a_dead_machine_less_spread_is_told_and_made_good_when_it_is_back(lab):
    text = COMPOSE + "x-moot: {spread: {host: 3}}\n"
    text = text.replace("    volumes: [data:/data]\n", "").replace("volumes: {data: {}}\n", "")
    lab.machines = ("h1", "h2", "h3")
    lab.up(text=text)
    lab.silent = {"h2"}
    outcome = lab.up(text=text)
    assert outcome.failures == ()
    told = [w for w in outcome.warnings if "is not spread" in w.summary]
    assert [w.summary for w in told] == [
        "web is not spread as x-moot.spread wants: 2 of 3 machines"
    ]
    assert "lab:h2" in told[0].detail
    lab.silent = set()
    outcome = lab.up(text=text)
    assert _summaries(outcome.warnings) == {"docker does not answer"}
    assert len({v for r, v in lab.where().items() if "/web/" in r}) == 3


def test_forgetting_a_machine_leaves_alone_the_apps_that_have_nothing_there(lab):
    lab.up("lab:h1")
    lab.up("lab:h2", app="blog", text=COMPOSE.replace("8080", "8081"))
    store = lab.moot()._at.store
    store.claim("blog", "another", time.time(), 1e6, lambda holder: False)
    assert lab.moot().forget("@lab:h1")
    with pytest.raises(Failure):
        lab.moot().forget("@lab:h2")


def test_a_machine_that_never_comes_back_is_forgotten_as_a_whole(lab):
    lab.up()
    home = lab.where()["shop/db/0"]
    lab.silent = {home.removeprefix("lab:")}
    assert lab.up().failures
    lab.moot().forget(f"@{home}")
    outcome = lab.up()
    assert outcome.failures == ()
    assert _summaries(outcome.warnings) == {"docker does not answer", f"{home} does not answer"}
    assert lab.where()["shop/db/0"] != home
    with pytest.raises(BadInput):
        lab.moot().forget(f"@{home}")


def test_a_machine_that_was_taken_out_of_the_pool_is_not_missed_once_nothing_is_known_of_it(lab):
    lab.up()
    lab.machines = ("h1", "h2", "h3")
    assert [stale.venue for stale in lab.up().stale] == ["lab:h4"]
    lab.moot().forget("@lab:h4")
    assert lab.up().stale == ()


def test_one_machine_makes_way_for_no_other(lab):
    """The gateway a move leaves behind goes last: until then it serves."""
    text = COMPOSE.replace("    volumes: [data:/data]\n", "").replace("volumes: {data: {}}\n", "")
    lab.up("lab:h1", text=text)
    keys = [change.key for change in lab.plan("lab:h2", text=text).plan.changes]
    assert keys.index("create shop@lab:h2/gateway#1") < keys.index("delete shop@lab:h1/gateway#1")


def _summaries(diagnostics):
    return {diagnostic.summary for diagnostic in diagnostics}
