"""Every store there is, empty: the same tests run over each of them."""

from __future__ import annotations

import inspect
import sqlite3

import pytest

from moot.store import open_store
from moot.testing.world.memory import MemoryStore

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def pytest_generate_tests(metafunc):
    """What asks for a store and nothing around it is also held by the simulator's, in memory."""
    if "address" in metafunc.fixturenames and not hasattr(metafunc.module, "address"):
        asked = set(inspect.signature(metafunc.function).parameters)
        around = {"address", "again", "raw", "postgresql", "migrated"}
        memory = ["memory"] if "store" in asked and not asked & around else []
        metafunc.parametrize("address", [*DATABASES, *memory], indirect=True)


@pytest.fixture
def address(request, tmp_path):
    """Of a database that is still empty."""
    match request.param:
        case "sqlite":
            return str(tmp_path / "moot.db")
        case "postgresql":
            return request.getfixturevalue("emptied")
        case _:
            return ""


@pytest.fixture(scope="session")
def reused(postgresql):
    """One database for many tests: to make and remove one is thousands of files."""
    return postgresql.database()


@pytest.fixture
def emptied(postgresql, reused):
    """Its URL; nothing is in it any more."""
    name = reused.partition("?")[0].rpartition("/")[2]
    postgresql.psql("DROP SCHEMA IF EXISTS moot CASCADE", name)
    return reused


@pytest.fixture
def store(address):
    made = open_store(address) if address else MemoryStore()
    yield made
    made.close()


@pytest.fixture
def again(store, address):
    """The same store as another process has it."""
    made = open_store(address)
    yield made
    made.close()


@pytest.fixture
def raw(store, address):
    """Rows as they are in the database, past the store."""

    def rows(sql):
        if address.startswith("postgresql"):
            import psycopg

            with psycopg.connect(address, options="-c search_path=moot") as db:
                return db.execute(sql).fetchall()
        with sqlite3.connect(address) as db:
            return db.execute(sql).fetchall()

    return rows
