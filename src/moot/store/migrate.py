"""Brings a database to the present schema; forward only.

The next schema: change schema.sql and its number, put the way there into STEPS, and keep the old
schema.sql under tests/store/schemas, from where the tests write a database as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from moot.store import trouble
from moot.store.database import Definable
from moot.store.to_2 import to_2
from moot.store.to_3 import to_3

VERSION = 3
STEPS: Mapping[int, Callable[[Definable], None]] = {2: to_2, 3: to_3}


def migrate(database: Definable) -> None:
    """Make the schema in an empty database; Failure where a newer moot has written it.

    A database that cannot be brought there is closed.
    """
    try:
        found = database.schema()
        if found > VERSION:
            raise trouble.newer(found, VERSION)
        if found < VERSION:
            database.begin(None)
            _advance(database)
            database.commit()
    except BaseException:
        database.rollback()
        database.close()
        raise


def statements(script: str) -> Iterator[str]:
    """The statements of one of our own scripts, without its comments."""
    lines = (line for line in script.splitlines() if not line.startswith("--"))
    for statement in "\n".join(lines).split(";\n"):
        if statement.strip():
            yield statement.strip().removesuffix(";")


def _advance(database: Definable) -> None:
    """In the transaction: another process may have been faster."""
    found = database.schema()
    if found == 0:
        for statement in statements(_schema()):
            database.define(statement)
    else:
        for number in range(found + 1, VERSION + 1):
            STEPS[number](database)
    if found < VERSION:
        database.put_schema(VERSION)


def _schema() -> str:
    from importlib.resources import files  # slow to load, and most databases are there already

    return files("moot.store").joinpath("schema.sql").read_text()
