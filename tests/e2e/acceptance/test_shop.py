"""An application under load: killed, changed, mended and taken down, beside a second one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .application import Shop, build_image, docker, eventually
from .load import Load

pytestmark = [pytest.mark.haproxy, pytest.mark.slow]


@pytest.fixture(params=["laptop", pytest.param("docker", marks=pytest.mark.docker)])
def venue(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shop(venue: str, tmp_path: Path) -> Iterator[Shop]:
    for tool in ("wrk", "busybox"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    if venue == "docker":
        build_image()
    made = Shop(tmp_path / "shop", venue, name=f"shop{os.getpid()}")
    try:
        yield made
    finally:
        made.moot("down", "--volumes", check=None)


def test_killing_any_replica_under_load_loses_nothing(shop: Shop) -> None:
    shop.up()
    assert shop.get("/cgi-bin/chain").split() == ["edge", "api", "store"]
    with Load(shop.port, seconds=30) as load:
        for replica, item in sorted(shop.mains().items()):
            killed = shop.pid(item)
            os.kill(killed, signal.SIGKILL)
            eventually(lambda r=replica, k=killed: shop.serves_again(r, k))
    assert load.requests > 500
    assert load.failed == 0
    executed = Counter(shop.ordered())
    assert [order for order, times in executed.items() if times > 1] == []
    assert set(load.accepted) <= set(executed)
    assert [r["status"] for r in shop.json("ps")["replicas"]] == ["healthy"] * 6


def test_only_what_depends_on_a_change_changes_and_without_a_gap(shop: Shop) -> None:
    shop.up()
    before = {replica: item["identifier"] for replica, item in shop.mains().items()}
    shop.greetings["edge"] = "two"
    with Load(shop.port, seconds=12) as load:
        shop.up()
    assert shop.get("/").split() == ["edge", "two"]
    assert load.failed == 0
    assert Counter(shop.ordered()).most_common(1)[0][1] == 1
    after = {replica: item["identifier"] for replica, item in shop.mains().items()}
    changed = {replica for replica in before if before[replica] != after[replica]}
    assert changed == {f"{shop.name}/edge/0", f"{shop.name}/edge/1"}
    assert "no changes" in shop.up().stdout.lower()


def test_what_was_removed_is_noticed_and_made_again(shop: Shop) -> None:
    shop.up()
    gone = shop.mains()[f"{shop.name}/api/1"]
    if shop.venue == "docker":
        docker("rm", "-f", gone["identifier"])
    else:
        subprocess.run(["rm", "-rf", gone["identifier"]], check=True)
        os.kill(shop.pid(gone), signal.SIGKILL)
    plan = shop.moot("plan", "--exit-code", "--venue", shop.venue, check=3)
    assert f"{shop.name}/api/1" in plan.stdout
    shop.up()
    assert shop.get("/cgi-bin/chain").split() == ["edge", "api", "store"]
    assert len(shop.mains()) == 6


def test_down_leaves_nothing_and_another_app_is_untouched(shop: Shop, tmp_path: Path) -> None:
    shop.up()
    other = Shop(tmp_path / "other", shop.venue, name=f"other{os.getpid()}")
    other.up()
    before = other.running()
    shop.greetings["api"] = "two"
    shop.up()
    pids = [shop.pid(item) for item in shop.mains().values()]
    items = shop.json("inventory")["items"]
    shop.moot("down", "--volumes")
    try:
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        assert shop.json("inventory")["items"] == []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", shop.port))
        if shop.venue == "docker":
            for kind in ("container", "network", "volume"):
                listed = docker(
                    kind, "ls", "-q", "--filter", f"label=moot.app={shop.name}", *_all(kind)
                )
                assert listed == "", f"a {kind} is left"
        for item in items:
            path = Path(item["identifier"])
            assert not (path.is_absolute() and path.exists()), f"{path} is left"
        assert other.running() == before
        assert other.get("/cgi-bin/chain").split() == ["edge", "api", "store"]
    finally:
        other.moot("down", "--volumes", check=None)


def _all(kind: str) -> list[str]:
    return ["-a"] if kind == "container" else []
