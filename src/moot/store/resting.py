"""Which components are at rest, and nothing has happened to them since."""

from __future__ import annotations

import json
from collections.abc import Mapping

from moot.model.value import canonical
from moot.store.contract import Rest
from moot.store.session import Session

PUT = (
    "INSERT INTO rest (app, component, digest, findings) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (app, component) "
    "DO UPDATE SET digest = excluded.digest, findings = excluded.findings"
)
DROP = "DELETE FROM rest WHERE app = ? AND component = ?"


class Resting(Session):
    """The part of the store that remembers what need not be looked at."""

    def resting(self, app: str) -> dict[str, Rest]:
        """Components that came to rest, and those that did not: their digest is empty."""
        rows = self._read("SELECT component, digest, findings FROM rest WHERE app = ?", app)
        return {name: Rest(digest, tuple(json.loads(findings))) for name, digest, findings in rows}

    def put_resting(self, app: str, rests: Mapping[str, Rest | None]) -> None:
        """These components have come to rest; None: there is no such component any more."""
        for name, rest in rests.items():
            if rest is None:
                self._write(DROP, app, name)
            else:
                self._write(PUT, app, name, rest.digest, canonical(rest.findings))
        self._stirred.clear()
