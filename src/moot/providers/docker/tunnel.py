"""A Docker Engine behind SSH, brought here as a socket by the machine's own `ssh`."""

from __future__ import annotations

import contextlib
import select
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from moot.provider import ProviderError

REMOTE_SOCKET = "/var/run/docker.sock"
READY = b"moot-ready"


class Tunnel:
    """One `ssh` that forwards a local socket to the Engine's, for as long as this process lives.

    OpenSSH is used as it is, so that the user's keys, agent, configuration and known hosts count.
    The far end is a `cat` on our standard input: it ends, and with it the tunnel, however we end.
    """

    def __init__(self, url: str, options: tuple[str, ...], connect_timeout_s: float) -> None:
        self._url = urlsplit(url)
        self._options = options
        self._timeout_s = connect_timeout_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def url(self) -> str:
        """Address of the local socket; opens the tunnel, or opens it again where it has broken."""
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(
                    prefix="moot-", ignore_cleanup_errors=True
                )
            socket = Path(self._folder.name) / "d.sock"
            if self._process is None or self._process.poll() is not None:
                self._end()
                self._open(socket)
            return f"unix://{socket}"

    def close(self) -> None:
        """End the tunnel."""
        with self._lock:
            self._end()
            if self._folder:
                self._folder.cleanup()
                self._folder = None

    def _open(self, socket: Path) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                self._argv(socket),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise ProviderError(
                "InvalidRequest",
                "there is no ssh command here",
                remedy="install an OpenSSH client: apt-get install openssh-client",
            ) from None
        assert self._process.stdout and self._process.stderr, "they are pipes"
        readable, _, _ = select.select([self._process.stdout], [], [], self._timeout_s * 2)
        if readable and READY in self._process.stdout.readline():
            return
        self._process.kill()
        said = self._process.stderr.read().decode(errors="replace").strip()
        self._end()
        raise ProviderError(
            "NetworkFailure",
            f"ssh to {self._url.hostname} failed: {said or 'it did not answer in time'}",
            remedy=f"make this work first: ssh {self._destination()} docker version",
        )

    def _argv(self, socket: Path) -> list[str]:
        remote = self._url.path if len(self._url.path) > 1 else REMOTE_SOCKET
        options = ["-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"]
        options += ["-o", f"ConnectTimeout={max(1, int(self._timeout_s))}"]
        options += ["-o", "ServerAliveInterval=15", "-o", "StreamLocalBindUnlink=yes"]
        options += ["-o", "ControlPath=none", *self._options]
        if self._url.port:
            options += ["-p", str(self._url.port)]
        command = f"echo {READY.decode()} && exec cat"
        ssh = shutil.which("ssh") or "ssh"
        return [
            *(ssh, "-T", *options, "-L", f"{socket}:{remote}"),
            *("--", self._destination(), command),
        ]

    def _destination(self) -> str:
        user = f"{self._url.username}@" if self._url.username else ""
        return f"{user}{self._url.hostname}"

    def _end(self) -> None:
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.terminate()
        self._process.wait()
        self._process = None


def looked_up(url: SplitResult, options: Sequence[str] = ()) -> str:
    """The real name of a host that the user's SSH configuration may have another name for."""
    named = url.hostname or ""
    argv = [shutil.which("ssh") or "ssh", "-G", *options, "--", named]
    try:
        said = subprocess.run(argv, capture_output=True, text=True, timeout=5)  # noqa: S603 - ours
    except (OSError, subprocess.TimeoutExpired):
        return named
    lines = (line.partition(" ") for line in said.stdout.splitlines())
    return next((value for key, _, value in lines if key == "hostname"), named)
