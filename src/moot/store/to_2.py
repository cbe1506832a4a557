"""From schema 1 to 2: things get a number, intents a request, Apps a list of kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator

from moot.model.codec import item_from_json
from moot.store.database import Definable, Row
from moot.store.text import text_of

PAGE = 1_000
TABLES = (
    "ALTER TABLE revision ADD COLUMN sources BLOB",
    "ALTER TABLE intent ADD COLUMN request TEXT",
    "ALTER TABLE intent ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE intent ADD COLUMN failures INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX intent_failed ON intent (app) WHERE failures > 0",
    "CREATE INDEX intent_create ON intent (address, incarnation) WHERE verb = 'create'",
    "CREATE TABLE kind (app TEXT NOT NULL, venue TEXT NOT NULL, type TEXT NOT NULL, "
    "listed_at REAL, PRIMARY KEY (app, venue, type)) WITHOUT ROWID",
    "CREATE TABLE rest (app TEXT NOT NULL, component TEXT NOT NULL, digest TEXT NOT NULL, "
    "findings TEXT NOT NULL, PRIMARY KEY (app, component)) WITHOUT ROWID",
    "DROP INDEX version_address",
    "ALTER TABLE version RENAME TO version_1",
    "ALTER TABLE item RENAME TO item_1",
    "CREATE TABLE item (id INTEGER PRIMARY KEY, app TEXT NOT NULL, address TEXT NOT NULL, "
    "incarnation INTEGER NOT NULL, venue TEXT NOT NULL, type TEXT NOT NULL, body TEXT)",
    "CREATE UNIQUE INDEX item_key ON item (app, address, incarnation)",
    "CREATE INDEX item_type ON item (type)",
    "CREATE INDEX item_present ON item (app) WHERE body IS NOT NULL",
    "CREATE TABLE version (seq INTEGER PRIMARY KEY, item INTEGER NOT NULL, at REAL NOT NULL, "
    "cause TEXT NOT NULL, body TEXT)",
    "CREATE INDEX version_item ON version (item, seq, at)",
    "CREATE INDEX version_at ON version (at, seq)",
)
ADD_KIND = (
    "INSERT INTO kind (app, venue, type) VALUES (?, ?, ?) ON CONFLICT (app, venue, type) DO NOTHING"
)
ADD_ITEM = (
    "INSERT INTO item (app, address, incarnation, venue, type) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (app, address, incarnation) DO NOTHING"
)
ADD_VERSION = (
    "INSERT INTO version (item, at, cause, body) SELECT id, ?, ?, ? FROM item "
    "WHERE app = ? AND address = ? AND incarnation = ?"
)
PUT_BODY = "UPDATE item SET body = ? WHERE app = ? AND address = ? AND incarnation = ?"


def to_2(database: Definable) -> None:
    """In the transaction; every item and version is written again, compactly."""
    for statement in TABLES:
        database.define(statement)
    for page in _pages(database, "SELECT id, app, body FROM intent WHERE id > ? ORDER BY id"):
        bodies = [(app, json.loads(body)) for _, app, body in page]
        _write(database, ADD_KIND, [(app, body["venue"], body["type"]) for app, body in bodies])
    versions = "seq, app, address, incarnation, at, cause, body FROM version_1"
    for page in _pages(database, f"SELECT {versions} WHERE seq > ? ORDER BY seq"):
        _copy(database, page)
    for key in database.read("SELECT app, address, incarnation FROM item_1"):
        where = "FROM item_1 WHERE app = ? AND address = ? AND incarnation = ?"
        ((body,),) = database.read(f"SELECT body {where}", key)
        _write(database, PUT_BODY, [(_rewritten(body), *key)])
    for table in ("version_1", "item_1"):
        database.define(f"DROP TABLE {table}")


def _copy(database: Definable, page: list[Row]) -> None:
    """A page of versions, and what they are versions of."""
    items: list[Row] = []
    kinds: set[Row] = set()
    versions: list[Row] = []
    for _, app, address, incarnation, at, cause, text in page:
        key = (app, address, incarnation)
        body = None if text is None else _rewritten(text)
        versions.append((at, cause, body, *key))
        if text is not None:
            kind = (json.loads(text)["venue"], json.loads(text)["type"])
            items.append((*key, *kind))
            kinds.add((app, *kind))
    _write(database, ADD_KIND, sorted(kinds))
    _write(database, ADD_ITEM, items)
    _write(database, ADD_VERSION, versions)


def _rewritten(text: str) -> str:
    return text_of(item_from_json(json.loads(text)))


def _write(database: Definable, sql: str, rows: list[Row]) -> None:
    if rows:
        database.write(sql, rows)


def _pages(database: Definable, sql: str) -> Iterator[list[Row]]:
    """Rows in pages, by their first column, which counts up from 1."""
    last = 0
    while rows := database.read(f"{sql} LIMIT {PAGE}", (last,)):
        yield rows
        last = rows[-1][0]
