"""Processes on a machine that systemd has booted, and the machine itself from first-boot data."""

import contextlib
import subprocess
import sys
import time
import urllib.request

import pytest
from workplace import Workplace

from tests.substrates import systemd

pytestmark = [pytest.mark.docker, pytest.mark.slow]
APP = """
name: units
x-moot: {venues: [far]}
services:
  web:
    x-moot: {process: {command: [python3, -m, http.server, --directory, /etc, $PORT]}}
    ports: ["18081:8080"]
    restart: always
    stop_grace_period: 2s
  once:
    x-moot: {process: {command: [sh, -c, "echo ran >>$VOLUME_TIMES/times"]}}
    volumes: [times:/times]
volumes: {times: {}}
"""


@contextlib.contextmanager
def booted(user_data=""):
    try:
        with systemd.machine(user_data) as machine:
            yield machine
    except systemd.NoSystemd as reason:
        pytest.skip(str(reason))


def answer(machine):
    """What the replica says, as soon as the gateway has found it again."""
    until = time.monotonic() + 60
    while True:
        try:
            url = f"http://{machine.address}:18081/hostname"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode().strip()
        except OSError:
            assert time.monotonic() < until, machine.run("systemctl", "status", "moot-*")
            time.sleep(0.1)


def test_a_replica_is_a_unit_and_comes_back_with_the_machine(docker_host, tmp_path):
    with booted() as machine:
        before = machine.run("find", "/etc/systemd/system", "-name", "moot-*")
        far = Workplace(tmp_path, machine.venue())
        far.app(APP)
        far.moot("up")
        assert "units/web/0 (moot)" in machine.run("systemctl", "list-units", "moot-*")
        for again in (machine.reboot, machine.crash):
            again()
            assert answer(machine) == machine.name
        assert far.replicas()["units/web/0"]["status"] == "running"
        assert far.replicas()["units/once/0"]["status"] == "completed"
        times = machine.run("sh", "-c", "cat /var/lib/moot/*/volumes/units_times/data/times")
        assert times.split() == ["ran"]  # what is over is not done again

        unit = machine.run(
            "sh", "-c", "basename $(grep -l web/0 /etc/systemd/system/moot-*)"
        ).strip()
        before_kill = main_pid(machine, unit)
        machine.run("kill", "-9", before_kill)
        while main_pid(machine, unit) in {before_kill, "0"}:
            time.sleep(0.1)
        assert answer(machine) == machine.name  # systemd starts a supervisor that was killed

        far.moot("down", "--volumes")
        assert machine.run("find", "/etc/systemd/system", "-name", "moot-*") == before
        assert (
            machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "moot-*")
            == ""
        )
        assert "No such file" in machine.run("sh", "-c", "ls /var/lib/moot 2>&1 || true")


def main_pid(machine, unit):
    return machine.run("systemctl", "show", "--property", "MainPID", "--value", unit).strip()


def test_a_machine_that_was_booted_with_our_data_is_a_venue(docker_host, tmp_path):
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "id")], check=True
    )
    (tmp_path / "hello.service").write_text(
        "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
    )
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "moot", "machine", "user-data", "--ssh-key", "id.pub"),
            *("--host-key", "host.key", "--hostname", "web1", "--unit", "hello.service"),
            *("--put", "/srv/word=id.pub"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
    # All it asks for is there already, and asking the world for news takes half a minute.
    with booted(ran.stdout.replace('"package_update": true', '"package_update": false')) as machine:
        machine.run("cloud-init", "status", "--wait", check=False)  # what it did is asked below
        assert machine.run("systemctl", "is-active", "hello.service") == "active\n"
        assert machine.run("cat", "/srv/word") == (tmp_path / "id.pub").read_text()
        settings = dict(word.split("=", 1) for word in ran.stderr.split() if "=" in word)
        far = Workplace(
            tmp_path,
            {
                "host": machine.address,
                "user": settings["user"],
                "sudo": True,
                "host_key": settings["host_key"],
                "identity_file": str(tmp_path / "id"),
            },
        )
        assert "ok" in far.moot("venue", "check", "far")
