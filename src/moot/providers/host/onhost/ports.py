"""Ports of this machine: who listens, and reservations that all venues on it share."""

from __future__ import annotations

import errno
import os
import stat

from .files import Problem
from .lean import suppress

PORTS = range(20000, 32768)  # above what services are known by, below the kernel's ephemeral ports


def reservations_of(environ):
    """Where our user keeps them.  With the last goes the folder, and the one that it is in."""
    if not os.getuid():
        return "/run/moot/ports"
    runtime = environ.get("XDG_RUNTIME_DIR")
    return f"{runtime}/moot/ports" if runtime else f"/tmp/moot-{os.getuid()}/ports"  # noqa: S108  (the usual)


def reserve(folder, reservations, fixed=None):
    """A port nobody listens on, reserved for the run folder by a file named like the port."""
    import random  # dear to import, and many replicas have no port

    begin = random.Random(folder).randrange(len(PORTS))  # noqa: S311  (spreads, keeps no secret)
    order = [fixed] if fixed else [PORTS[(begin + i) % len(PORTS)] for i in range(len(PORTS))]
    for port in order:
        held = taken("", port)
        if not held and _claim(f"{reservations}/{port}", folder):
            return port
        if fixed:
            reason = held or f"port {port} is reserved for another replica"
            raise Problem("AlreadyExists", reason, "end its holder or use another port")
    raise Problem("ServiceLimitExceeded", "no port from 20000 to 32767 is free")


def release(folder, reservations):
    """Give back what is reserved for the run folder."""
    with suppress(FileNotFoundError):
        for name in os.listdir(reservations):
            if _holder(f"{reservations}/{name}") == folder:
                os.unlink(f"{reservations}/{name}")
    with suppress(OSError):
        os.rmdir(reservations)
        os.rmdir(os.path.dirname(reservations))


def holders(binds):
    """Why those of the (address, port) pairs that cannot be bound cannot be."""
    return [reason for address, port in binds if (reason := taken(address, port))]


def taken(address, port):
    """Why a TCP listener cannot be bound there; empty where it can."""
    import socket

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind(("" if address == "*" else address, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return f"port {port} is held by {listener(port)}"
            if problem.errno == errno.EACCES:
                return f"port {port} may only be bound by root"
            return f"cannot listen on {address}:{port}: {problem.strerror}"
    return ""


def listener(port):
    """Name and pid of the process that listens on a port, as far as we may see it."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}") in inodes:
                    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                        return f"{file.read().strip()} (pid {pid})"
    return "another user's process"


def _listening(port):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError), open(table, encoding="utf-8") as file:
            for line in file:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _claim(path, folder):
    """Make the reservation, whole at once; one whose run folder is gone is void."""
    new = f"{path}.{os.getpid()}"
    while True:
        with suppress(FileNotFoundError):  # the last other replica left just now
            os.makedirs(os.path.dirname(path), mode=0o711, exist_ok=True)
            _refuse_others(os.path.dirname(path))
            with suppress(FileNotFoundError):
                os.unlink(new)
            fd = os.open(new, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o644)
            with open(fd, "w", encoding="utf-8") as file:
                file.write(folder)
            break
    try:
        for _ in range(2):
            with suppress(FileExistsError):
                os.link(new, path)
                return True
            holder = _holder(path)
            if holder == folder:
                return True
            if os.path.isdir(holder):
                return False
            with suppress(FileNotFoundError):
                os.unlink(path)
        return False
    finally:
        os.unlink(new)


def _refuse_others(folder):
    """Below /tmp another user could have made it first, and then lead us anywhere."""
    for path in (folder, os.path.dirname(folder), os.path.dirname(os.path.dirname(folder))):
        found = os.stat(path)
        owners = {os.lstat(path).st_uid, found.st_uid}
        open_to_all = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
        if not owners <= {0, os.getuid()} or open_to_all:
            remedy = "remove it, or set XDG_RUNTIME_DIR to a folder of your own"
            raise Problem("AccessDenied", f"{path} is not ours alone", remedy)


def _holder(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
