"""An entry of venues.yaml that is a pool: named as a whole, or one of its machines."""

from __future__ import annotations

import pytest
import yaml
from lab import COMPOSE, Lab

from moot.model.diagnostic import BadInput, Refused
from moot.service import Moot, Selection


@pytest.fixture
def lab(tmp_path) -> Lab:
    return Lab(tmp_path)


def test_a_pool_is_no_venue_for_a_thing_of_its_own(lab):
    text = COMPOSE + "x-moot: {resources: {n: {type: fake.network, venue: lab}}}\n"
    with pytest.raises(BadInput) as refused:
        lab.plan(text=text)
    assert "is a pool of 4 machines" in refused.value.diagnostics[0].summary


def test_renaming_a_pool_renames_its_machines(lab):
    lab.up()
    moot = lab.moot()
    moot.venue_rename("lab", "rack")
    lab.pool = "rack"
    items, _ = lab.moot().inventory()
    assert {i.venue.partition(":")[0] for i in items} == {"rack"}


def test_a_pool_is_checked_machine_by_machine(lab):
    lab.silent = {"h3"}
    statuses = {s.name: s for s in lab.moot().venue_check(["lab"])}
    assert list(statuses) == ["lab:h1", "lab:h2", "lab:h3", "lab:h4"]
    assert {name for name, s in statuses.items() if s.problems} == {"lab:h3"}


def test_a_pool_is_added_as_one_and_no_machine_is_removed_from_it(lab):
    moot = lab.moot()
    with pytest.raises(Refused) as twins:
        moot.venue_add("rack", "fake", {"hosts": ["r[1:2]"], "world": str(lab.folder / "r")})
    assert twins.value.diagnostics[0].summary == "two venues are one"
    assert moot.venue_add("rack", "fake", {"hosts": ["r[1:2]"]}).name == "rack"
    names = {s.name for s in Moot(Selection(), moot._at.environ).venue_list()}
    assert {"rack:r1", "rack:r2"} <= names
    with pytest.raises(BadInput) as refused:
        moot.venue_remove("lab:h1")
    assert refused.value.diagnostics[0].summary == "'lab:h1' is one machine of the pool 'lab'"


def test_a_slip_in_hosts_is_told_with_file_line_and_column(lab):
    (lab.folder / "venues.yaml").write_text(
        "venues:\n  lab:\n    provider: fake\n    hosts:\n      - h1\n      - h[3:1]\n"
    )
    environ = {"HOME": str(lab.folder), "MOOT_VENUES": str(lab.folder / "venues.yaml")}
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), {**environ, "MOOT_HOME": str(lab.folder / "home")}).ps()
    place = refused.value.diagnostics[0].place
    assert place is not None
    assert (place.line, place.column) == (6, 9)


def test_an_app_may_name_a_pool_or_one_of_its_machines(lab):
    for named, allowed in (("lab", 4), ("lab:h2", 1)):
        text = COMPOSE + f"x-moot: {{venues: ['{named}']}}\n"
        placement = lab.plan(text=text).placement
        assert {a.offering.venue.partition(":")[0] for a in placement.assignments} == {"lab"}
        assert len({a.offering.venue for a in placement.assignments}) == min(allowed, 4)


def test_two_machines_that_are_one_are_refused_before_anything_is_made(lab):
    lab.moot()
    venues = yaml.safe_load((lab.folder / "venues.yaml").read_text())
    for entry in venues["venues"]["lab"]["hosts"]:
        entry["offerings"] = [{"name": "room", "machine": "copied"}]
    moot = lab.moot()
    (lab.folder / "venues.yaml").write_text(yaml.safe_dump(venues))
    moot = Moot(moot._at.selection, moot._at.environ)
    with pytest.raises(Refused) as refused:
        moot.plan()
    assert refused.value.diagnostics[0].summary == "two machines of a pool are one"
    assert "lab:h1 and lab:h2 both are copied" in refused.value.diagnostics[0].detail


def test_hosts_of_an_ssh_config_are_read_from_its_file(lab):
    config = lab.folder / "ssh_config"
    config.write_text("Host rack-1 rack-2\n  User me\nHost other\n")
    entry = {"provider": "fake", "hosts": [{"ssh_config": str(config), "match": "rack-*"}]}
    environ = lab.moot()._at.environ
    file = lab.folder / "venues.yaml"
    file.write_text(yaml.safe_dump({"venues": {"lab": entry}}))
    rack, _ = Moot(Selection(), environ).venue_check(["lab"])
    assert rack.name == "lab:rack-1"  # the fake has no use for an ssh_config
    assert "venue lab:rack-1 has no setting ssh_config" in rack.problems[0].detail
    config.unlink()
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), environ).ps()
    assert "ssh_config cannot be read" in refused.value.diagnostics[0].detail
    assert refused.value.diagnostics[0].place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("venues: {1: {provider: fake}}", "wrong shape"),
        ("venues: {lab: {provider: fake, 1: 2}}", "wrong shape"),
        ("venues: {lab: {provider: fake, was: [1]}}", "cannot have been [1]"),
        ("venues: {lab: {provider: fake, sla: {1: 2, foo: 3}}}", "sla of venue 'lab'"),
        ("venues: {lab: {provider: fake, hosts: [{ssh_config: x, match: 5}]}}", "cannot be used"),
    ],
)
def test_whatever_is_in_venues_yaml_is_refused_in_words(lab, text, words):
    environ = lab.moot()._at.environ
    (lab.folder / "venues.yaml").write_text(text)
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), environ).ps()
    problem = refused.value.diagnostics[0]
    assert words in problem.summary
    assert problem.remedy


def test_venues_yaml_of_the_wrong_shape_names_the_entry(lab):
    environ = lab.moot()._at.environ
    (lab.folder / "venues.yaml").write_text("venues: {lab: {provider: fake}, attic: 3}")
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), environ).ps()
    assert "'attic' is not like that" in refused.value.diagnostics[0].detail
