"""Containers on a real Engine: made, mended after a crash, limited, fed with files, ended."""

import pytest

from moot.provider import ProviderError, Scope

pytestmark = pytest.mark.docker


def test_it_runs_and_ends(site):
    item = site.create(site.container(environment={"COLOUR": "blue"}))
    assert item.status == "running"
    assert site.run(item, "env").count("COLOUR=blue") == 1
    assert [i.identifier for i in site.list("container")] == [item.identifier]
    site.delete(item)
    assert site.read(item) is None
    assert site.list("container") == ()
    site.delete(item)  # what is gone is gone
