"""Debian's docker-compose agrees on names, variables, ports, mounts, networks, dependencies."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from moot.reading import load

CASES = Path(__file__).with_name("cases")
COMPARED = ("reference", "reference-merge")  # written so that version 1.29 can read them
REFERENCE = shutil.which("docker-compose")


@pytest.mark.slow
@pytest.mark.skipif(REFERENCE is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("name", COMPARED)
def test_agrees(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(CASES / name, folder)
    (folder / "dir").mkdir()
    files = [str(path) for path in sorted(folder.glob("*.yaml"))]
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "FROM_OUTSIDE": "yes"}
    arguments = [word for path in files for word in ("-f", path)]
    done = subprocess.run(
        [str(REFERENCE), *arguments, "config"], capture_output=True, env=environ, timeout=60
    )
    assert done.returncode == 0, done.stderr
    theirs = yaml.safe_load(done.stdout)
    ours = load(files, None, None, (), environ, repr).parsed.canonical
    assert ours["services"].keys() == theirs["services"].keys()
    for key, service in theirs["services"].items():
        assert seen(ours["services"][key]) == seen(service)
    for section in ("networks", "volumes", "secrets", "configs"):
        named = set(ours.get(section, {})) - {"default"}
        assert named == set(theirs.get(section, {})) - {"default"}


def seen(service: dict[str, Any]) -> dict[str, Any]:
    """What must agree, in one form for both."""
    environment = service.get("environment", {})
    return {
        "image": service.get("image"),
        "command": words(service.get("command")),
        "entrypoint": words(service.get("entrypoint")),
        "environment": {key: str(value or "") for key, value in environment.items()},
        "labels": service.get("labels", {}),
        "ports": sorted(port(entry) for entry in service.get("ports", [])),
        "mounts": sorted(mount(entry) for entry in service.get("volumes", [])),
        "networks": sorted(service.get("networks", {"default": None})),
        "depends_on": {key: how["condition"] for key, how in service.get("depends_on", {}).items()},
        "restart": service.get("restart"),
        "build": {key: service.get("build", {}).get(key) for key in ("context", "args")},
    }


def words(command: Any) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command or []


def port(entry: Any) -> str:
    if isinstance(entry, dict):
        outside = f"{entry['published']}:" if entry.get("published") else ""
        host = f"{entry['host_ip']}:" if entry.get("host_ip") else ""
        return f"{host}{outside}{entry['target']}/{entry.get('protocol', 'tcp')}"
    return entry if "/" in str(entry) else f"{entry}/tcp"


def mount(entry: Any) -> tuple[str, str, bool]:
    if isinstance(entry, dict):
        return entry.get("source", ""), entry["target"], bool(entry.get("read_only"))
    source, _, rest = str(entry).partition(":") if ":" in str(entry) else ("", "", str(entry))
    target, _, mode = rest.partition(":")
    return source, target, "ro" in mode.split(",")
