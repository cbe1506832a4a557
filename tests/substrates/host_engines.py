"""Gives a Docker Engine to a host of `hosts.py`: Debian's own, inside the host's namespaces."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator
from typing import Any

PACKAGES = "docker.io,iptables"  # beside what hosts have anyway
START_S = 60
NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc")
# A host is a folder it was chrooted to.  Containers need a root that is a mount's, or commands that
# enter them would see the machine around the host.
START = "cd $0 && pivot_root . . && umount -l . && exec chroot . dockerd"


class NoEngine(Exception):
    """No engine can be started there; says why."""


@contextlib.contextmanager
def engine(host: Any) -> Iterator[None]:
    """An engine that answers on the host, until the end or until the host is killed.

    Raises NoEngine with the reason where it does not.
    """
    into = ["nsenter", "--target", str(host.pid)]
    controllers = f"{host.folder}/root/sys/fs/cgroup"
    _said(*into, "--mount", "mount", "--rbind", "/sys/fs/cgroup", controllers)
    host.run("mkdir", "-p", "/var/lib/docker")
    host.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib/docker")  # no overlay over an overlay
    with (host.folder / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(
            [*into, *NAMESPACES, "unshare", "--mount", "sh", "-c", START, f"{host.folder}/root"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await_answer(host, daemon)
        yield
    finally:
        daemon.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(20)


def docker(host: Any, *words: str) -> str:
    """What the host's own engine says; another that our environment names is none of its."""
    return host.run("docker", "--host", "unix:///var/run/docker.sock", *words, check=False)


def _await_answer(host: Any, daemon: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while daemon.poll() is None and time.monotonic() < until:
        if docker(host, "info", "--format", "{{.ID}}").strip():
            return
        time.sleep(0.1)
    log = (host.folder / "dockerd.log").read_text()[-1500:]
    raise NoEngine(f"dockerd on {host.name} does not answer:\n{log}")


def _said(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)
