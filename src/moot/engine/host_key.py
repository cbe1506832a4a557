"""A key for a machine that does not exist yet, so that it is known before it first answers."""

from __future__ import annotations

import os
from pathlib import Path

from moot.model.diagnostic import BadInput, Diagnostic
from moot.model.first_boot import HostKey


def host_key(path: Path) -> HostKey:
    """The key in a file, made there where there is none.  Raises BadInput where it is no use."""
    # A fifth of a second of imports that only this command needs.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_ssh_private_key,
    )

    try:
        if not path.exists():
            new = Ed25519PrivateKey.generate()
            _keep(path, new.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        private = path.read_bytes()
        key = load_ssh_private_key(private, password=None)
    except OSError as error:
        raise BadInput(_out_of_reach(path, error)) from None
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(_useless(path, str(error))) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(_useless(path, "it is a key of another kind"))
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return HostKey(private=private.decode(), public=public)


def _keep(path: Path, text: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)


def _out_of_reach(path: Path, error: OSError) -> Diagnostic:
    gone = f"make the folder {path.parent} first, or name a file in one that is there"
    kept = "name a file that you may read, or a new one in a folder that you may write to"
    return Diagnostic(
        summary=f"the host key {path} cannot be read or made",
        detail=error.strerror or str(error),
        remedy=kept if path.parent.is_dir() else gone,
    )


def _useless(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(
        summary=f"{path} holds no host key that can be used",
        detail=f"{reason}; an Ed25519 private key in OpenSSH's format without a passphrase is",
        remedy=f"name a file that is not there: it is made, or ssh-keygen -t ed25519 -f {path}",
    )
