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
