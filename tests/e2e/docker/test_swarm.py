"""An App in a real swarm of two nodes, by the command line: made, changed, healed, gone."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from tests.substrates.dockerd import NoEngine
from tests.substrates.swarm import pair

pytestmark = [pytest.mark.docker, pytest.mark.slow]

APP = """
name: swarmed
services:
  web:
    image: moot-tests/busybox:1
    command:
      - sh
      - -c
      - trap exit TERM; cat /etc/motd; nc db 5432 </dev/null && echo far; sleep 1000 & wait
    restart: always
    stop_grace_period: 1s
    deploy: {replicas: 2}
    depends_on: {db: {condition: service_healthy}}
    configs: [{source: motd, target: /etc/motd}]
  db:
    image: moot-tests/busybox:1
    command: [httpd, -f, -p, "5432", -h, /data]
    stop_signal: SIGKILL
    healthcheck: {test: [CMD, sh, -c, "exit 0"], interval: 1s}
    ports: ["18432:5432"]
    volumes: ["data:/data"]
    secrets: [{source: password, mode: 0400}]
configs: {motd: {content: "hello\\n"}}
secrets: {password: {file: ./password.txt}}
volumes: {data: {}}
"""
PATIENCE_S = 60


@pytest.fixture(scope="module")
def manager():
    try:
        with pair() as made:
            yield made
    except NoEngine as reason:
        pytest.skip(str(reason))


@pytest.fixture
def app(tmp_path, manager, docker_host, busybox):
    """The App beside a venue of this swarm, which gets its images from an Engine outside."""
    settings = {
        "provider": "docker",
        "host": manager.host,
        "swarm": {"mesh": False, "nodes": [manager.worker]},
        "images": {"from": docker_host},
    }
    (tmp_path / "venues.yaml").write_text(json.dumps({"venues": {"stack": settings}}))
    (tmp_path / "compose.yaml").write_text(APP)
    (tmp_path / "password.txt").write_text("first")
    environ = {**os.environ, "MOOT_HOME": f"{tmp_path}/home"}
    environ["MOOT_VENUES"] = f"{tmp_path}/venues.yaml"

    def moot(*words):
        ran = subprocess.run(
            [sys.executable, "-m", "moot", *words],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=240,
        )
        assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
        return ran.stdout

    try:
        yield SimpleNamespace(moot=moot, folder=tmp_path, manager=manager)
    finally:
        moot("down", "--volumes")


def docker(app, *words):
    return app.manager.run("docker", "--host", app.manager.host, *words).split()


def statuses(app):
    found = json.loads(app.moot("ps", "--json"))["replicas"]
    return {one["replica"]: one["status"] for one in found}


def test_an_app_in_a_swarm(app):
    app.moot("up", "--venue", "stack")
    assert statuses(app) == {
        "swarmed/db/0": "healthy",
        "swarmed/web/0": "running",
        "swarmed/web/1": "running",
    }
    assert app.moot("exec", "db", "--", "cat", "/run/secrets/password") == "first"
    said = app.moot("logs", "web")
    assert said.count("hello") == said.count("far") == 2
    assert json.loads(app.moot("plan", "--json", "--venue", "stack"))["changes"] == []
    answer = app.manager.run("curl", "-s", "-o", "-", "-w", "%{http_code}", "127.0.0.1:18432/")
    assert answer.endswith("404")  # BusyBox's own answer where there is no index.html

    app.moot("exec", "db", "--", "sh", "-c", "echo kept >/data/word")
    (app.folder / "password.txt").write_text("second")
    app.moot("up", "--venue", "stack")
    assert app.moot("exec", "db", "--", "cat", "/run/secrets/password") == "second"
    assert app.moot("exec", "db", "--", "cat", "/data/word") == "kept\n"
    assert docker(app, "secret", "ls", "--format", "{{.Name}}") == ["swarmed_password-r2"]

    items = json.loads(app.moot("inventory", "--json"))["items"]
    tasks = [one["properties"] for one in items if one["type"] == "docker.task"]
    assert len({task["node"] for task in tasks}) == 2, "no registry has the image, and both run it"

    victim = docker(app, "ps", "-q", "--filter", "name=swarmed_web")[0]
    docker(app, "kill", victim)
    until = time.monotonic() + PATIENCE_S
    while victim in docker(app, "ps", "-q") or len(docker(app, "ps", "-q")) < 2:
        assert time.monotonic() < until, "Swarm did not make another"
        time.sleep(0.2)

    app.moot("down", "--volumes")
    for kind in ("service", "secret", "config", "volume"):
        assert docker(app, kind, "ls", "-q") == []
    assert "swarmed_default" not in docker(app, "network", "ls", "--format", "{{.Name}}")
