"""Brings a database to the present schema; forward only."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from importlib.resources import files

from moot.model.diagnostic import Diagnostic, Failure

VERSION = 1
WAL_TRIES, WAL_PAUSE_S = 200, 0.05


def migrate(db: sqlite3.Connection) -> None:
    """Create the schema in an empty database; refuse one that a newer moot has written."""
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise Failure(
            Diagnostic(
                summary="the database was written by a newer moot",
                detail=f"it has schema {found}, this moot knows {VERSION}",
                remedy="use that moot, or point MOOT_HOME elsewhere",
            )
        )
    if found == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    if int(db.execute("PRAGMA user_version").fetchone()[0]) < VERSION:
        for statement in _statements(files("moot.store").joinpath("schema.sql").read_text()):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def write_ahead(db: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; one process can, and SQLite does not wait its turn here."""
    for _ in range(WAL_TRIES):
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            time.sleep(WAL_PAUSE_S)
        else:
            return
    db.execute("PRAGMA journal_mode = WAL")


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would end the transaction that keeps a second process out."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
