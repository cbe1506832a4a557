"""An example in a folder of its own, run by the command line as its reader would run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
UP_TIMEOUT_S = 600  # the first time an image is built or a package fetched
LOAD_S = 8
UNDER_WAY = 4  # answers a replica may be giving at a time: half of wrk's connections


class Example:
    """One folder of examples/, up from the first `up` until `down`.

    `seen` is everything the inventory ever named, so that `left` can look for it afterwards.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "MOOT_HOME": str(home),
            "MOOT_VENUES": str(home / "venues.yaml"),
        }
        self.seen: dict[str, dict[str, Any]] = {}

    def moot(self, *words: str) -> str:
        """What the command prints on stdout; a failure shows all it said."""
        done = subprocess.run(
            [sys.executable, "-m", "moot", *words],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=UP_TIMEOUT_S,
            check=False,
        )
        said = f"moot {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        return done.stdout

    def up(self) -> str:
        said = self.moot("up")
        self.look()
        return said

    def look(self) -> dict[str, dict[str, Any]]:
        """The items of this App by address."""
        answer = json.loads(self.moot("inventory", "--json"))
        items = {i["address"]: i for i in answer["items"] if i["managed"]}
        self.seen |= items
        return items

    def statuses(self, component: str) -> list[str]:
        """Of every replica of a component."""
        replicas = json.loads(self.moot("ps", "--json"))["replicas"]
        return [r["status"] for r in replicas if r["component"] == component]

    def wait_for(self, component: str, status: str) -> None:
        deadline = time.monotonic() + 60
        while set(self.statuses(component)) != {status}:
            assert time.monotonic() < deadline, f"{component} is {self.statuses(component)}"
            time.sleep(0.5)

    def left(self) -> list[str]:
        """What still exists of all that was ever seen, and every port that still answers."""
        folders = [i["identifier"] for i in self.seen.values() if i["type"].startswith("host.")]
        ports = {port for item in self.seen.values() for port in _ports(item)}
        return [
            *(address for address, item in self.seen.items() if _exists(item)),
            *(f"process {pid}" for pid in _processes(folders)),
            *(f"port {port}" for port in sorted(ports) if _answers(port)),
        ]


@pytest.fixture
def example(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Example]]:
    """Makes an Example of a folder's name; whatever a failed test left up is taken down."""
    made: list[Example] = []

    def make(name: str) -> Example:
        shutil.copytree(ROOT / "examples", tmp_path / "examples", symlinks=True)
        made.append(Example(tmp_path / "examples" / name, tmp_path / "home"))
        return made[-1]

    yield make
    for one in made:
        one.moot("down", "--volumes")


@pytest.fixture
def base_image(docker_host: str) -> None:
    """The image that the Dockerfiles of the examples start from."""
    if not shutil.which("mmdebstrap"):
        pytest.skip("mmdebstrap is not installed")
    script = ROOT / "examples" / "mediawiki" / "base-image.sh"
    subprocess.run([script], check=True, timeout=900)


def loaded(url: str, midway: Callable[[], None]) -> str:
    """wrk's report of a few seconds on a URL, in the middle of which `midway` is called."""
    command = ["wrk", "-t1", "-c8", f"-d{LOAD_S}s", "--timeout", "10s", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        time.sleep(LOAD_S / 3)
        midway()
        report, _ = wrk.communicate(timeout=LOAD_S + 60)
    return report


@pytest.fixture
def no_request_fails() -> Callable[[str, Callable[[], None]], None]:
    """Asserts that every request to a URL is answered well while something happens."""
    if not shutil.which("wrk"):
        pytest.skip("wrk is not installed")

    def check(url: str, midway: Callable[[], None]) -> None:
        report = loaded(url, midway)
        requests = re.search(r"(\d+) requests in", report)
        assert requests, report
        assert int(requests[1]) > 20, report
        assert "Non-2xx" not in report, report
        assert _cut_short(report) <= UNDER_WAY, report

    return check


def _cut_short(report: str) -> int:
    """Answers that broke off: of one that has begun, no other replica can give the rest."""
    found = re.search(r"Socket errors: connect 0, read (\d+), write 0, timeout 0", report)
    if not found:
        assert "Socket errors" not in report, report
        return 0
    return int(found[1])


def _ports(item: dict[str, Any]) -> Iterator[int]:
    """Ports of this machine that an item listened on."""
    properties = item["properties"]
    if item["type"] == "host.process":
        yield from (properties.get("ports") or {}).values()
    for listener in properties.get("listeners") or ():
        yield from (port for _, port in listener["binds"])
    if item["type"] == "docker.gateway":
        yield from (properties.get("ports") or {}).values()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _exists(item: dict[str, Any]) -> bool:
    kind, _, what = item["type"].partition(".")
    if kind == "host":
        return Path(item["identifier"]).exists()
    noun = {"gateway": "container"}.get(what, what)
    if noun == "backend":
        return False  # goes with its gateway
    command = ["docker", noun, "inspect", item["identifier"]]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _processes(folders: list[str]) -> Iterator[int]:
    """Processes that were started in one of these run folders, which their environment names."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            text = environ.read_text(errors="replace")
        except OSError:
            continue
        if any(folder in text for folder in folders):
            yield int(environ.parent.name)
