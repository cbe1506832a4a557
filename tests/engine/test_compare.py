"""compare: two times of one history, thing by thing and path by path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from moot.engine.compare import compare
from moot.model.resource import ConfigurationItem
from moot.store import Store, open_store

NET = ConfigurationItem(type="toy.network", venue="toy", identifier="n", address="shop@toy/net")
WEB = ConfigurationItem(
    type="toy.process",
    venue="toy",
    identifier="p",
    address="shop/web/0@toy/process",
    status="running",
    properties={"limits": {"cpu": 1, "pids": 9}, "environment": {"MODE": {"$digest": "a"}}},
)


@pytest.fixture
def store(tmp_path: Path):
    made = open_store(tmp_path / "moot.db")
    yield made
    made.close()


def record(store: Store, item: ConfigurationItem, at: float, gone: bool = False) -> None:
    with store.turn():
        store.record(
            "shop", str(item.address), item.incarnation, None if gone else item, at, f"at {at:g}"
        )


def kinds(store: Store, since: float, until: float) -> dict[str, tuple[str, str]]:
    found = compare(["shop"], since, until, store)
    return {contrast.address: (contrast.kind, contrast.cause) for contrast in found}


def test_what_came_went_and_changed(store: Store):
    record(store, NET, 10)
    record(store, WEB, 20)
    record(store, replace(WEB, status="failed"), 30)
    record(store, NET, 40, gone=True)
    assert kinds(store, 5, 15) == {"shop@toy/net": ("came", "at 10")}
    assert kinds(store, 15, 45) == {
        "shop/web/0@toy/process": ("came", "at 30"),
        "shop@toy/net": ("went", "at 40"),
    }
    assert kinds(store, 25, 35) == {"shop/web/0@toy/process": ("changed", "at 30")}
    assert kinds(store, 32, 38) == {}
    assert kinds(store, 5, 8) == {}


def test_there_and_back_is_no_difference(store: Store):
    record(store, WEB, 10)
    record(store, replace(WEB, status="failed"), 20)
    record(store, WEB, 30)
    assert kinds(store, 15, 35) == {}


def test_paths_lead_to_the_leaves_but_not_into_digests(store: Store):
    record(store, WEB, 10)
    properties = {"limits": {"cpu": 2, "pids": 9}, "environment": {"MODE": {"$digest": "b"}}}
    record(store, replace(WEB, properties=properties, status="healthy"), 20)
    (contrast,) = compare(["shop"], 15, 25, store)
    assert {path for path, _, _ in contrast.paths} == {
        "status",
        "properties.limits.cpu",
        "properties.environment.MODE",
    }
    assert ("properties.limits.cpu", 1, 2) in contrast.paths


def test_a_replacement_is_a_change_at_its_address(store: Store):
    record(store, WEB, 10)
    record(store, replace(WEB, incarnation=2, identifier="q"), 20)
    record(store, WEB, 30, gone=True)
    (contrast,) = compare(["shop"], 15, 35, store)
    assert contrast.kind == "changed"
    assert {path for path, _, _ in contrast.paths} == {"identifier", "incarnation"}
