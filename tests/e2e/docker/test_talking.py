"""Logs and exec on a real Engine: lines over restarts, streams kept apart, a terminal."""

import os
import pty
import subprocess
import sys
import textwrap
import threading
import time

import pytest

pytestmark = pytest.mark.docker


def lines(site, item, *, follow=False, tail=None, since=None, stop=lambda: False):
    return site.provider.logs(item, follow=follow, tail=tail, since=since, stop=stop)


def test_lines_with_their_stream_and_time(site):
    item = site.create(
        site.container(command=["sh", "-c", "echo out; sleep 0.1; echo err >&2; printf end"])
    )
    site.wait(item, "completed")
    found = list(lines(site, item))
    assert [(line.stream, line.text) for line in found] == [
        ("stdout", "out"), ("stderr", "err"), ("stdout", "end")]  # fmt: skip
    assert abs(found[0].at - time.time()) < 600
    assert [line.text for line in lines(site, item, tail=1)] == ["end"]
    assert [line.text for line in lines(site, item, since=found[0].at)][-2:] == ["err", "end"]


def test_a_terminals_lines(site):
    item = site.create(
        site.container(command=["sh", "-c", "echo one; echo two"], options={"tty": True})
    )
    site.wait(item, "completed")
    assert [line.text for line in lines(site, item)] == ["one", "two"]


def test_following_goes_on_over_a_restart_and_ends_with_the_container(site):
    script = "echo up $(cat /proc/sys/kernel/random/uuid); sleep 1000"
    item = site.create(
        site.container(command=["sh", "-c", script], restart={"condition": "always"})
    )
    heard = []

    def listen():
        heard.extend(line.text for line in lines(site, item, follow=True))

    listener = threading.Thread(target=listen)
    listener.start()
    site.client.restart(item.identifier, timeout=0)
    time.sleep(1)
    site.delete(item)
    listener.join(20)
    assert not listener.is_alive()
    assert len(heard) == 2
    assert len(set(heard)) == 2


def test_following_stops_when_asked(site):
    item = site.create(site.container(command=["sh", "-c", "echo up; sleep 1000"]))
    asked = threading.Event()
    heard = []
    for line in lines(site, item, follow=True, stop=asked.is_set):
        heard.append(line.text)
        asked.set()
    assert heard == ["up"]


EXECUTE = textwrap.dedent("""
    import sys
    from pathlib import Path
    from moot.provider import Env
    from moot.providers.docker import DockerProvider
    from moot.model.resource import ConfigurationItem
    provider = DockerProvider("dock", {}, Env(home=Path(sys.argv[1])))
    item = ConfigurationItem(type="docker.container", venue="dock", identifier=sys.argv[2])
    sys.exit(provider.execute(item, sys.argv[4:], tty=sys.argv[3] == "tty",
                              environment={"COLOUR": "blue"}, working_dir="/tmp", user="7"))
""")


@pytest.fixture
def idle(site):
    return site.create(site.container())


def argv(site, item, mode, *command):
    return [sys.executable, "-c", EXECUTE, str(site.folder), item.identifier, mode, *command]


def environ(site):
    return {**os.environ, "DOCKER_HOST": site.host, "PYTHONPATH": "src", "COLUMNS": "71",
            "LINES": "33"}  # fmt: skip


def test_exec_keeps_streams_apart_and_gives_the_exit_code(site, idle):
    script = "cat; echo $COLOUR $PWD $(id -u); echo oops >&2; exit 7"
    ran = subprocess.run(
        argv(site, idle, "plain", "sh", "-c", script),
        input=b"typed\n", capture_output=True, env=environ(site), timeout=60,
    )  # fmt: skip
    assert ran.stdout == b"typed\nblue /tmp 7\n"
    assert ran.stderr == b"oops\n"
    assert ran.returncode == 7


def test_exec_passes_a_lot_through(site, idle):
    content = os.urandom(3_000_000)
    ran = subprocess.run(
        argv(site, idle, "plain", "cat"), input=content, capture_output=True, env=environ(site),
        timeout=60,
    )  # fmt: skip
    assert ran.stdout == content


def test_exec_on_a_terminal(site, idle):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        argv(site, idle, "tty", "sh"), stdin=theirs, stdout=theirs, stderr=theirs,
        env=environ(site),
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, b"stty size; test -t 0 && echo yes-a-terminal; exit 5\n")
    said = b""
    while True:
        try:
            chunk = os.read(ours, 1000)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
    os.close(ours)
    assert process.wait(30) == 5
    assert b"\nyes-a-terminal" in said.replace(b"\r", b"")
