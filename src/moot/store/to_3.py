"""From schema 2 to 3: contents of secrets are kept, sealed."""

from __future__ import annotations

from moot.store.database import Definable

TABLES = (
    "CREATE TABLE secret (app TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, "
    "at REAL NOT NULL, origin TEXT NOT NULL, users TEXT NOT NULL, content BLOB NOT NULL, "
    "PRIMARY KEY (app, name, version)) WITHOUT ROWID",
)


def to_3(database: Definable) -> None:
    """In the transaction."""
    for statement in TABLES:
        database.define(statement)
