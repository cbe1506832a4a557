"""Gives a Docker Engine to tests and benchmarks: the one there is, or a private one for a while.

    python tests/substrates/dockerd.py COMMAND...    runs COMMAND with DOCKER_HOST set

An engine that answers at DOCKER_HOST or the default socket is used as it is.  Otherwise root
starts Debian's dockerd on a socket and data folder of its own, and stops it by its pid; it ends
with its parent too, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

DEFAULT = "unix:///var/run/docker.sock"
OWN_KEY = 'mkdir -p /etc/docker && mount -t tmpfs key /etc/docker && exec dockerd "$@"'
START_S = 60
STOP_S = 30
PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


class NoEngine(Exception):
    """There is no engine here and none can be started; says why."""


@contextlib.contextmanager
def engine(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The DOCKER_HOST of an engine that answers; raises NoEngine with the reason."""
    for host in filter(None, (environ.get("DOCKER_HOST"), DEFAULT)):
        if answers(host):
            yield host
            return
    with private() as host:
        yield host


@contextlib.contextmanager
def apart() -> Iterator[str]:
    """The DOCKER_HOST of an engine that shares no network with any other here.

    Two engines in one network take bridges and addresses from each other.
    """
    with network() as name, private(namespace=name) as host:
        yield host


@contextlib.contextmanager
def network() -> Iterator[str]:
    """The name of a network namespace with nothing in it; raises NoEngine with the reason."""
    name = f"moot-{uuid.uuid4().hex[:8]}"
    environ = {**os.environ, "PATH": PATH}
    try:
        for words in (("netns", "add", name), ("-n", name, "link", "set", "lo", "up")):
            subprocess.run(["ip", *words], env=environ, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoEngine(f"no network namespace can be made here: {error}") from error
    try:
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], env=environ, capture_output=True)


@contextlib.contextmanager
def private(namespace: str = "") -> Iterator[str]:
    """The DOCKER_HOST of an engine of our own, inside a network namespace where one is named.

    Raises NoEngine with the reason.
    """
    if reason := why_not():
        raise NoEngine(reason)
    with tempfile.TemporaryDirectory(prefix="moot-dockerd-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        host = f"unix://{folder}/d.sock"
        daemon = started(folder, host, namespace)
        try:
            await_answer(daemon, host, folder / "log")
            yield host
        finally:
            stop(daemon, host, folder)


def answers(host: str) -> bool:
    """Whether an engine listens at `host`."""
    try:
        ran = subprocess.run(
            ["docker", "--host", host, "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            timeout=20,
            env={**os.environ, "PATH": PATH},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0


def why_not() -> str:
    """What keeps a private engine from being started here, "" where nothing does."""
    if os.geteuid() != 0:
        return "only root can start a Docker Engine of its own"
    for command in ("dockerd", "docker", "setpriv", "unshare"):
        if not shutil.which(command, path=PATH):
            return f"{command} is not installed, so that no Docker Engine can be started"
    return ""


def started(folder: Path, host: str, namespace: str) -> subprocess.Popen[bytes]:
    """A dockerd of our own that gets SIGTERM when this process ends."""
    # Not `ip netns exec`: that mounts another /sys, in which there are no cgroups.
    inside = ["nsenter", f"--net=/run/netns/{namespace}"] if namespace else []
    # An engine is known by a key in /etc/docker, which all on one machine would share.
    alone = ["unshare", "--mount", "sh", "-c", OWN_KEY, "sh"]
    argv = ["setpriv", "--pdeathsig", "TERM", *inside, *alone, "--host", host]
    argv += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
    argv += ["--pidfile", f"{folder}/pid"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PATH": PATH},
        )


def await_answer(daemon: subprocess.Popen[bytes], host: str, log: Path) -> None:
    """Return when the engine answers; raises NoEngine with the end of its log when it does not."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and daemon.poll() is None:
        if Path(host.removeprefix("unix://")).exists() and answers(host):
            return
        time.sleep(0.1)
    raise NoEngine("the private dockerd does not answer:\n" + log.read_text()[-2000:])


def stop(daemon: subprocess.Popen[bytes], host: str, folder: Path) -> None:
    """Remove its containers, end it, and end whatever of it would stay behind."""
    docker = ["docker", "--host", host]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        listed = subprocess.run([*docker, "ps", "-aq"], capture_output=True, text=True, timeout=20)
        if ids := listed.stdout.split():
            subprocess.run([*docker, "rm", "-f", *ids], capture_output=True, timeout=60)
        subprocess.run([*docker, "network", "prune", "-f"], capture_output=True, timeout=60)
    daemon.terminate()
    try:
        daemon.wait(STOP_S)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
    for pid in pids_naming(str(folder)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for mount in mounts_below(str(folder)):
        subprocess.run(["umount", "-l", mount], capture_output=True)


def pids_naming(text: str) -> list[int]:
    """Processes whose command line holds `text`: containerd and its shims name our folder."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                text.encode() in (folder / "cmdline").read_bytes()
                and int(folder.name) != os.getpid()
            ):
                found.append(int(folder.name))
    return found


def mounts_below(folder: str) -> list[str]:
    """Mount points inside `folder`, the deepest first."""
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((p for p in points if p.startswith(folder + "/")), reverse=True)


def main() -> int:
    """Run the given command with an engine, or without one where there can be none."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with engine() as host:
            return subprocess.call(sys.argv[1:], env={**os.environ, "DOCKER_HOST": host})
    except NoEngine as reason:
        print(f"Going on without Docker: {reason}", file=sys.stderr)
        return subprocess.call(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
