"""What is wrong with the settings of venues, as `venue list` and `venue add` tell it."""

from __future__ import annotations

import pytest
from toy_house import House

VENUES = """\
venues:
  laptop: {provider: fake, silent: true}
  docker: {provider: nosuch}
  lab:
    provider: fake
    latency_s: -1
    hosts: [a, {host: b, page_size: 0}]
"""


@pytest.fixture
def house(tmp_path, monkeypatch, capsys) -> House:
    made = House(tmp_path, monkeypatch, capsys)
    (tmp_path / "venues.yaml").write_text(VENUES)
    return made


def test_every_venue_has_its_problems_with_their_places(house):
    venues = {v["name"]: v["problems"] for v in house.json("venue", "list")["venues"]}
    shared = f"{house.folder}/venues.yaml:6:16"
    assert {name: [p["place"] for p in problems] for name, problems in venues.items()} == {
        "laptop": [],
        "docker": [f"{house.folder}/venues.yaml:3:22"],
        "lab:a": [shared],
        "lab:b": [shared, f"{house.folder}/venues.yaml:7:37"],
    }


def test_the_table_names_what_is_wrong_once_and_stderr_says_where_and_what_to_do(house):
    code, out, err = house.moot("venue", "list")
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("lab:b")] == [
        "lab:b   fake      venue 'lab' has a setting that cannot be used"
    ]
    assert err.count("venue lab: latency_s must be at least 0") == 1
    assert err.count("venue lab:b: page_size must be at least 1") == 1


def test_a_venue_is_not_added_beside_broken_ones_and_all_that_is_wrong_with_those_is_told(house):
    code, _, err = house.moot("venue", "add", "attic", "fake")
    assert code == 2
    assert [line for line in err.splitlines() if "venues.yaml:" in line] == [
        f"  {house.folder}/venues.yaml:3:22",
        f"  {house.folder}/venues.yaml:6:16",
        f"  {house.folder}/venues.yaml:7:37",
    ]
    assert "attic" not in (house.folder / "venues.yaml").read_text()


def test_all_that_is_wrong_with_a_new_venue_is_told_at_once_and_it_has_no_place_yet(house):
    code, _, err = house.moot("venue", "add", "attic", "fake", "hosts=[a, b]", "pag=1", "silent=5")
    assert (code, "venues.yaml:" in err) == (2, False)
    assert err.count("venue attic has no setting pag") == 1
    assert err.count("venue attic: silent must be true or false") == 1


MIXED = """\
venues:
  toy: {provider: fake}
  often: {provider: fake, sla: 120%}
  none: {}
  nul:
  far: {provider: fake, latency: {toi: 12 ms}}
  lab: {provider: fake, hosts: [a, {host: b, sla: 130%}]}
"""


@pytest.fixture
def mixed(house) -> House:
    (house.folder / "venues.yaml").write_text(MIXED)
    return house


def test_an_entry_that_cannot_be_used_does_not_hide_the_others(mixed):
    venues = {v["name"]: v for v in mixed.json("venue", "list")["venues"]}
    assert {name: [p["summary"] for p in v["problems"]] for name, v in venues.items()} == {
        "laptop": [],
        "docker": [],
        "toy": [],
        "often": ["the sla of venue 'often' cannot be used"],
        "none": ["venue 'none' names no provider"],
        "nul": ["venues.yaml has the wrong shape"],
        "far": ["the latency of venue 'far' names 'toi', which is none"],
        "lab:a": [],
        "lab:b": ["the sla of venue 'lab:b' cannot be used"],
    }
    places = [p["place"] for v in venues.values() for p in v["problems"]]
    assert places == [
        f"{mixed.folder}/venues.yaml:{at}" for at in ("3:32", "4:9", "5:7", "6:40", "7:51")
    ]


def test_a_venue_is_checked_whatever_is_wrong_with_another(mixed):
    code, out, err = mixed.moot("venue", "check", "toy", "lab:a")
    assert (code, err) == (0, "")
    verdicts = [line for line in out.splitlines() if not line.startswith("  ")]
    assert [line.partition(":  ")[0].split("  ")[0] for line in verdicts] == [
        "toy (fake): ok",
        "lab:a (fake): ok",
    ]


def test_all_are_checked_but_those_that_cannot_be_used_which_are_named(mixed):
    venues = mixed.json("venue", "check", "toy", "often", "none", code=1)["venues"]
    told = {v["name"]: (bool(v["offerings"]), len(v["problems"])) for v in venues}
    assert told == {"toy": (True, 0), "often": (False, 1), "none": (False, 1)}


def test_nothing_is_planned_while_an_entry_cannot_be_used(mixed):
    (mixed.folder / "compose.yaml").write_text("name: shop\nservices: {web: {image: nginx}}\n")
    code, _, err = mixed.moot("plan", "--venue", "toy")
    assert (code, err.count("the sla of venue")) == (2, 2)
