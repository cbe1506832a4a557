"""What keeps a provider from being made or used: settings it has not, and SDKs that are missing."""

from __future__ import annotations

import importlib

import pytest

from moot.engine.venues import Venues
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


def test_known_settings_make_a_provider(tmp_path):
    assert venues(tmp_path, price=1).provider("lab")


def test_an_sdk_that_is_not_installed_is_no_defect(tmp_path):
    def job(provider: Provider) -> None:
        importlib.import_module("an_sdk_that_is_not_there")

    with pytest.raises(ProviderError) as failed:
        venues(tmp_path).call("lab", "offerings", job)
    assert failed.value.remedy == "install what it needs: pip install 'moot[host]'"
    assert "defect" not in failed.value.message
