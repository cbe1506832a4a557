"""Who holds a lease: this process, named so that another one can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def me() -> str:
    """This process: host, pid and start time."""
    return f"{socket.gethostname()} pid {os.getpid()} start {_start(os.getpid())}"


def gone(holder: str) -> bool:
    """Whether a holder is known to have ended: it was on this host and is not there any more."""
    host, _, rest = holder.partition(" pid ")
    pid, _, start = rest.partition(" start ")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return _start(int(pid)) != start


def _start(pid: int) -> str:
    """Start time in clock ticks since boot, "" where there is no such process or no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
