"""A database of every released schema is brought to the present one, and nothing of it is lost."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from moot.model.diagnostic import Failure
from moot.model.value import encode
from moot.store import open_store
from moot.store.migrate import VERSION, statements
from moot.store.postgresql import in_words_of_postgresql

SCHEMAS = Path(__file__).parent / "schemas"
WEB = "shop/web/0@toy/process"


@contextlib.contextmanager
def connected(address):
    """The database, past the store; what is done is committed at the end."""
    if address.startswith("postgresql"):
        import psycopg

        with psycopg.connect(address, options="-c search_path=moot") as db:
            yield db
        return
    with contextlib.closing(sqlite3.connect(address)) as db:
        yield db
        db.commit()


def write_old(address, schema):
    """A database as a moot of that schema wrote it."""
    script = f"{(SCHEMAS / f'{schema}.sql').read_text()}\n"
    rows = (SCHEMAS / f"{schema}-rows.sql").read_text()
    with connected(address) as db:
        if address.startswith("postgresql"):
            db.execute("CREATE SCHEMA moot")
            for statement in statements(script):
                db.execute(in_words_of_postgresql(statement))
            db.execute("INSERT INTO meta VALUES ('schema', %s)", [str(schema)])
        else:
            db.executescript(script)
            db.execute(f"PRAGMA user_version = {schema}")
        for statement in statements(rows):
            db.execute(statement)
        if address.startswith("postgresql"):  # a row with a number does not count it
            for table, key in (("intent", "id"), ("version", "seq")):
                counter = f"pg_get_serial_sequence('{table}', '{key}')"
                db.execute(f"SELECT setval({counter}, max({key})) FROM {table}")


def structure(address):
    """Every column and index, however they came to be."""
    with connected(address) as db:
        if address.startswith("postgresql"):
            columns = db.execute(
                "SELECT table_name, column_name, data_type, is_nullable, column_default, "
                "collation_name, is_identity FROM information_schema.columns "
                "WHERE table_schema = 'moot' ORDER BY table_name, ordinal_position"
            ).fetchall()
            found = db.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'moot'")
            return columns, {"".join(row).replace("_pkey1", "_pkey") for row in found}
        tables = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        columns = {name: db.execute(f"PRAGMA table_info({name})").fetchall() for name, _ in tables}
        rowids = {name: "WITHOUT ROWID" in sql for name, sql in tables}
        found = db.execute("SELECT sql FROM sqlite_master WHERE type = 'index'")
        return columns, rowids, {row[0] for row in found}


@pytest.fixture(params=range(1, VERSION))
def migrated(request, address):
    write_old(address, request.param)
    store = open_store(address)
    yield store
    store.close()


def test_there_is_a_database_of_every_schema_that_was_released():
    found = {path.name for path in SCHEMAS.iterdir()}
    assert found == {f"{n}{part}.sql" for n in range(1, VERSION) for part in ("", "-rows")}


def test_it_looks_as_if_it_had_been_made_now(migrated, address, tmp_path, request):
    if address.startswith("postgresql"):
        fresh = request.getfixturevalue("postgresql").database()
    else:
        fresh = str(tmp_path / "fresh.db")
    open_store(fresh).close()
    assert structure(address) == structure(fresh)


def test_items_and_their_versions_are_as_they_were(migrated):
    assert [i.address for i in migrated.inventory("shop")] == [WEB, "shop@toy/network"]
    assert [i.address for i in migrated.inventory("blog")] == ["blog@toy/volume/data"]
    web = migrated.inventory("shop")[0]
    assert (web.incarnation, web.identifier, web.status) == (2, "p-2", "running")
    assert encode(web.applied["peer"])["$text"][1] == {"$ref": ["shop@toy/network", "ip"]}
    assert web.properties["ünïcode"] == [1, 2.5, None, True]
    assert [(v.at, v.incarnation, v.item and v.item.status) for v in migrated.history(WEB)] == [
        (201.0, 2, "running"),
        (200.0, 1, None),
        (150.0, 1, "failed"),
        (102.0, 1, "running"),
    ]
    assert [i.status for i in migrated.inventory_at(160.0, "shop", "fake.process")] == ["failed"]


def test_an_item_that_has_not_changed_since_gets_no_version(migrated):
    web = migrated.inventory("shop")[0]
    with migrated.turn():
        migrated.record("shop", WEB, 2, web, 999.0, "seen")
    assert len(migrated.history(WEB)) == 4


def test_what_was_being_done_goes_on(migrated):
    (intent,) = migrated.open_intents("shop")
    assert (intent.verb, intent.address, intent.resume) == ("delete", WEB, {"job": [1]})
    assert (intent.at, intent.attempt, intent.request) == (300.0, 0, None)
    assert migrated.identities("shop") == {WEB: ("uid2", 2), "shop@toy/network": ("uid1", 1)}
    assert migrated.kinds("shop") == (("toy", "fake.network"), ("toy", "fake.process"))
    assert migrated.kinds("blog") == (("toy", "fake.volume"),)
    with migrated.turn():
        assert migrated.add_intent("shop", intent, 400.0) > intent.id


def test_what_was_declared_is_still_known(migrated):
    assert [(r.number, r.at, r.sources) for r in migrated.revisions("shop")] == [
        (1, 100.0, None),
        (2, 200.0, None),
    ]
    assert migrated.placement("shop") is not None
    assert migrated.ports() == (("shop", "web", 18080),)
    assert migrated.claim("shop", "new", 1.0, 1.0, lambda holder: False).epoch == 2


def test_a_database_of_a_newer_moot_is_refused_and_left_as_it_is(address):
    open_store(address).close()
    newer = (
        f"UPDATE meta SET value = '{VERSION + 1}' WHERE key = 'schema'"
        if address.startswith("postgresql")
        else f"PRAGMA user_version = {VERSION + 1}"
    )
    with connected(address) as db:
        db.execute(newer)
    before = structure(address)
    with pytest.raises(Failure) as failure:
        open_store(address)
    assert "newer moot" in failure.value.diagnostics[0].summary
    assert structure(address) == before


def test_a_migration_that_fails_leaves_everything_as_it_was(address, monkeypatch):
    write_old(address, 1)
    before = structure(address)

    def broken(database):
        database.define("DROP TABLE identity")
        database.read("SELECT nonsense FROM nowhere")

    monkeypatch.setattr("moot.store.migrate.STEPS", {2: broken})
    with pytest.raises(Failure):
        open_store(address)
    if address.startswith("postgresql"):
        assert [c for c in structure(address)[0] if c[0] != "receipt"] == before[0]
    else:
        assert structure(address) == before
    monkeypatch.undo()
    store = open_store(address)
    assert len(store.identities("shop")) == 2
    store.close()
