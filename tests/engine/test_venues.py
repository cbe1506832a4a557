"""What keeps a provider from being made or used: settings it has not, and SDKs that are missing."""

from __future__ import annotations

import importlib

import pytest
from lab import COMPOSE, Lab

from moot.engine.offered import offered
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.home import Home
from moot.model.diagnostic import BadInput
from moot.model.venue import Venue
from moot.provider import Env, Provider, ProviderError


def venues(tmp_path, **settings) -> Venues:
    lab = Venue(name="lab", provider="host", configuration={"local": True, **settings})
    return Venues({"lab": lab}, Env(home=tmp_path))


def written(tmp_path, text: str) -> Venues:
    file = tmp_path / "venues.yaml"
    file.write_text(text)
    home = Home.of({"MOOT_HOME": str(tmp_path / "home"), "MOOT_VENUES": str(file)})
    return Venues(home.venues_file.venues(), Env(home=tmp_path), written=home.venues_file.place)


def test_a_setting_that_nobody_reads_is_refused_with_the_one_that_was_meant(tmp_path):
    with pytest.raises(BadInput) as refused:
        venues(tmp_path, usr="root").provider("lab")
    (problem,) = refused.value.diagnostics
    assert problem.detail == "venue lab has no setting usr"
    assert problem.remedy == "did you mean user?"


def test_every_setting_that_is_not_known_is_named_at_once(tmp_path):
    with pytest.raises(BadInput) as refused:
        venues(tmp_path, usr="root", nonsense=1).provider("lab")
    assert len(refused.value.diagnostics) == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hosts: 5", "`hosts` names no machine"),
        ("price: cheap", "venue lab: price must be a number"),
        ("price: .nan", "venue lab: price must be a number"),
        ("connect_timeout_s: -1", "venue lab: connect_timeout_s must be more than 0"),
        ("connect_timeout_s: 60", "venue lab: connect_timeout_s must be at most 20"),
        ("user: [a]", "venue lab: user must be a text"),
        ("gateway: {haprox: x}", "venue lab: gateway has no setting haprox"),
    ],
)
def test_a_value_that_a_setting_cannot_have_is_refused_with_its_place(tmp_path, line, problem):
    text = f"venues:\n  lab:\n    provider: host\n    local: true\n    {line}\n"
    with pytest.raises(BadInput) as refused:
        written(tmp_path, text).provider("lab")
    (told,) = refused.value.diagnostics
    assert told.detail == problem and told.remedy
    assert told.place and (told.place.file, told.place.line) == (str(tmp_path / "venues.yaml"), 5)


def test_settings_that_cannot_be_used_are_refused_before_a_provider_is_made_of_them(tmp_path):
    dock = Venue(name="dock", provider="docker", configuration={"price": "cheap", "swarm": 3})
    with pytest.raises(BadInput) as refused:
        Venues({"dock": dock}, Env(home=tmp_path)).provider("dock")
    assert [told.detail for told in refused.value.diagnostics] == [
        "venue dock: price must be a number",
        "venue dock: swarm must be true or false or a mapping",
    ]


def test_a_setting_of_one_machine_of_a_pool_has_its_own_place(tmp_path):
    text = "venues:\n  lab: {provider: host, hosts: [a, {host: b, port: no}]}\n"
    all_of_it = written(tmp_path, text)
    assert all_of_it.provider("lab:a")
    with pytest.raises(BadInput) as refused:
        all_of_it.provider("lab:b")
    (told,) = refused.value.diagnostics
    assert told.detail == "venue lab:b: port must be a whole number"
    assert told.place and (told.place.line, told.place.column) == (2, 52)


SEVERAL = """\
venues:
  lab:
    provider: fake
    silent: maybe
    hosts:
      - a
      - {host: "b[1:3]", page_size: 0}
      - {host: c, silent: 5, offerings: [{}]}
  dock: {provider: docker, swarm: 3}
  attic: {provider: nosuch, hosts: "x[1:2]"}
"""


def test_whatever_is_wrong_is_told_before_the_first_venue_is_asked_and_once(tmp_path):
    all_of_it = written(tmp_path, SEVERAL)
    with pytest.raises(BadInput) as refused:
        offered(all_of_it.configured, all_of_it, Slots())
    told = {d.detail: d.place.line for d in refused.value.diagnostics if d.place}
    assert len(told) == len(refused.value.diagnostics)
    assert told == {
        "venue lab: silent must be true or false": 4,
        "venue lab:b1: page_size must be at least 1": 7,
        "venue lab:c: silent must be true or false": 8,
        "venue lab:c: offerings[0] lacks name": 8,
        "venue dock: swarm must be true or false or a mapping": 9,
        "installed are docker, fake, host": 10,
    }


def test_what_is_wrong_with_a_venue_that_is_not_asked_is_no_matter(tmp_path):
    all_of_it = written(tmp_path, SEVERAL + "  toy: {provider: fake}\n")
    offerings, absent = offered(["toy"], all_of_it, Slots())
    assert [o.venue for o in offerings] == ["toy"] and not absent


def test_every_name_that_is_no_venue_is_told_at_once_with_what_was_meant(tmp_path):
    all_of_it = written(tmp_path, 'venues: {lab: {provider: fake, hosts: "rack[1:3]"}}')
    assert all_of_it.meant(["docker", "lab", "lab:rack2"]) == (
        "docker",
        "lab:rack1",
        "lab:rack2",
        "lab:rack3",
    )
    with pytest.raises(BadInput) as refused:
        all_of_it.meant(["lapto", "docker", "lab:rak2", "zzz", "lapto"])
    told = {d.summary: d.remedy for d in refused.value.diagnostics}
    assert told == {
        "there is no venue 'lapto'": "did you mean laptop?",
        "there is no venue 'lab:rak2'": "did you mean lab:rack2?",
        "there is no venue 'zzz'": "add it with `moot venue add zzz PROVIDER`, or name another",
    }


def test_the_venues_that_an_app_names_have_their_place_in_its_file(tmp_path):
    with pytest.raises(BadInput) as refused:
        Lab(tmp_path).plan(text=COMPOSE + "x-moot:\n  venues: [lax, laptop, nowhere]\n")
    told = refused.value.diagnostics
    assert [d.summary.split()[-1] for d in told] == ["'lax'", "'nowhere'"]
    line = len(COMPOSE.splitlines()) + 2
    assert [d.place and (d.place.line, d.place.column) for d in told] == [(line, 3), (line, 3)]


def test_known_settings_make_a_provider(tmp_path):
    assert venues(tmp_path, price=1).provider("lab")


def test_an_sdk_that_is_not_installed_is_no_defect(tmp_path):
    def job(provider: Provider) -> None:
        importlib.import_module("an_sdk_that_is_not_there")

    with pytest.raises(ProviderError) as failed:
        venues(tmp_path).call("lab", "offerings", job)
    assert failed.value.remedy == "install what it needs: pip install 'moot[host]'"
    assert "defect" not in failed.value.message
