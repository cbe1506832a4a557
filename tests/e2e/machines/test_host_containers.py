"""Containers on a machine reached over SSH: its own Docker Engine, and no registry."""

import subprocess
import urllib.request

import pytest
from workplace import Workplace

from moot.testing.busybox import busybox
from tests.substrates.host_engines import docker

pytestmark = [pytest.mark.docker, pytest.mark.slow]
IMAGE = "moot-tests/far:1"
APP = """
name: far
x-moot: {{venues: [far]}}
services:
  web:
    image: {image}
    command:
      - sh
      - -c
      - |
        until busybox wget -qO /index.html http://$$API_HOST:$$API_PORT/word; do sleep 1; done
        exec httpd -f -p 8080 -h /
    ports: ["18080:8080"]
    depends_on: [api]
    environment: {{LINES: "one\\ntwo", COLOUR: {colour}}}
    stop_grace_period: 1s
    deploy: {{replicas: 2}}
  api:
    image: {image}
    command: [httpd, -f, -p, "9000", -h, /run/secrets]
    expose: ["9000"]
    volumes: [data:/data]
    secrets: [word]
    stop_grace_period: 1s
secrets: {{word: {{file: ./word}}}}
volumes: {{data: {{}}}}
"""


@pytest.fixture
def far(engine_host, docker_host, tmp_path):
    """A place to work from; the image is in the engine beside us only."""
    subprocess.run(["docker", "import", "-", IMAGE], input=busybox(), check=True)
    (tmp_path / "word").write_text("a-word-that-is-secret")
    yield Workplace(tmp_path, engine_host.venue())
    subprocess.run(["docker", "image", "rm", "--force", IMAGE], check=True)


def test_an_app_of_containers_from_nothing_to_nothing(far, engine_host):
    before = everything(engine_host)
    far.app(APP.format(image=IMAGE, colour="red"))
    far.moot("up")
    assert {r["status"] for r in far.replicas().values()} == {"running"}
    with urllib.request.urlopen(f"http://{engine_host.address}:18080", timeout=20) as answer:
        assert answer.read() == b"a-word-that-is-secret"  # of `api`, over the machine's gateway
    assert far.moot("exec", "web/1", "--", "sh", "-c", 'echo "$LINES"') == "one\ntwo\n"
    assert "a-word-that" not in docker(engine_host, "inspect", *running(engine_host))
    assert "No changes" in far.moot("plan")

    kept = identifier(far, "api")
    far.app(APP.format(image=IMAGE, colour="blue"))
    far.moot("up")
    assert far.moot("exec", "web/0", "--", "sh", "-c", "echo $COLOUR") == "blue\n"
    assert identifier(far, "api") == kept

    docker(engine_host, "kill", running(engine_host)[0])
    far.moot("up")
    assert {r["status"] for r in far.replicas().values()} == {"running"}

    far.moot("down", "--volumes")
    assert everything(engine_host) == before


def identifier(far, component):
    lines = far.moot("inventory").splitlines()
    return next(line.split()[-1] for line in lines if line.startswith(f"far/{component}/0@far/con"))


def running(host):
    return docker(host, "ps", "--quiet").split()


def everything(host):
    """All that an App can leave behind on a machine with an engine."""
    return {
        "containers": docker(host, "ps", "--all", "--quiet"),
        "images": docker(host, "images", "--quiet"),
        "networks": docker(host, "network", "ls", "--format", "{{.Name}}"),
        "files": host.run("find", "/var/lib/moot", "/run/moot", check=False),
    }
