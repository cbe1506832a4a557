"""Kinto with PostgreSQL and Redis as processes: installed, used, attacked and taken down."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.haproxy, pytest.mark.slow]

URL = "http://127.0.0.1:8888/v1"
NOTES = "/buckets/default/collections/notes/records"


def test_kinto(example: Callable[[str], Any], no_request_fails: Callable[..., None]) -> None:
    for program in ("redis-server", "pg_isready", "curl"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    if not any(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        pytest.skip("PostgreSQL is not installed as Debian does it")
    kinto = example("kinto")
    kinto.up()
    assert kinto.statuses("web") == ["healthy", "healthy"]
    assert kinto.statuses("migrate") == ["completed"]
    ask("PUT", "/accounts/ann", {"password": "hill"})
    ask("PUT", f"{NOTES}/first", {"text": "It works."})
    assert ask("GET", f"{NOTES}/first")["text"] == "It works."
    before = kinto.look()
    assert "No changes" in kinto.up()
    assert kinto.look().keys() == before.keys()

    no_request_fails(f"{URL}/", lambda: kill(before["kinto/web/0@laptop/process"]))
    kinto.wait_for("web", "healthy")

    kinto.moot("down")
    with pytest.raises(urllib.error.URLError):
        ask("GET", "/")
    kinto.up()
    assert ask("GET", f"{NOTES}/first")["text"] == "It works.", "down keeps what holds data"

    kinto.moot("down", "--volumes")
    assert kinto.left() == []


def ask(method: str, path: str, data: dict[str, str] | None = None) -> dict[str, Any]:
    """The data Kinto answers with; its first account answers for everything."""
    login = base64.b64encode(b"ann:hill").decode()
    headers = {"Content-Type": "application/json"}
    if not path.startswith("/accounts"):
        headers["Authorization"] = f"Basic {login}"
    body = json.dumps({"data": data}).encode() if data else None
    request = urllib.request.Request(URL + path, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer).get("data", {})


def kill(item: dict[str, Any]) -> None:
    os.kill(item["properties"]["pid"], signal.SIGKILL)
