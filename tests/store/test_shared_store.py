"""Two machines, one PostgreSQL: what one of them made the other one knows, changes and removes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgresql

APP = {"name": "shared", "services": {"web": {"image": "web", "deploy": {"replicas": 2}}}}


@pytest.fixture
def machine(tmp_path, postgresql):
    """Runs moot as one of several machines; returns what it prints."""
    address = postgresql.database()
    toy = {"provider": "fake", "world": str(tmp_path / "world.sqlite3")}
    (tmp_path / "venues.yaml").write_text(json.dumps({"venues": {"toy": toy}}))
    (tmp_path / "compose.yaml").write_text(json.dumps(APP))

    def run(home, *arguments):
        environ = {
            **os.environ,
            "MOOT_STORE": address,
            "MOOT_HOME": str(tmp_path / home),
            "MOOT_VENUES": str(tmp_path / "venues.yaml"),
            "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        }
        ran = subprocess.run(
            [sys.executable, "-m", "moot", *arguments, "--json"],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    return run


def test_two_machines_work_on_one_record(machine, tmp_path):
    machine("one", "up", "--venue", "toy")
    (tmp_path / "two").mkdir(mode=0o700)
    (tmp_path / "two" / "key").write_bytes((tmp_path / "one" / "key").read_bytes())
    assert len(json.loads(machine("two", "ps"))["replicas"]) == 2
    machine("two", "plan", "--exit-code", "--venue", "toy")  # 3 if anything would change
    addresses = {item["address"] for item in json.loads(machine("two", "inventory"))["items"]}
    assert "shared/web/0@toy/container" in addresses
    machine("two", "down")
    assert json.loads(machine("one", "inventory", "--all"))["items"] == []
    assert not (tmp_path / "two" / "moot.db").exists()
