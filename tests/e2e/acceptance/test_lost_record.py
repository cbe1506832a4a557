"""A live application whose record is lost, restored or copied: nothing of it is touched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .application import Shop, build_image, docker

pytestmark = [pytest.mark.haproxy, pytest.mark.slow]


@pytest.fixture(params=["laptop", pytest.param("docker", marks=pytest.mark.docker)])
def venue(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own; what runs on the laptop lies elsewhere, as it does for root."""
    laptop = {"provider": "host", "local": True, "data": str(tmp_path / "data")}
    (tmp_path / "venues.yaml").write_text(json.dumps({"venues": {"laptop": laptop}}))
    monkeypatch.setenv("MOOT_VENUES", str(tmp_path / "venues.yaml"))
    monkeypatch.setenv("MOOT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def shop(venue: str, home: Path, tmp_path: Path) -> Iterator[Shop]:
    if not shutil.which("busybox"):
        pytest.skip("busybox is not installed")
    if venue == "docker":
        build_image()
    made = Shop(tmp_path / "shop", venue, name=f"lost{os.getpid()}")
    made.up()
    yield made
    if made.moot("down", "--volumes", check=None).returncode:
        made.moot("recover", "--yes")
        made.moot("down", "--volumes")
    assert nothing_is_left(made)


def nothing_is_left(shop: Shop) -> bool:
    """Counted from outside: no run folder with its processes, or no container and network."""
    if shop.venue == "laptop":
        return not (shop.folder.parent / "data").exists()
    label = f"label=moot.app={shop.name}"
    kinds = (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q"))
    return not any(docker(*kind, "--filter", label).strip() for kind in kinds)


def lose(home: Path) -> None:
    for path in home.glob("moot.db*"):
        path.unlink()


def test_a_lost_database_is_rebuilt_without_touching_anything(shop: Shop, home: Path) -> None:
    shop.greetings["edge"] = "two"
    shop.up()
    before = shop.running()
    lose(home)
    refused = shop.moot("up", "--venue", shop.venue, check=4)
    assert "moot recover" in refused.stderr
    shop.moot("recover", "--yes")
    planned = shop.moot("plan", "--venue", shop.venue)
    assert planned.stdout.startswith("No changes."), planned.stdout
    shop.up()
    assert shop.running() == before
    assert shop.get("/cgi-bin/chain").split() == ["edge", "api", "store"]
    shop.greetings["edge"] = "three"
    shop.up()
    after = shop.running()
    changed = {replica for replica, found in after.items() if found != before[replica]}
    assert changed == {f"{shop.name}/edge/0", f"{shop.name}/edge/1"}


@pytest.mark.parametrize("venue", ["laptop"], indirect=True)
def test_the_whole_home_lost_is_recovered_by_its_installation(shop: Shop, home: Path) -> None:
    before = shop.running()
    installation = (home / "installation").read_text().strip()
    shutil.rmtree(home)
    others = shop.json("recover", "--yes")["others"]
    assert installation in {other["installation"] for other in others}
    taken = shop.json("recover", "--installation", installation, "--yes")
    assert taken["items"]
    assert shop.moot("plan", "--venue", shop.venue).stdout.startswith("No changes.")
    assert shop.running() == before


def test_a_restored_database_touches_nothing_until_recover(shop: Shop, home: Path) -> None:
    backup = home.parent / "backup"
    shutil.copytree(home, backup)
    shop.greetings["api"] = "two"
    shop.up()
    before = shop.running()
    lose(home)
    for path in backup.glob("moot.db*"):
        shutil.copy(path, home)
    for words in (("up", "--venue", shop.venue), ("down",), ("down", "--volumes")):
        assert "the database was restored" in shop.moot(*words, check=4).stderr
    assert {r["status"] for r in shop.json("ps")["replicas"]} == {"healthy"}
    shop.moot("recover", "--yes")
    assert shop.moot("plan", "--venue", shop.venue).stdout.startswith("No changes.")
    assert shop.running() == before


@pytest.mark.parametrize("venue", ["laptop"], indirect=True)
def test_a_copied_home_touches_nothing(shop: Shop, home: Path, monkeypatch) -> None:
    before = shop.running()
    shutil.copytree(home, home.parent / "copy")
    monkeypatch.setenv("MOOT_HOME", str(home.parent / "copy"))
    for words in (("up", "--venue", shop.venue), ("down", "--volumes")):
        assert "copied or moved" in shop.moot(*words, check=4).stderr
    monkeypatch.setenv("MOOT_HOME", str(home))
    assert shop.running() == before
    shop.up()
    assert shop.running() == before
