"""The example of a pool on six real machines: spread, reached, healed, gone without a trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240  # apt on a machine that is busy with others
# What a machine keeps of its own: package lists, logs, and what it holds in memory.
OWN = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/log", "/var/cache", "/var/lib/apt",
       "/var/lib/dpkg", "/var/backups")  # fmt: skip

pytestmark = [pytest.mark.ssh, pytest.mark.slow, pytest.mark.haproxy]


class Site:
    """One user with a pool of machines, and an App in a folder of its own."""

    def __init__(self, folder: Path, hosts: list[Any]) -> None:
        self.folder, self.hosts = folder / "app", {f"lab:{host.address}": host for host in hosts}
        self.clean = {venue: traces(host) for venue, host in self.hosts.items()}
        common = {"provider": "host", "connect_timeout_s": 3, **hosts[0].lab.settings()}
        entry = {**common, "hosts": [host.address for host in hosts]}
        (folder / "venues.yaml").write_text(yaml.safe_dump({"venues": {"lab": entry}}))
        self.environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "src"),
            "MOOT_HOME": str(folder / "home"),
            "MOOT_VENUES": str(folder / "venues.yaml"),
        }

    def moot(self, *words: str, code: int = 0) -> dict[str, Any]:
        """What a command answers; any other end than `code` shows all it said."""
        done = subprocess.run(
            [sys.executable, "-m", "moot", *words, "--json"],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        said = f"moot {' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == code, said
        return json.loads(done.stdout)

    def up(self, *words: str, venue: str = "lab", code: int = 0) -> dict[str, Any]:
        """What `up` answers, without what is left of replicas elsewhere."""
        answer = self.moot("up", "--venue", venue, *words, code=code)
        known = (r for r in answer["replicas"] if r["status"] != "stale")
        self.replicas = {replica["replica"]: replica for replica in known}
        return answer

    @property
    def where(self) -> dict[str, str]:
        """The machine of every replica that was known to run when `up` ended."""
        return {name: replica["venue"] for name, replica in self.replicas.items()}

    def ask(self) -> dict[str, str]:
        """What every address of `web` answers from outside, by the machine it is an address of."""
        answers = {}
        for replica in self.replicas.values():
            if replica["component"] == "web":
                (end,) = replica["endpoints"]
                with urllib.request.urlopen(f"http://{end['address']}/", timeout=10) as reply:
                    answers[replica["venue"]] = reply.read().decode()
        return answers


@pytest.fixture(scope="module")
def site(ssh_hosts: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example, up on six clean machines."""
    folder = tmp_path_factory.mktemp("pool")
    with ssh_hosts.fresh(6) as hosts:
        for host in hosts:  # the gateway needs it: a clean machine has none
            host.run("dpkg", "--purge", "haproxy")
        made = Site(folder, hosts)
        shutil.copytree(ROOT / "examples" / "lab", made.folder)
        made.up()
        yield made
        made.moot("down", "--volumes")


def traces(host: Any) -> set[str]:
    """Everything on a machine that an App might leave: files, packages, users, processes."""
    prune = " -o ".join(f"-path {path}" for path in OWN)
    files = host.run("sh", "-c", rf"find / \( {prune} \) -prune -o -print")
    kept = host.run("sh", "-c", "find /run /tmp /dev/shm -name '*moot*'")
    packages = host.run("dpkg-query", "-W", "-f", "${Package} ${Status}\n")
    processes = host.run("ps", "-eo", "args")
    ours = (line for line in processes.splitlines() if not line.startswith(("ps ", "sshd")))
    users = (host.root / "etc/passwd").read_text()
    lines = (files, kept, packages, users)
    return {line for text in lines for line in text.splitlines()} | set(ours)


def test_it_is_spread_and_every_address_answers(site: Site) -> None:
    places = site.where
    assert len({places["lab/web/0"], places["lab/web/1"]}) == 2
    assert len({places["lab/cache/0"], places["lab/cache/1"]}) == 2
    assert places["lab/tally/0"] == places["lab/tally/1"]  # they share a volume
    answers = site.ask()
    assert set(answers) == {places["lab/web/0"], places["lab/web/1"]}
    assert all("You are visitor" in answer for answer in answers.values())
    assert site.up()["changes"] == []


def test_a_machine_that_dies_is_healed_by_up_and_tidied_when_it_is_back(site: Site) -> None:
    before = site.where
    dead = before["lab/web/1"]
    assert dead != before["lab/tally/0"]
    site.hosts[dead].kill()
    outcome = site.up()
    assert [entry["venue"] for entry in outcome["stale"]] == [dead]
    after = site.where
    assert after.keys() == before.keys()
    assert dead not in after.values()
    assert {name for name in before if before[name] != after[name]} == {
        name for name, venue in before.items() if venue == dead
    }
    assert all("You are visitor" in answer for answer in site.ask().values())
    site.hosts[dead].boot()
    assert {change["venue"] for change in site.up()["changes"]} == {dead}
    assert site.where == after


def test_what_ran_on_behind_a_cut_cable_ends_when_it_is_mended(site: Site) -> None:
    dead = site.where["lab/web/0"]
    assert dead != site.where["lab/tally/0"]
    site.hosts[dead].cut()
    site.up()
    assert "web.py" in site.hosts[dead].run("ps", "-eo", "args")
    site.hosts[dead].join()
    site.up()
    assert "web.py" not in site.hosts[dead].run("ps", "-eo", "args")
    assert len(site.ask()) == 2


def test_data_waits_for_its_machine_and_the_rest_does_not(site: Site) -> None:
    visits = counted(site)
    home = site.where["lab/tally/0"]
    lost = {name for name, venue in site.where.items() if venue == home}
    site.hosts[home].kill()
    outcome = site.up(code=1)
    assert home in outcome["errors"][0]["summary"]
    assert "lab/tally/0" in outcome["errors"][0]["detail"]
    stranded = {name for name in lost if "/tally/" in name}
    assert stranded.isdisjoint(site.where)
    assert lost - stranded <= site.where.keys()
    site.hosts[home].boot()
    site.up()
    assert site.where["lab/tally/0"] == home
    assert counted(site) > visits  # what was counted of late is forgotten, visits are not


def counted(site: Site) -> int:
    """The number of a visit made now; a gateway takes a moment to see that a back end is there."""
    deadline = time.monotonic() + 30
    while True:
        try:
            address = site.replicas["lab/web/0"]["endpoints"][0]["address"]
            with urllib.request.urlopen(f"http://{address}/", timeout=10) as reply:
                return int(reply.read().decode().partition("visitor ")[2].partition(",")[0])
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_data_does_not_move_and_the_refusal_says_why(site: Site) -> None:
    home = site.where["lab/tally/0"]
    refused = site.moot("up", "--venue", "laptop", code=4)
    (error,) = refused["errors"]
    assert "'tally'" in error["summary"]
    reason = f"its volume 'visits' with the data is on {home}, and data cannot move yet"
    assert reason in error["detail"]


def test_nothing_is_left_of_it_anywhere(site: Site) -> None:
    site.moot("down", "--volumes")
    left = {venue: traces(host) ^ site.clean[venue] for venue, host in site.hosts.items()}
    assert {venue: sorted(lines) for venue, lines in left.items() if lines} == {}


def test_an_app_without_data_moves_between_laptop_and_machines(site: Site, tmp_path: Path) -> None:
    folder, site.folder = site.folder, tmp_path
    (tmp_path / "web.py").write_text(PAGE)
    (tmp_path / "compose.yaml").write_text(MOVING)
    try:
        site.up()
        assert {venue.partition(":")[0] for venue in site.where.values()} == {"lab"}
        site.up(venue="laptop")
        assert set(site.where.values()) == {"laptop"}
        site.up()
        assert len(set(site.where.values())) == 2
        assert len(site.ask()) == 2
    finally:
        site.moot("down", "--volumes")
        site.folder = folder


PAGE = """
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
http.server.ThreadingHTTPServer(
    ("", int(os.environ["PORT"])), Page
).serve_forever()
"""
MOVING = """
name: moving
services:
  web:
    x-moot: {process: {command: [python3, web.py]}}
    configs: [{source: page, target: /web.py}]
    deploy: {replicas: 2}
    ports: ["18980:80"]
configs: {page: {file: ./web.py}}
"""
