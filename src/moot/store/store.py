"""The store on SQLite: one file, WAL, every commit on disk before it counts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from moot.model.codec import item_from_json, item_to_json
from moot.model.report import Version
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, canonical
from moot.store.migrate import migrate, write_ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A call that is about to be made, or whose end was never recorded.

    `body` is the item as it will be recorded when the call succeeds, sensitive values sealed.
    """

    change: str
    verb: str
    address: str
    incarnation: int
    token: str
    body: Mapping[str, JSON]
    id: int = 0
    resume: JSON = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on an App until `expires_at`; `epoch` rises with every new holder."""

    app: str
    holder: str
    epoch: int
    expires_at: float


class LeaseHeld(Exception):
    """Another holds the App, or has taken it over since."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        super().__init__(f"{lease.app} is held by {lease.holder}")


class PortTaken(Exception):
    """Another App reserved the port first."""


class Store:
    """All of moot's memory.  Reads see the last commit; `turn` is the only way to write."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db = sqlite3.connect(
            path, isolation_level=None, timeout=30.0, check_same_thread=False
        )
        path.chmod(0o600)
        write_ahead(self._db)
        self._db.execute("PRAGMA synchronous = FULL")
        migrate(self._db)

    def close(self) -> None:
        """Nothing is lost without it; it only tidies up the write-ahead log."""
        self._db.close()

    @contextmanager
    def turn(self, lease: Lease | None = None) -> Generator[None]:
        """One transaction; with a lease, LeaseHeld once another holder has taken over."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if lease:
                self._prove(lease)
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def claim(
        self, app: str, holder: str, now: float, seconds: float, gone: Callable[[str], bool]
    ) -> Lease:
        """Take or renew the lease on an App; LeaseHeld where another's has not expired.

        `gone` tells whether a holder is known to have ended without giving the App free.
        """
        with self.turn():
            row = self._one("SELECT holder, epoch, expires_at FROM lease WHERE app = ?", app)
            if row and row[0] != holder and row[2] > now and not gone(row[0]):
                raise LeaseHeld(Lease(app, *row))
            epoch = row[1] if row and row[0] == holder else (row[1] + 1 if row else 1)
            lease = Lease(app, holder, epoch, now + seconds)
            self._db.execute(
                "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)",
                (app, holder, epoch, lease.expires_at),
            )
        return lease

    def release(self, lease: Lease) -> None:
        """Give the App free; the epoch stays, so that a stale holder is still noticed."""
        self._db.execute(
            "UPDATE lease SET expires_at = 0 WHERE app = ? AND holder = ? AND epoch = ?",
            (lease.app, lease.holder, lease.epoch),
        )

    def _prove(self, lease: Lease) -> None:
        row = self._one("SELECT holder, epoch, expires_at FROM lease WHERE app = ?", lease.app)
        if row is None or (row[0], row[1]) != (lease.holder, lease.epoch):
            raise LeaseHeld(Lease(lease.app, *row) if row else Lease(lease.app, "nobody", 0, 0.0))

    # What the App was, by its own words and as placed.

    def apps(self) -> tuple[str, ...]:
        """Every App of which something exists or is being made."""
        sql = (
            "SELECT app FROM item UNION SELECT app FROM intent WHERE settled_at IS NULL ORDER BY 1"
        )
        return tuple(row[0] for row in self._db.execute(sql))

    def add_revision(self, app: str, body: JSON, at: float, cause: str) -> int:
        """Write the declaration down where it differs from the last one; returns its number."""
        text = canonical(body)
        row = self._one(
            "SELECT number, body FROM revision WHERE app = ? ORDER BY number DESC LIMIT 1", app
        )
        if row and row[1] == text:
            return int(row[0])
        number = (int(row[0]) if row else 0) + 1
        self._db.execute(
            "INSERT INTO revision VALUES (?, ?, ?, ?, ?)", (app, number, at, cause, text)
        )
        return number

    def placement(self, app: str) -> JSON:
        """The placement of the last turn as it was written, None where there was none."""
        row = self._one("SELECT body FROM placement WHERE app = ?", app)
        return json.loads(row[0]) if row else None

    def put_placement(self, app: str, body: JSON) -> None:
        """Replace the placement; None removes it."""
        if body is None:
            self._db.execute("DELETE FROM placement WHERE app = ?", (app,))
        else:
            self._db.execute(
                "INSERT OR REPLACE INTO placement VALUES (?, ?)", (app, canonical(body))
            )

    def ports(self) -> tuple[tuple[str, str, int], ...]:
        """Machine ports that gateways hold: (App, purpose, port)."""
        return tuple(self._db.execute("SELECT app, purpose, port FROM reservation"))

    def put_ports(self, app: str, ports: Mapping[str, int]) -> None:
        """Reserve exactly these for the App, by purpose.  PortTaken where another has one."""
        self._db.execute("DELETE FROM reservation WHERE app = ?", (app,))
        for purpose, port in ports.items():
            if holder := self._one(
                "SELECT app FROM reservation WHERE port = ? AND app <> ?", port, app
            ):
                raise PortTaken(f"{holder[0]} has {port}")
            self._db.execute("INSERT INTO reservation VALUES (?, ?, ?)", (app, purpose, port))

    # What is being done.

    def identities(self, app: str) -> dict[str, tuple[str, int]]:
        """Address -> (uid, highest incarnation) of everything the App ever had."""
        rows = self._db.execute(
            "SELECT address, uid, incarnation FROM identity WHERE app = ?", (app,)
        )
        return {address: (uid, incarnation) for address, uid, incarnation in rows}

    def put_identity(self, app: str, address: str, uid: str, incarnation: int) -> None:
        """Remember the uid, and that this incarnation was used."""
        self._db.execute(
            "INSERT INTO identity VALUES (?, ?, ?, ?) ON CONFLICT (app, address) DO UPDATE "
            "SET incarnation = max(incarnation, excluded.incarnation)",
            (app, address, uid, incarnation),
        )

    def open_intents(self, app: str) -> tuple[Intent, ...]:
        """Intents without a result, oldest first."""
        rows = self._db.execute(
            "SELECT id, change, verb, address, incarnation, token, body, resume FROM intent "
            "WHERE app = ? AND settled_at IS NULL ORDER BY id",
            (app,),
        )
        return tuple(
            Intent(
                id=row[0],
                change=row[1],
                verb=row[2],
                address=row[3],
                incarnation=row[4],
                token=row[5],
                body=json.loads(row[6]),
                resume=json.loads(row[7]) if row[7] else None,
            )
            for row in rows
        )

    def add_intent(self, app: str, intent: Intent, at: float) -> int:
        """Write down what is about to be called; returns its id."""
        row = (
            app,
            intent.change,
            intent.verb,
            intent.address,
            intent.incarnation,
            intent.token,
            at,
        )
        cursor = self._db.execute(
            "INSERT INTO intent (app, change, verb, address, incarnation, token, at, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, canonical(intent.body)),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def put_resume(self, intent: int, resume: JSON) -> None:
        """Remember how a pending operation goes on."""
        self._db.execute("UPDATE intent SET resume = ? WHERE id = ?", (canonical(resume), intent))

    def settle(self, intent: int, outcome: str, at: float) -> None:
        """The call has a recorded end: done, failed with a code, or resolved after a crash."""
        self._db.execute(
            "UPDATE intent SET settled_at = ?, outcome = ? WHERE id = ?", (at, outcome, intent)
        )

    # What there is, and was.

    def inventory(self, app: str | None = None) -> tuple[ConfigurationItem, ...]:
        """Items of one App, or of all, by address and incarnation."""
        where, values = ("WHERE app = ?", (app,)) if app is not None else ("", ())
        sql = f"SELECT body FROM item {where} ORDER BY address, incarnation"  # noqa: S608 - two constants
        return tuple(item_from_json(json.loads(row[0])) for row in self._db.execute(sql, values))

    def record(
        self,
        app: str,
        address: str,
        incarnation: int,
        item: ConfigurationItem | None,
        at: float,
        cause: str,
    ) -> None:
        """The item as it is now, None when it is gone; a changed content becomes a version."""
        key = (app, address, incarnation)
        row = self._one(
            "SELECT body FROM item WHERE app = ? AND address = ? AND incarnation = ?", *key
        )
        body = canonical(item_to_json(item)) if item else None
        if body == (row[0] if row else None):
            return
        if body is None:
            self._db.execute(
                "DELETE FROM item WHERE app = ? AND address = ? AND incarnation = ?", key
            )
        else:
            self._db.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)", (*key, body))
        self._db.execute(
            "INSERT INTO version (app, address, incarnation, at, cause, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (*key, at, cause, body),
        )

    def history(self, address: str) -> tuple[Version, ...]:
        """Every version of what was at an address, newest first."""
        rows = self._db.execute(
            "SELECT at, address, incarnation, cause, body FROM version "
            "WHERE address = ? ORDER BY seq DESC",
            (address,),
        )
        return tuple(
            Version(
                at=at,
                address=address,
                incarnation=incarnation,
                cause=cause,
                item=item_from_json(json.loads(body), at) if body else None,
            )
            for at, address, incarnation, cause, body in rows
        )

    def rename_venue(self, old: str, new: str, cause: str, at: float) -> None:
        """Rewrite every address that names a venue; in the caller's transaction."""
        for app in self.apps():
            for item in self.inventory(app):
                body = json.loads(canonical(item_to_json(item)).replace(f"@{old}/", f"@{new}/"))
                if item.venue == old:
                    body["venue"] = new
                renamed = item_from_json(body)
                if renamed.address != item.address:
                    renamed = replace(renamed, marked_as=item.marked_as or item.address)
                    self.record(app, str(item.address), item.incarnation, None, at, cause)
                self.record(app, str(renamed.address), item.incarnation, renamed, at, cause)
            rows = self._db.execute("SELECT address FROM identity WHERE app = ?", (app,)).fetchall()
            self._db.executemany(
                "UPDATE OR REPLACE identity SET address = ? WHERE app = ? AND address = ?",
                [
                    (row[0].replace(f"@{old}/", f"@{new}/"), app, row[0])
                    for row in rows
                    if f"@{old}/" in row[0]
                ],
            )
            self.put_placement(app, None)

    def _one(self, sql: str, *values: object) -> Sequence[JSON] | None:
        return self._db.execute(sql, values).fetchone()
