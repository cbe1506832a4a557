"""The recipes that ship, their scripts run for real: who comes in, and whose service it is."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

RECIPES = Path(str(files("moot.passes.compose"))) / "recipes"
SERVICES = {
    "postgresql": "postgresql",
    "redis": "redis-server",
    "docker": "docker docker.socket",
    "node-exporter": "prometheus-node-exporter",
}
PASSWORD = """it's "a" \\n $word"""
SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$0.log"
case $1 in is-enabled) exit $ENABLED ;; is-active) exit $ACTIVE ;; esac
"""


def service_script(name: str) -> dict[str, str]:
    (component,) = yaml.safe_load((RECIPES / f"{name}.yaml").read_text())["services"].values()
    (script,) = component["x-moot"]["recipe"]["scripts"].values()
    return script


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    ("enabled", "active", "done"),
    [(True, True, True), (True, False, False), (False, False, True), (False, True, True)],
)
def test_a_service_that_runs_was_there_before_and_stays(
    tmp_path: Path, name: str, enabled: bool, active: bool, done: bool
) -> None:
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    environ = {"ENABLED": str(int(not enabled)), "ACTIVE": str(3 * int(not active))}
    environ["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    script = service_script(name)
    assert (ended(script["check"], environ) == 0) is done
    assert ended(script["run"], environ) == 0
    asked = Path(f"{program}.log").read_text().splitlines()
    assert asked[0] == f"is-enabled --quiet {SERVICES[name]}"
    assert asked[-1] == f"disable {SERVICES[name]}"


@pytest.mark.parametrize("name", SERVICES)
def test_without_systemd_there_is_nothing_to_switch_off(name: str) -> None:
    assert ended(service_script(name)["check"], {"PATH": "/nowhere"}) == 0


def ended(script: str, environ: dict[str, str]) -> int:
    return subprocess.run(["/bin/sh", "-e", "-c", script], env=environ).returncode


@pytest.mark.postgresql
def test_postgresql_without_a_password_lets_nobody_in_over_the_network() -> None:
    with running("postgresql", "postgres", POSTGRES_PASSWORD="") as server:
        rules = "SELECT count(*) FROM pg_hba_file_rules WHERE type <> 'local' AND auth_method"
        assert server.psql(f"{rules} <> 'reject'") == "0"
        assert server.psql(f"{rules} = 'reject'") != "0"
        assert server.psql("SELECT rolpassword IS NULL FROM pg_authid WHERE rolcanlogin") == "t"


@pytest.mark.postgresql
def test_postgresql_with_a_password_lets_in_who_knows_it() -> None:
    with running("postgresql", "postgres", POSTGRES_PASSWORD=PASSWORD) as server:
        assert server.psql("SELECT 1", host="127.0.0.1", password=PASSWORD) == "1"
        assert "authentication failed" in server.psql("", host="127.0.0.1", password="another")
        everybody = "SELECT address, auth_method FROM pg_hba_file_rules WHERE address = 'all'"
        assert server.psql(everybody) == "all|scram-sha-256"


@pytest.mark.skipif(not Path("/usr/bin/redis-server").exists(), reason="Redis is not installed")
def test_redis_takes_any_password_as_it_is() -> None:
    with running("redis", "redis", REDIS_PASSWORD=PASSWORD) as server:
        assert server.redis("PING").startswith(b"-NOAUTH")
        assert server.redis("AUTH", PASSWORD) == b"+OK\r\n"


class Server:
    """A server that a recipe's script became, on a free port and in a folder of its own."""

    def __init__(self, folder: Path, person: pwd.struct_passwd) -> None:
        self.folder, self.person = folder, person
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def psql(self, sql: str, host: str = "", password: str = "") -> str:
        """What a statement prints, or why there was none."""
        to = ["-h", host or str(self.folder / "run"), "-p", str(self.port), "-d", "postgres"]
        ran = subprocess.run(
            ["psql", "-XAtqw", "-U", self.person.pw_name, *to, "-c", sql],
            capture_output=True,
            text=True,
            cwd="/",
            user=self.person.pw_uid if os.geteuid() == 0 else None,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": password},
        )
        return (ran.stdout or ran.stderr).strip()

    def redis(self, *words: str) -> bytes:
        """The first line of the answer to a command."""
        packed = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.sendall(f"*{len(words)}\r\n{packed}".encode())
            return line.makefile("rb").readline()


@contextlib.contextmanager
def running(name: str, user: str, **environ: str) -> Iterator[Server]:
    """The server that the script of a recipe becomes, started as a process of ours would be."""
    person = pwd.getpwnam(user) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with tempfile.TemporaryDirectory(prefix="moot-recipe-") as made:
        server = Server(Path(made), person)
        script = shutil.copy(RECIPES / f"{name}.sh", made)
        for folder in (server.folder, server.folder / "data", server.folder / "run"):
            folder.mkdir(exist_ok=True)
            os.chown(folder, person.pw_uid, person.pw_gid)
        environ |= {"POSTGRES_USER": person.pw_name, "POSTGRES_DB": "postgres"}
        environ |= {"PORT": str(server.port), "VOLUME_DATA": f"{made}/data"}
        environ |= {f"VOLUME_{volume}": f"{made}/run" for volume in ("POSTGRESQL", "REDIS")}
        environ["PATH"] = os.environ["PATH"]
        shell = RECIPES.joinpath(f"{name}.sh").read_text().partition("\n")[0].removeprefix("#!")
        with subprocess.Popen(
            [shell, script],
            stdout=subprocess.DEVNULL,
            cwd=made,
            env=environ,
            user=person.pw_uid if os.geteuid() == 0 else None,
        ) as process:
            try:
                await_listening(process, server.port)
                yield server
            finally:
                process.terminate()


def await_listening(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
