"""A network for the hosts of `hosts.py`: a bridge of the machine, which leads to the world."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
NETWORKS = "10.77.{}.0/24"


@contextlib.contextmanager
def bridged(lock: Path) -> Iterator[tuple[str, str]]:
    """A bridge and its network, for a while; with the lock no two choose the same."""
    with alone(lock):
        bridge, network = _bridge()
    try:
        yield bridge, network
    finally:
        _unbridge(bridge, network)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """As the only process here that has the lock."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def said(*argv: str, check: bool = True) -> str:
    """What a command prints; CalledProcessError where it fails."""
    environ = {**os.environ, "PATH": PATH}
    ran = subprocess.run(argv, capture_output=True, text=True, env=environ, check=False)
    if check and ran.returncode:
        raise subprocess.CalledProcessError(ran.returncode, argv, ran.stdout, ran.stderr)
    return ran.stdout


def _bridge() -> tuple[str, str]:
    """A bridge of our own on a network that nobody here uses, open to the world outside."""
    for line in said("ip", "-o", "link", "show", "type", "bridge").splitlines():
        name = line.split()[1].rstrip(":")
        if name.startswith("mt") and not Path(f"/proc/{int(name[2:-1], 16)}").exists():
            _unbridge(name, NETWORKS.format(_third(name)))
    taken = said("ip", "-o", "link", "show", "type", "bridge")
    name = next(n for c in "abcdefgh" if (n := f"mt{os.getpid():x}{c}") not in taken)
    used = said("ip", "route")
    network = next(n for i in range(1, 250) if (n := NETWORKS.format(i)) not in used)
    said("ip", "link", "add", name, "type", "bridge")
    said("ip", "addr", "add", network.replace("0/24", "254/24"), "dev", name)
    said("ip", "link", "set", name, "up")
    for rule in _rules(name, network):
        said("iptables", "-w", *rule[0], "-I", *rule[1:], check=False)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    return name, network


def _unbridge(bridge: str, network: str) -> None:
    for rule in _rules(bridge, network):
        said("iptables", "-w", *rule[0], "-D", *rule[1:], check=False)
    said("ip", "link", "del", bridge, check=False)


def _rules(bridge: str, network: str) -> list[Any]:
    """The hosts may talk and reach the world: a Docker Engine here forbids what it did not make."""
    return [
        ((), "FORWARD", "-i", bridge, "-j", "ACCEPT"),
        ((), "FORWARD", "-o", bridge, "-j", "ACCEPT"),
        (("-t", "nat"), "POSTROUTING", "-s", network, "!", "-o", bridge, "-j", "MASQUERADE"),
    ]


def _third(bridge: str) -> str:
    """The third part of the network of a bridge that was left behind."""
    for word in said("ip", "-o", "-4", "addr", "show", "dev", bridge, check=False).split():
        if word.startswith("10.77."):
            return word.split(".")[2]
    return "0"
