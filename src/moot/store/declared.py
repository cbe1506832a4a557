"""What the store is, and what an App was by its own words and as placed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from moot.model.value import JSON
from moot.store.contract import PortTaken, Revision
from moot.store.session import Session
from moot.store.text import encoded


class Declared(Session):
    """The part of the store that holds declarations, placements and ports."""

    def meta(self, key: str) -> str | None:
        """A fact about the store itself, None where it was never put."""
        row = self._one("SELECT value FROM meta WHERE key = ?", key)
        return str(row[0]) if row else None

    def put_meta(self, key: str, value: str) -> None:
        """Replace a fact about the store itself."""
        self._write(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    def apps(self) -> tuple[str, ...]:
        """Every App of which something exists or is being made, by name."""
        rows = self._read(
            "SELECT app FROM item WHERE body IS NOT NULL "
            "UNION SELECT app FROM intent WHERE settled_at IS NULL ORDER BY 1"
        )
        return tuple(row[0] for row in rows)

    def add_revision(
        self, app: str, body: JSON, at: float, cause: str, sources: bytes | None = None
    ) -> int:
        """Write the declaration down where it differs from the last one; returns its number."""
        text = encoded(body)
        last = self._one(
            "SELECT number, body FROM revision WHERE app = ? ORDER BY number DESC LIMIT 1", app
        )
        number, before = last or (0, None)
        if before == text:
            return number
        self._write(
            "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?)",
            *(app, number + 1, at, cause, text, sources),
        )
        return number + 1

    def revisions(self, app: str) -> tuple[Revision, ...]:
        """Every declaration of the App, oldest first."""
        rows = self._read(
            "SELECT number, at, cause, body, sources FROM revision WHERE app = ? ORDER BY number",
            app,
        )
        return tuple(
            Revision(number=number, at=at, cause=cause, body=json.loads(body), sources=sources)
            for number, at, cause, body, sources in rows
        )

    def placement(self, app: str) -> JSON:
        """The placement of the last turn as it was written, None where there was none."""
        row = self._one("SELECT body FROM placement WHERE app = ?", app)
        return json.loads(row[0]) if row else None

    def put_placement(self, app: str, body: JSON) -> None:
        """Replace the placement; None removes it."""
        if body is None:
            self._write("DELETE FROM placement WHERE app = ?", app)
        else:
            self._write(
                "INSERT INTO placement VALUES (?, ?) "
                "ON CONFLICT (app) DO UPDATE SET body = excluded.body",
                *(app, encoded(body)),
            )

    def ports(self) -> tuple[tuple[str, str, int], ...]:
        """Machine ports that gateways hold: (App, purpose, port)."""
        rows = self._read("SELECT app, purpose, port FROM reservation ORDER BY app, purpose")
        return tuple((app, purpose, port) for app, purpose, port in rows)

    def put_ports(self, app: str, ports: Mapping[str, int]) -> None:
        """Reserve exactly these for the App, by purpose.  PortTaken where another has one."""
        self._database.lock("reservation")
        self._write("DELETE FROM reservation WHERE app = ?", app)
        for purpose, port in ports.items():
            taken = "SELECT app FROM reservation WHERE port = ? AND app <> ?"
            if holder := self._one(taken, port, app):
                raise PortTaken(f"{holder[0]} has {port}")
            self._write("INSERT INTO reservation VALUES (?, ?, ?)", app, purpose, port)
