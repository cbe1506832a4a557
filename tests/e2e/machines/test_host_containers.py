"""Containers on a machine reached over SSH: its own Docker Engine, and no registry."""

import os
import subprocess
import urllib.request

import pytest
from workplace import Workplace

from moot.provider import Env, ProviderError
from moot.providers.host.access import machine_of
from moot.providers.host.onhost.containers import container_name
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


MARKS = {"moot.installation": "i", "moot.uid": "u", "moot.incarnation": "1"}


@pytest.fixture
def machine(engine_host, tmp_path):
    """The machine by itself, with the image in its engine."""
    (engine_host.root / "srv/image.tar").write_bytes(busybox())
    docker(engine_host, "import", "/srv/image.tar", IMAGE)
    yield machine_of("far", engine_host.venue(), Env(home=tmp_path, environ=dict(os.environ)))
    docker(engine_host, "image", "rm", "--force", IMAGE)


def begin(machine, *command):
    """Have a container run; its folder."""
    folder = f"{machine.data}/run/owner/far/container.web.0.1"
    spec = {"targets": [], "networks": {}, "environment": {"WORD": "secret"}, "address": "0.0.0.0"}
    machine.errand(
        "run_container",
        folder=folder,
        marks={**MARKS, "moot.type": "host.container"},
        spec={**spec, "image": IMAGE, "command": command},
        words=[],
        files=[],
        **machine.surroundings(),
    )
    return folder


def end(machine, folder):
    marks = {**MARKS, "moot.type": "host.container"}
    how = {"late": True, "patience_s": 0.5, **machine.surroundings()}
    return machine.errand("end_container", folder=folder, marks=marks, **how)


def test_somebody_elses_container_of_our_name_is_left_alone(machine, engine_host):
    folder = f"{machine.data}/run/owner/far/container.web.0.1"
    theirs = docker(engine_host, "create", "--name", container_name(folder), IMAGE, "true")
    with pytest.raises(ProviderError, match="is there and is not ours"):
        begin(machine, "sleep", "100")
    assert docker(engine_host, "ps", "--all", "--quiet", "--no-trunc") == theirs
    assert machine.record(folder) is None
    docker(engine_host, "rm", theirs.strip())


def test_an_engine_that_is_down_makes_containers_neither_gone_nor_forgotten(machine, engine_host):
    folder = begin(machine, "sleep", "100")
    assert not list((engine_host.root / "run/moot").rglob("env"))
    engine_host.run("mv", "/run/docker.sock", "/run/away.sock")
    try:
        with pytest.raises(ProviderError, match=r"docker\.sock"):
            list(machine.records("host.container"))
        with pytest.raises(ProviderError, match=r"docker\.sock"):
            end(machine, folder)
    finally:
        engine_host.run("mv", "/run/away.sock", "/run/docker.sock")
    assert machine.record(folder)["container"]["State"]["Status"] == "running"
    assert end(machine, folder)
    assert machine.record(folder) is None
    assert docker(engine_host, "ps", "--all", "--quiet") == ""


def test_a_long_log_comes_in_parts_and_whole(machine, engine_host):
    folder = begin(machine, "sh", "-c", "seq 1 50000; seq 1 10 >&2")
    docker(engine_host, "wait", container_name(folder))
    texts, offset, more = [], 0, True
    while more:
        found = machine.errand("lines", folder=folder, number=0, offset=offset)
        texts, offset, more = [*texts, found["text"]], found["offset"], found["more"]
    lines = [line.split(" ")[1:] for line in "".join(texts).splitlines()]
    assert [int(n) for stream, n in lines if stream == "stdout"] == list(range(1, 50001))
    assert [int(n) for stream, n in lines if stream == "stderr"] == list(range(1, 11))
    assert 1 < len(texts) == sum(map(bool, texts))
    assert end(machine, folder)
