"""Another machine, through OpenSSH's own client: the user's keys, hosts and jumps hold here too."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from moot.shell import ShellError
from moot.shells.local import attached
from moot.shells.ssh_refusals import refusal

ALIVE_S = 5  # how often a silent machine is asked whether it is there; after three times it is not
# Prints the key a machine shows as a known one only if its fingerprint is the pinned one.
PINNED = '/bin/sh -c \'test "$1" = "$2" && echo "$3 $4 $5"; true\' sh {} %f %H %t %K'

CONNECTION = "$SSH_CONNECTION"  # as a word of a command: filled in there, with the addresses


@dataclass(frozen=True, kw_only=True)
class Way:
    """How to get to a machine: what the user's own configuration does not say, or says otherwise.

    `host_keys` is "" (as the user's ssh does it), strict or accept-new; `host_key` is the one
    fingerprint that is accepted.  `sockets` is a folder for connections that are kept open.
    """

    host: str
    user: str = ""
    port: int = 0
    identity_file: str = ""
    ssh_config: str = ""
    host_keys: str = ""
    host_key: str = ""
    jump: str = ""
    connect_timeout_s: float = 10.0
    persist_s: int = 60
    sockets: str = ""

    def options(self) -> list[str]:
        """The command line up to the host."""
        said = {
            "BatchMode": "yes",
            "ConnectTimeout": f"{max(1, round(self.connect_timeout_s))}",
            "ServerAliveInterval": f"{ALIVE_S}",
            "ServerAliveCountMax": "3",
            **self._kept_open(),
            **self._trust(),
        }
        given = {
            "-F": str(Path(self.ssh_config).expanduser()) if self.ssh_config else "",
            "-l": self.user,
            "-p": str(self.port or ""),
            "-i": str(Path(self.identity_file).expanduser()) if self.identity_file else "",
            "-J": self.jump,
        }
        words = [word for flag, value in given.items() if value for word in (flag, value)]
        return words + [word for name, value in said.items() for word in ("-o", f"{name}={value}")]

    def _kept_open(self) -> dict[str, str]:
        if not (self.sockets and self.persist_s):
            return {"ControlMaster": "no", "ControlPath": "none"}
        # Another key, pin or configuration is another connection: what one may, others may not.
        given = hashlib.sha256(repr(self).encode()).hexdigest()[:12]
        path = f"{self.sockets}/{given}%C"
        return {"ControlMaster": "auto", "ControlPath": path, "ControlPersist": f"{self.persist_s}"}

    def _trust(self) -> dict[str, str]:
        if self.host_key:
            return {
                "StrictHostKeyChecking": "yes",
                "UserKnownHostsFile": "/dev/null",
                "GlobalKnownHostsFile": "/dev/null",
                "KnownHostsCommand": PINNED.format(shlex.quote(self.host_key)),
            }
        names = {"strict": "yes", "accept-new": "accept-new"}
        return {"StrictHostKeyChecking": names[self.host_keys]} if self.host_keys else {}


@dataclass(frozen=True)
class SshShell:
    """One machine over SSH.  All that is asked of it goes over one connection, kept for a while."""

    way: Way
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), compare=False)

    def open(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start it with pipes, apart from our terminal: Ctrl-C is for us, who let it finish."""
        return subprocess.Popen(  # noqa: S603  (ssh, and the caller's argv quoted for it)
            self._argv(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(self.environ),
            process_group=0,
        )

    def why(self, exit_code: int, stderr: str) -> ShellError:
        """What kept us from the machine, and what helps."""
        return refusal(self.way.host, exit_code, stderr, pinned=bool(self.way.host_key))

    def attach(self, argv: Sequence[str], *, tty: bool) -> int:
        """Run it on our own terminal; a key pressed here is a key pressed there."""
        # At a higher level ssh would say at the end that the shared connection is closed.
        return attached(self._argv(argv, "-tt" if tty else "-T", "-o", "LogLevel=ERROR"))

    def _argv(self, argv: Sequence[str], *flags: str) -> list[str]:
        words = (f'"{word}"' if word == CONNECTION else shlex.quote(word) for word in argv)
        command = "exec " + " ".join(words)
        return ["ssh", *self.way.options(), *flags, "--", self.way.host, command]
