"""Which database an address means."""

from __future__ import annotations

from pathlib import Path

from moot.store.contract import Store
from moot.store.sql import SqlStore
from moot.store.sqlite import SQLite

POSTGRESQL = ("postgresql://", "postgres://")


def open_store(address: str | Path) -> Store:
    """The store at a path (SQLite) or a postgresql:// URL; Failure where it cannot be used."""
    if str(address).startswith(POSTGRESQL):
        from moot.store.postgresql import PostgreSQL  # with what only that needs

        return SqlStore(PostgreSQL(str(address)))
    return SqlStore(SQLite(Path(address)))
