"""What keeps a provider from being made or used: settings it has not, and SDKs that are missing."""

from __future__ import annotations

import importlib

import pytest

from moot.engine.venues import Venues
from moot.home import Home
from moot.model.diagnostic import BadInput
from moot.model.venue import Venue
from moot.provider import Env, Provider, ProviderError


def venues(tmp_path, **settings) -> Venues:
    lab = Venue(name="lab", provider="host", configuration={"local": True, **settings})
    return Venues({"lab": lab}, Env(home=tmp_path))


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
    file = tmp_path / "venues.yaml"
    file.write_text(f"venues:\n  lab:\n    provider: host\n    local: true\n    {line}\n")
    home = Home.of({"MOOT_HOME": str(tmp_path / "home"), "MOOT_VENUES": str(file)})
    with pytest.raises(BadInput) as refused:
        Venues(home.venues(), Env(home=tmp_path), written=home.place).provider("lab")
    (told,) = refused.value.diagnostics
    assert told.detail == problem and told.remedy
    assert told.place and (told.place.file, told.place.line) == (str(file), 5)


def test_settings_that_cannot_be_used_are_refused_before_a_provider_is_made_of_them(tmp_path):
    dock = Venue(name="dock", provider="docker", configuration={"price": "cheap", "swarm": 3})
    with pytest.raises(BadInput) as refused:
        Venues({"dock": dock}, Env(home=tmp_path)).provider("dock")
    assert [told.detail for told in refused.value.diagnostics] == [
        "venue dock: price must be a number",
        "venue dock: swarm must be true or false or a mapping",
    ]


def test_a_setting_of_one_machine_of_a_pool_has_the_place_of_its_entry(tmp_path):
    file = tmp_path / "venues.yaml"
    file.write_text("venues:\n  lab: {provider: host, hosts: [a, {host: b, port: no}]}\n")
    home = Home.of({"MOOT_HOME": str(tmp_path / "home"), "MOOT_VENUES": str(file)})
    all_of_it = Venues(home.venues(), Env(home=tmp_path), written=home.place)
    assert all_of_it.provider("lab:a")
    with pytest.raises(BadInput) as refused:
        all_of_it.provider("lab:b")
    (told,) = refused.value.diagnostics
    assert told.detail == "venue lab:b: port must be a whole number"
    assert told.place and told.place.line == 2


def test_known_settings_make_a_provider(tmp_path):
    assert venues(tmp_path, price=1).provider("lab")


def test_an_sdk_that_is_not_installed_is_no_defect(tmp_path):
    def job(provider: Provider) -> None:
        importlib.import_module("an_sdk_that_is_not_there")

    with pytest.raises(ProviderError) as failed:
        venues(tmp_path).call("lab", "offerings", job)
    assert failed.value.remedy == "install what it needs: pip install 'moot[host]'"
    assert "defect" not in failed.value.message
