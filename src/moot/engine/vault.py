"""Encryption of what must be kept word for word and be read by nobody else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
PURPOSE = b"moot vault 1"  # another purpose or format gets another key


@dataclass(frozen=True)
class Vault:
    """AES-GCM under a key derived from the installation's, which is never in the database.

    What is sealed twice looks different each time, so that equal contents do not show.
    """

    key: bytes

    def seal(self, content: bytes) -> bytes:
        """Encrypt."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def open(self, sealed: bytes) -> bytes:
        """The inverse; ValueError where it was sealed under another key or is not whole."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except InvalidTag:
            raise ValueError("it was sealed under another key, or is damaged") from None

    @cached_property
    def _cipher(self) -> AESGCM:
        # Half of a command's start, and most commands have nothing to hide.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
        return AESGCM(derived.derive(self.key))
