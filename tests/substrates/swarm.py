"""Gives a Docker Swarm to tests: Engines of its own in networks of their own.

A kernel without IPVS has no virtual addresses and no routing mesh; the rest works.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from tests.substrates.dockerd import PATH, network, private

MANAGER, WORKER = "10.213.7.1", "10.213.7.2"  # in namespaces of their own: nobody else sees them


@dataclass(frozen=True, slots=True)
class Swarm:
    """`host` is its manager's DOCKER_HOST, `namespace` where its ports are.

    `worker` is the other node's DOCKER_HOST, "" where there is none.
    """

    host: str
    namespace: str
    worker: str = ""

    def run(self, *argv: str) -> str:
        """What a command prints that runs where the manager's published ports are."""
        return _run("nsenter", f"--net=/run/netns/{self.namespace}", *argv)


@contextlib.contextmanager
def swarm() -> Iterator[Swarm]:
    """A manager with nobody to manage but itself; raises NoEngine with the reason."""
    with network() as namespace, private(namespace) as host:
        _run("docker", "--host", host, "swarm", "init", "--advertise-addr", "127.0.0.1")
        yield Swarm(host, namespace)


@contextlib.contextmanager
def pair() -> Iterator[Swarm]:
    """A manager and a worker, joined by a cable; raises NoEngine with the reason."""
    with network() as here, network() as there:
        _run(
            "ip",
            "-n",
            here,
            "link",
            "add",
            "cable",
            "type",
            "veth",
            "peer",
            "cable",
            "netns",
            there,
        )
        for namespace, address in ((here, MANAGER), (there, WORKER)):
            _run("ip", "-n", namespace, "addr", "add", f"{address}/24", "dev", "cable")
            _run("ip", "-n", namespace, "link", "set", "cable", "up")
        with private(here) as host, private(there) as worker:
            _run("docker", "--host", host, "swarm", "init", "--advertise-addr", MANAGER)
            token = _run("docker", "--host", host, "swarm", "join-token", "-q", "worker").strip()
            join = ("swarm", "join", "--token", token, f"{MANAGER}:2377")
            _run("docker", "--host", worker, *join)
            yield Swarm(host, here, worker)


def _run(*argv: str) -> str:
    environ = {**os.environ, "PATH": PATH}
    ran = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout
