"""Contents of secrets, sealed by the caller, for as long as something may need them again."""

from __future__ import annotations

import json
from collections.abc import Mapping

from moot.model.value import Secret, canonical
from moot.store.contract import KeptSecret
from moot.store.session import Session

PUT = (
    "INSERT INTO secret (app, name, version, at, origin, users, content) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (app, name, version) "
    "DO UPDATE SET at = excluded.at, origin = excluded.origin, users = excluded.users"
)
DROP = "DELETE FROM secret WHERE app = ? AND name = ? AND version = ?"


class Secrets(Session):
    """The part of the store that keeps what nobody may read."""

    def secrets(self, app: str) -> tuple[KeptSecret, ...]:
        """Every secret kept for the App, by name, the latest version first."""
        columns = "name, version, at, origin, users, content"
        rows = self._read(
            f"SELECT {columns} FROM secret WHERE app = ? ORDER BY name, at DESC, version",  # noqa: S608 - constants
            app,
        )
        return tuple(
            KeptSecret(
                secret=Secret(name, version),
                at=at,
                origin=origin,
                users=tuple(json.loads(users)),
                content=bytes(content),
            )
            for name, version, at, origin, users, content in rows
        )

    def put_secrets(self, app: str, secrets: Mapping[Secret, KeptSecret | None]) -> None:
        """Keep these; None drops one.  The content of a version that is there stays."""
        for secret, kept in secrets.items():
            key = (app, secret.name, secret.version)
            if kept is None:
                self._write(DROP, *key)
            else:
                facts = (kept.at, kept.origin, canonical(kept.users), kept.content)
                self._write(PUT, *key, *facts)
