"""What a supervisor has to see to that systemd started: after a reboot or a mishap."""

from __future__ import annotations

import fcntl
import os
import socket
import time

from .files import Problem, load, write
from .lean import dumps, suppress
from .limits import limit
from .ports import reserve
from .process import boot


def revive(folder):
    """Whether there is a replica to run: not where it is over for good, or cannot be run again."""
    lock = os.open("lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)  # held for life
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    seen, spec = load("status.json"), load("spec.json")
    if seen.get("status") in {"completed", "failed"}:
        return False
    try:
        if seen and seen.get("boot") != boot():
            _restore(folder, spec)
    except (Problem, OSError) as problem:
        told = {**seen, "status": "failed", "since": time.time(), "note": str(problem)}
        write("status.json", dumps({**told, "child": None}))
        return False
    return True


def ready():
    """Tell systemd that all is well."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if not address:
        return
    if address[0] == "@":
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.sendto(b"READY=1", address)


def _restore(folder, spec):
    """Make again what a machine forgets when it goes down."""
    for file in spec.get("given", ()):
        if not os.path.exists(file):
            raise Problem("NotFound", f"{file} was in memory only and went with the reboot")
    for port in spec["ports"].values():
        reserve(folder, spec["reservations"], port)
    spec["cgroups"], spec["enforced"] = limit(spec["limits"], spec["cgroup"])
    write("spec.json", dumps(spec))
