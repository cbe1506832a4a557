"""`moot facts`, `moot run` and an App on machines over SSH, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ssh
PATIENCE_S = 30.0
APP = {
    "name": "shop",
    "services": {
        "web": {
            "deploy": {"replicas": 2},
            "x-moot": {
                "process": {"command": ["sleep", "infinity"]},
                "recipe": {"files": {"/etc/shop.conf": {"content": "a = 1\n"}}},
            },
        }
    },
}


class Desk:
    """A user's moot with a pool of its own, as processes."""

    def __init__(self, folder: Path, hosts: list[Any], **more: Any) -> None:
        self.folder, self.hosts = folder, hosts
        (folder / "compose.yaml").write_text(json.dumps(APP))
        pool = {"provider": "host", "hosts": [host.address for host in hosts]}
        pool |= hosts[0].lab.settings() | more
        (folder / "venues.yaml").write_text(json.dumps({"venues": {"lab": pool}}))
        self.environ = {
            **os.environ,
            "MOOT_HOME": str(folder / "home"),
            "MOOT_VENUES": str(folder / "venues.yaml"),
        }

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "moot", *words],
            cwd=self.folder,
            env={**self.environ, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def moot(self, *words: str, **more: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        with self.start(*words, **more) as child:
            out, err = child.communicate(timeout=120)
            return child.returncode, out, err


@pytest.fixture(scope="module")
def hosts(ssh_hosts: Any) -> Any:
    with ssh_hosts.fresh(2) as machines:
        yield machines


@pytest.fixture
def desk(hosts: Any, tmp_path: Path) -> Desk:
    return Desk(tmp_path, hosts)


def test_facts_of_a_pool(desk: Desk) -> None:
    code, out, _ = desk.moot("facts", "lab", "--json")
    assert code == 0
    machines = json.loads(out)["machines"]
    assert [m["host"] for m in machines] == [host.name for host in desk.hosts]
    assert [m["address"] for m in machines] == [host.address for host in desk.hosts]
    code, out, _ = desk.moot("facts", f"lab:{desk.hosts[0].address}")
    assert code == 0
    assert "Debian GNU/Linux 12" in out


def test_every_line_stands_behind_its_machine(desk: Desk) -> None:
    code, out, err = desk.moot("run", "lab", "--", "sh", "-c", "hostname; echo wrong >&2")
    assert code == 0
    expected = [f"lab:{host.address} | {host.name}" for host in desk.hosts]
    assert sorted(out.splitlines()) == sorted(expected)
    assert err.count("| wrong") == 2


def test_alike_outputs_are_collected(desk: Desk) -> None:
    code, out, _ = desk.moot("run", "--collect", "lab", "--", "echo", "same")
    names = ", ".join(sorted(f"lab:{host.address}" for host in desk.hosts))
    assert (code, out) == (0, f"{names}\n  same\n")


def test_one_that_fails_is_named(desk: Desk) -> None:
    bad = desk.hosts[1]
    script = f'test "$(hostname)" != {bad.name}'
    code, _, err = desk.moot("run", "lab", "--", "sh", "-c", script)
    assert code == 1
    assert f"ok on 1; lab:{bad.address}: exit code 1" in err
    code, out, _ = desk.moot("run", "--json", "lab", "--", "sh", "-c", script)
    ends = {entry["venue"]: entry["exit_code"] for entry in json.loads(out)["runs"]}
    assert code == 1
    assert ends == {f"lab:{desk.hosts[0].address}": 0, f"lab:{bad.address}": 1}


def test_ctrl_c_ends_it_on_every_machine(desk: Desk) -> None:
    child = desk.start("run", "lab", "--", "sh", "-c", "echo begun; sleep 6001; true")
    with child:
        assert child.stdout
        for _ in desk.hosts:
            assert "begun" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_S) == 130
    end = time.monotonic() + PATIENCE_S
    while any("sleep 6001" in host.run("ps", "-eo", "args") for host in desk.hosts):
        assert time.monotonic() < end, "it still runs"


def test_the_dead_are_named_with_a_remedy_and_the_others_are_done(
    ssh_hosts: Any, tmp_path: Path
) -> None:
    with ssh_hosts.fresh(3) as (well, hanging, refusing):
        hanging.freeze()
        refusing.run(
            "sh",
            "-c",
            "nft add table ip shut; nft add chain ip shut in "
            "'{ type filter hook input priority 0; }'; "
            "nft add rule ip shut in tcp dport 22 reject with tcp reset",
        )
        desk = Desk(tmp_path, [well, hanging, refusing], connect_timeout_s=2)
        code, out, err = desk.moot("run", "lab", "--", "hostname")
        hanging.thaw()
    assert code == 1
    assert out == f"lab:{well.address} | {well.name}\n"
    assert f"lab:{hanging.address}: {hanging.address}: it does not answer in time" in err
    assert f"lab:{refusing.address}: {refusing.address}: nothing listens there" in err
    assert "start sshd on it" in err


def test_what_is_no_machine_is_refused(desk: Desk) -> None:
    (desk.folder / "venues.yaml").write_text(json.dumps({"venues": {"toy": {"provider": "fake"}}}))
    code, _, err = desk.moot("run", "toy", "--", "true")
    assert code == 1
    assert "toy: it is not one machine" in err
    code, _, err = desk.moot("run", "nowhere", "--", "true")
    assert code == 2
    assert "there is no venue 'nowhere'" in err


def test_a_first_run_takes_one_errand_for_each_thing(desk: Desk) -> None:
    code, _, err = desk.moot("up", "--venue", "lab", MOOT_TRACE="1")
    assert code == 0
    asked = (line.split() for line in err.splitlines() if " errand " in line)
    made = Counter((words[1], words[3]) for words in asked if words[3] != "survey")
    things = ("configure", "start")  # a file and a process
    assert made == {(f"lab:{host.address}", name): 1 for host in desk.hosts for name in things}
    assert desk.moot("down")[0] == 0


def test_what_is_not_compiled_there_or_cut_short_is_compiled_anew(desk: Desk) -> None:
    assert desk.moot("up", "--venue", "lab")[0] == 0
    for host in desk.hosts:
        (code,) = (host.root / "var/lib/moot").glob("*/lib/*/cpython-*")
        code.unlink() if host is desk.hosts[0] else code.write_bytes(b"")
        host.run("pkill", "-KILL", "-f", "supervis[e]")
    assert desk.moot("up", "--venue", "lab")[0] == 0
    replicas = json.loads(desk.moot("ps", "--json")[1])["replicas"]
    assert [replica["status"] for replica in replicas] == ["running"] * 2
    assert desk.moot("down")[0] == 0


def test_a_run_that_changes_nothing_takes_three_round_trips(desk: Desk) -> None:
    assert desk.moot("up", "--venue", "lab")[0] == 0
    code, _, err = desk.moot("up", "--venue", "lab", MOOT_TRACE="1")
    assert code == 0
    trips = Counter(line.split()[1] for line in err.splitlines() if " errand " in line)
    assert set(trips) == {f"lab:{host.address}" for host in desk.hosts}
    assert max(trips.values()) + 1 <= 3  # and one is the connection, with all facts
    assert [(host.root / "etc/shop.conf").read_text() for host in desk.hosts] == ["a = 1\n"] * 2
    assert desk.moot("down")[0] == 0
    assert not any((host.root / "etc/shop.conf").exists() for host in desk.hosts)
    assert not any((host.root / "var/lib/moot").exists() for host in desk.hosts)


def test_exec_in_a_replica(desk: Desk) -> None:
    assert desk.moot("up", "--venue", "lab")[0] == 0
    code, out, _ = desk.moot(
        "exec",
        "-T",
        "-e",
        "SECRET=s3cret",
        "web/0",
        "sh",
        "-c",
        "echo $SECRET $MOOT_REPLICA; exit 7",
    )
    assert (code, out) == (7, "s3cret shop/web/0\n")
    assert desk.moot("down")[0] == 0
