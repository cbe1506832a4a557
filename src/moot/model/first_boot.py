"""What a new machine is to be when it has booted for the first time."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """Somebody who may log in with one of `keys`, and become root without a password."""

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file as it has to be; bytes that are not UTF-8 are base64 and say so in `encoding`."""

    path: str
    content: str
    encoding: Literal["utf-8", "base64"] = "utf-8"
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    """A systemd unit, enabled and started."""

    name: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """An Ed25519 key of the machine's own, in OpenSSH's formats.

    Whoever made it can pin `public` before the machine has ever answered.
    """

    private: str
    public: str

    @property
    def fingerprint(self) -> str:
        """As OpenSSH shows it, and as a venue's `host_key` takes it: `SHA256:...`."""
        digest = sha256(b64decode(self.public.split()[1])).digest()
        return f"SHA256:{b64encode(digest).decode().rstrip('=')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstBoot:
    """All of it; what is empty is left as the image has it."""

    hostname: str = ""
    users: tuple[NewUser, ...] = ()
    packages: tuple[str, ...] = ()
    files: tuple[NewFile, ...] = ()
    units: tuple[NewUnit, ...] = ()
    host_key: HostKey | None = None
