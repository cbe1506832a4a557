"""Secrets of containers are in their files, and nowhere that the Engine shows."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.treasure import WAYS, Treasure

docker = pytest.importorskip("docker")
IMAGE = "moot-tests/busybox:1"  # what the fixture `busybox` has made
pytestmark = pytest.mark.docker
SERVICES = {
    "web": {"image": IMAGE, "secrets": list(WAYS), "stop_grace_period": "1s"},
    "api": {
        "image": IMAGE,
        "environment": {"KEY": "${moot:secret.from_command}", "MOOT_REPLICA": "hush/api"},
        "stop_grace_period": "1s",
    },
}

FAILING = {
    "image": IMAGE,
    "command": ["sh", "-c", 'sleep 0.3; echo "key: $$KEY"; exit 3'],
    "environment": {"KEY": "${moot:secret.from_command}", "MOOT_REPLICA": "hush/bad"},
    "healthcheck": {"test": ["CMD", "false"], "interval": "60s"},
}


@pytest.fixture
def treasure(docker_host: str, busybox: str) -> Iterator[Treasure]:
    made = Treasure({"dock": {"provider": "docker", "host": docker_host}})
    made.declare(SERVICES)
    yield made
    made.moot("--venue", "dock", "down", "--volumes", code=None)
    made.clear()


def shown(treasure: Treasure, docker_host: str) -> str:
    """All that the Engine says of the App's containers, but for those with a secret variable."""
    client = docker.APIClient(base_url=docker_host, version="auto")
    try:
        ours = client.containers(all=True, filters={"label": ["moot.app=hush"]})
        chosen = [one for one in ours if "/web/" in json.dumps(one["Labels"])]
        assert chosen
        return json.dumps([client.inspect_container(one["Id"]) for one in chosen])
    finally:
        client.close()


@pytest.mark.slow
def test_in_containers(treasure: Treasure, docker_host: str) -> None:
    treasure.moot("--venue", "dock", "up")
    for way in WAYS:
        words = ("exec", "web/0", "cat", f"/run/secrets/{way}")
        said = treasure.moot("--venue", "dock", *words, meant=True)
        assert said == treasure.content(way).decode()
    treasure.bury("from_variable", "second")
    treasure.kill_amid("--venue", "dock", "up")
    assert treasure.found() == []
    treasure.moot("--venue", "dock", "up")
    treasure.declare({**SERVICES, "bad": FAILING})
    treasure.moot("--venue", "dock", "up", code=1)
    assert b"key: [secret" in b"".join(treasure.said)
    treasure.everything_is_said("dock")
    assert not treasure.holds(shown(treasure, docker_host).encode())
    assert treasure.found() == []
