"""SQLite: one file, a write-ahead log, and every commit on disk before it counts."""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from moot.model.diagnostic import Failure
from moot.store import trouble
from moot.store.contract import Lease, LeaseHeld
from moot.store.database import Row
from moot.store.migrate import migrate

LOCKED_S = 30.0
WAL_TRIES, WAL_PAUSE_S = 600, 0.05
CACHE_KIB = 16_384
# Rows to a statement: any number, for a thread that waits for others after every statement; and
# how many statements are kept prepared, of each kind one for every number.
SIZES = tuple(range(64, 0, -1))
STATEMENTS = 1_024


class SQLite:
    """A database file, made where there is none."""

    shared = False
    sizes = SIZES

    def __init__(self, path: Path, locked_s: float = LOCKED_S) -> None:
        self._path = path
        self._locked_s = locked_s
        self._number = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._told():
                self._db = sqlite3.connect(
                    path,
                    isolation_level=None,
                    timeout=locked_s,
                    check_same_thread=False,
                    cached_statements=STATEMENTS,
                )
            weakref.finalize(self, self._db.close)  # a connection is in a circle of its own
            path.chmod(0o600)
        except OSError as error:
            raise trouble.unusable(str(path), error.strerror or str(error)) from None
        try:
            with self._told():
                self._write_ahead()
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        except Failure:
            self.close()
            raise
        migrate(self)

    def close(self) -> None:
        """It only tidies up the write-ahead log."""
        self._db.close()

    def schema(self) -> int:
        """The version of the schema, 0 in an empty database."""
        return int(self.read("PRAGMA user_version")[0][0])

    def put_schema(self, version: int) -> None:
        """In the transaction."""
        self.write(f"PRAGMA user_version = {version}", [()])

    def define(self, statement: str) -> None:
        """CREATE and its like; in the transaction."""
        self.write(statement, [()])

    def begin(self, lease: Lease | None) -> None:
        """A transaction starts; waits for whoever writes now."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
        self._number = 0
        if lease:
            try:
                self._prove(lease)
            except BaseException:
                self.rollback()
                raise

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Rows as of the last commit; in a transaction, as it has left them."""
        with self._told():
            return self._db.execute(sql, values).fetchall()

    def write(self, sql: str, rows: Sequence[Row]) -> None:
        """Execute once per row, in the transaction."""
        with self._told():
            if len(rows) == 1:
                self._db.execute(sql, rows[0])
            else:
                self._db.executemany(sql, rows)

    def lock(self, table: str) -> None:
        """Whoever writes SQLite writes it alone."""

    def number(self) -> int:
        """The id of a new intent."""
        if not self._number:
            self._number = self.read("SELECT coalesce(max(id), 0) FROM intent")[0][0]
        self._number += 1
        return self._number

    def commit(self) -> None:
        """All of it is on disk when this returns."""
        with self._told():
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        """Nothing of it has happened; SQLite may have seen to that already."""
        if self._db.in_transaction:
            with self._told():
                self._db.execute("ROLLBACK")

    def _prove(self, lease: Lease) -> None:
        rows = self.read("SELECT holder, epoch, expires_at FROM lease WHERE app = ?", (lease.app,))
        found = Lease(lease.app, *rows[0]) if rows else Lease(lease.app, "nobody", 0, 0.0)
        if (found.holder, found.epoch) != (lease.holder, lease.epoch):
            raise LeaseHeld(found)

    def _write_ahead(self) -> None:
        """Switch to the write-ahead log; one process can, and SQLite does not wait its turn."""
        for tries in range(WAL_TRIES):
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or tries == WAL_TRIES - 1:
                    raise
                time.sleep(WAL_PAUSE_S)
            else:
                return

    @contextmanager
    def _told(self) -> Generator[None]:
        """What SQLite raises as a Failure that says what to do."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def _failure(self, error: sqlite3.Error) -> Failure:
        where, said = str(self._path), str(error)
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:  # the rest says which kind of it
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
                return trouble.full(where, said)
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return trouble.locked(where, self._locked_s)
            case _:
                return trouble.unusable(where, said)
