"""MediaWiki in containers, and with its database as a process beside them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from wiki import Wiki

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("base_image")]


def test_mediawiki(example: Callable[[str], Any], no_request_fails: Callable[..., None]) -> None:
    mediawiki = example("mediawiki")
    mediawiki.up()
    wiki = Wiki("http://127.0.0.1:8180")
    assert wiki.log_in() == "Admin"
    assert {wiki.name() for _ in range(6)} == {"Admin"}, "both replicas know the session"
    wiki.write("Venue", "Where it runs is moot.")
    assert wiki.read("Venue") == "Where it runs is moot."
    before = mediawiki.look()
    assert "No changes" in mediawiki.up()
    assert mediawiki.look().keys() == before.keys()

    url = f"{wiki.url}/api.php?action=query&format=json"
    no_request_fails(url, lambda: kill(before["mediawiki/web/0@docker/container"]))
    mediawiki.wait_for("web", "healthy")

    mediawiki.moot("down")
    mediawiki.up()
    assert wiki.read("Venue") == "Where it runs is moot.", "down keeps what holds data"

    mediawiki.moot("down", "--volumes")
    assert mediawiki.left() == []


@pytest.mark.haproxy
def test_mixed(example: Callable[[str], Any]) -> None:
    if not shutil.which("pg_isready"):
        pytest.skip("PostgreSQL is not installed")
    mixed = example("mixed")
    mixed.up()
    items = mixed.look()
    assert items["mixed/db/0@laptop/process"]["type"] == "host.process"
    assert items["mixed/web/1@docker/container"]["type"] == "docker.container"
    mixed.wait_for("welcome", "completed")
    wiki = Wiki("http://127.0.0.1:8280")
    assert wiki.read("Welcome") == "Written by a process, served by a container."
    wiki.write("Back", "And kept by a process.")
    assert wiki.read("Back") == "And kept by a process."
    assert "No changes" in mixed.up()

    mixed.moot("down", "--volumes")
    assert mixed.left() == []


def kill(item: dict[str, Any]) -> None:
    """SIGKILL from outside, which the Engine does not take for the user's wish as `docker kill`."""
    command = ["docker", "inspect", "-f", "{{.State.Pid}}", item["identifier"]]
    pid = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    os.kill(pid, signal.SIGKILL)
