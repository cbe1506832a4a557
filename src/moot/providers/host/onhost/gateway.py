"""A gateway's files and its runtime API: one lock around both, so that neither misses a change."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import time

from . import runs
from .files import Problem, load, write
from .lean import dumps, signal, suppress
from .process import alive
from .survey import listed

SOCKET = "admin.sock"  # relative to the run folder: absolute paths may be too long for a socket


def gateway(folder, commands, save=None, remove=None, template=None, haproxy=None):
    """Change a gateway's files, then ask HAProxy `commands`: its answers, None where it is silent.

    `save` maps a server's file to its content, `remove` names one to delete.  `template` is a new
    configuration without servers: it is checked by `haproxy` before the running one reloads.
    """
    if not os.path.isdir(folder):
        return [None for _ in commands]
    os.chdir(folder)
    with open("gateway.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path, content in (save or {}).items():
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            write(path, dumps(content))
        if remove:
            with suppress(FileNotFoundError):
                os.unlink(remove)
        if template is not None:
            _reload(template, haproxy)
        elif save or remove:
            write("haproxy.cfg", _assembled(_read("haproxy.template")))
        return [_ask(command) for command in commands]


def sight(folder):
    """Its process like any other's, and the servers it has: {file: content}."""
    return {**runs.sight(folder), "servers": listed(folder, "servers/*/*.json")}


def _reload(template, haproxy):
    """Put a new configuration in place of the old one without dropping a connection."""
    write("haproxy.new", _assembled(template))
    checked = subprocess.run(  # noqa: S603  (the venue's own HAProxy)
        [haproxy, "-c", "-f", "haproxy.new"], capture_output=True, text=True, check=False
    )
    if checked.returncode:
        raise Problem("InvalidRequest", f"HAProxy refuses: {checked.stderr.strip()[-500:]}")
    write("haproxy.template", template)
    os.rename("haproxy.new", "haproxy.cfg")
    child = load("status.json").get("child")
    before = _worker()
    if not child or not alive(child):
        return
    os.kill(child["pid"], signal.SIGUSR2)
    for _ in range(300):  # the lock is kept until the new worker has read the configuration
        if _worker() not in {None, before}:
            return
        time.sleep(0.01)
    raise Problem("NotStabilized", "HAProxy has not taken over its new configuration")


def _assembled(template):
    """The template with every server's line at the place its backend marks for them."""
    lines = []
    for line in template.splitlines():
        if line.startswith("    # servers of "):
            front = line.rpartition(" ")[2]
            folder = f"servers/{front}"
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            lines += [load(f"{folder}/{name}")["line"] for name in names if name[-5:] == ".json"]
        lines.append(line)
    return "\n".join(lines) + "\n"


def _worker():
    """The pid of the HAProxy that answers, None where none does."""
    for line in (_ask("show info") or "").splitlines():
        if line.startswith("Pid: "):
            return int(line[5:])
    return None


def _ask(command):
    """One command to the runtime API; None where HAProxy does not answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        answer = b""
        try:
            connection.connect(SOCKET)
            connection.sendall(command.encode() + b"\n")
            while data := connection.recv(65536):
                answer += data
        except OSError:
            return None
        return answer.decode()


def _read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()
