"""What the store is, and what an App was by its own words and as placed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from moot.model.placement import collide
from moot.model.value import JSON, canonical
from moot.store.contract import PortTaken, Revision
from moot.store.session import Session

RESTATE = "UPDATE revision SET sources = ? WHERE app = ? AND number = ?"


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
        """Write the declaration down where it differs from the last one; returns its number.

        Where it does not, `sources` become those of the last one.
        """
        text = canonical(body)
        last = self._one(
            "SELECT number, body FROM revision WHERE app = ? ORDER BY number DESC LIMIT 1", app
        )
        number, before = last or (0, None)
        if before == text:
            if sources is not None:
                self._write(RESTATE, sources, app, number)
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

    def placed(self) -> tuple[str, ...]:
        """Every App with a placement, by name, also where nothing of it is made yet."""
        rows = self._read("SELECT app FROM placement ORDER BY app")
        return tuple(app for (app,) in rows)

    def put_placement(self, app: str, body: JSON) -> None:
        """Replace the placement; None removes it."""
        if body is None:
            self._write("DELETE FROM placement WHERE app = ?", app)
        else:
            self._write(
                "INSERT INTO placement VALUES (?, ?) "
                "ON CONFLICT (app) DO UPDATE SET body = excluded.body",
                *(app, canonical(body)),
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
            others = "SELECT app, purpose FROM reservation WHERE port = ? AND app <> ?"
            for holder, held_for in self._read(others, port, app):
                if collide(purpose, held_for):
                    raise PortTaken(f"{holder} has {port}")
            self._write("INSERT INTO reservation VALUES (?, ?, ?)", app, purpose, port)
