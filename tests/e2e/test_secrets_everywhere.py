"""Secrets of processes reach who shall have them, and are nowhere else, whatever happens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.treasure import Treasure, digest

SHOW = """
import hashlib, os, time
for name in ("FROM_FILE_FILE", "FROM_VARIABLE_FILE", "FROM_COMMAND_FILE"):
    print(name, hashlib.sha256(open(os.environ[name], "rb").read()).hexdigest())
for name in ("URL", "KEY"):
    print(name, hashlib.sha256(os.environ[name].encode()).hexdigest(), flush=True)
time.sleep(1000)
"""
FAIL = """
import os, sys, time
time.sleep(0.3)
print("key:", os.environ["KEY"], file=sys.stderr)
sys.exit(3)
"""
# Reads whatever its user may, and tells where the mark is, which it is given in two halves.
SPY = """
import os, sys
mark = (sys.argv[1] + sys.argv[2]).encode()
places = [f"/proc/{pid}/{kind}" for pid in filter(str.isdigit, os.listdir("/proc"))
          for kind in ("environ", "cmdline")]
for root in sys.argv[3:]:
    for folder, _, names in os.walk(root):
        places += [f"{folder}/{name}" for name in names]
for place in places:
    try:
        if mark in open(place, "rb").read():
            print("FOUND", place)
    except OSError:
        pass
print("looked", os.getuid(), len(places))
"""
MEMORY = ("/dev/shm", "/run")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has users to tell apart")


def services(**more: Any) -> dict[str, Any]:
    web = {
        "x-moot": {"process": {"command": ["python3", "-c", SHOW]}},
        "secrets": ["from_file", "from_variable", "from_command"],
        "environment": {
            "URL": "db://me:${moot:secret.from_file}@db",
            "KEY": "${moot:secret.from_command}",
        },
        "deploy": {"replicas": 2},
    }
    spy = {"x-moot": {"process": {"command": ["sleep", "1000"]}}}
    return {"web": web, "spy": spy, **more}


def failing() -> dict[str, Any]:
    """Never comes to be healthy, and says with its last words what it should not."""
    return {
        "x-moot": {"process": {"command": ["python3", "-c", FAIL]}},
        "environment": {"KEY": "${moot:secret.from_command}"},
        "healthcheck": {"test": ["CMD", "false"], "interval": "60s"},
        "restart": "no",
    }


@pytest.fixture
def laptop() -> Iterator[tuple[Treasure, Path]]:
    """An App on this machine, and the folder of it that is on a disk."""
    treasure = Treasure({"laptop": {"provider": "host", "local": True}})
    data = treasure.folder / "data"
    venue = {"provider": "host", "local": True, "own_users": True, "data": str(data)}
    (treasure.folder / "venues.yaml").write_text(json.dumps({"venues": {"laptop": venue}}))
    yield treasure, data
    treasure.moot("--venue", "laptop", "down", "--volumes", code=None)
    treasure.clear()


@pytest.fixture
def host(ssh_hosts: Any) -> Iterator[tuple[Treasure, Any]]:
    """An App on a machine behind SSH, which is clean."""
    with ssh_hosts.fresh(1) as (machine,):
        treasure = Treasure({"far": {"provider": "host", **machine.venue()}})
        yield treasure, machine
        treasure.moot("--venue", "far", "down", "--volumes", code=None)
        treasure.clear()


def was_given(treasure: Treasure, venue: str) -> None:
    """Both replicas have every secret as it is now, byte for byte."""
    ways = {way: treasure.content(way) for way in ("from_file", "from_variable", "from_command")}
    line = {way: content.removesuffix(b"\n") for way, content in ways.items()}
    wanted = {f"{way.upper()}_FILE": content for way, content in ways.items()}
    wanted["FROM_COMMAND_FILE"] = line["from_command"]
    wanted["URL"] = b"db://me:" + line["from_file"] + b"@db"
    wanted["KEY"] = line["from_command"]
    said = treasure.moot("--venue", venue, "logs", "--no-prefix", "web")
    for name, content in wanted.items():
        assert said.count(f"{name} {digest(content)}") == 2, name


def spied(treasure: Treasure, venue: str, *roots: str) -> str:
    half = len(treasure.mark) // 2
    halves = (treasure.mark[:half], treasure.mark[half:])
    words = ("exec", "spy/0", "python3", "-c", SPY, *halves, *MEMORY, *roots)
    return treasure.moot("--venue", venue, *words)


def lives_through_everything(treasure: Treasure, venue: str) -> None:
    """Up, another content amid a kill, up again, and a start that fails."""
    treasure.declare(services())
    treasure.moot("--venue", venue, "up")
    was_given(treasure, venue)
    treasure.bury("from_file", "second")
    treasure.kill_amid("--venue", venue, "up")
    assert treasure.under_way()
    assert treasure.found() == []
    treasure.moot("--venue", venue, "up")
    was_given(treasure, venue)
    treasure.declare(services(bad=failing()))
    treasure.moot("--venue", venue, "up", code=1)
    assert b"key: [secret" in b"".join(treasure.said)
    treasure.everything_is_said(venue)
    assert treasure.found() == []


@pytest.mark.slow
def test_on_the_laptop(laptop: tuple[Treasure, Path]) -> None:
    treasure, data = laptop
    lives_through_everything(treasure, "laptop")
    (secrets_in,) = {
        item["properties"]["secrets_in"]
        for item in json.loads(treasure.moot("--venue", "laptop", "--json", "inventory"))["items"]
        if item["address"].startswith("hush/web/")
    }
    if secrets_in == "memory":  # what a replica wrote into its log is its own affair
        assert treasure.files(data, but=["log."]) == []
    said = spied(treasure, "laptop", str(treasure.folder))
    assert "FOUND" not in said
    assert "looked 0 " not in said
    treasure.moot("--venue", "laptop", "down", "--volumes")
    assert treasure.files(*map(Path, MEMORY)) == []
    assert not data.exists()
    assert json.loads(treasure.moot("--json", "secret", "ls"))["secrets"] == []


@pytest.mark.slow
@pytest.mark.ssh
def test_on_a_host(host: tuple[Treasure, Any]) -> None:
    treasure, machine = host
    lives_through_everything(treasure, "far")
    disk = machine.folder / "upper"
    assert treasure.files(disk, but=["log."]) == []
    said = spied(treasure, "far", "/var", "/etc", "/root", "/home", "/tmp")
    assert "FOUND" not in said
    assert "looked 0 " not in said
    memory = [machine.root / folder.lstrip("/") for folder in MEMORY]
    assert treasure.files(*memory) != [], "this test looks in the wrong place"
    treasure.moot("--venue", "far", "down", "--volumes")
    assert treasure.files(disk, *memory) == []


@pytest.mark.ssh
def test_after_a_reboot_they_are_brought_again(host: tuple[Treasure, Any]) -> None:
    treasure, machine = host
    treasure.declare(services())
    treasure.moot("--venue", "far", "up")
    machine.reboot()
    assert treasure.files(machine.root / "run", machine.root / "dev/shm") == []
    treasure.moot("--venue", "far", "up")
    was_given(treasure, "far")
