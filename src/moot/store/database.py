"""What the store needs of a database; SQLite and PostgreSQL each do it their way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from moot.store.contract import Lease

Row = tuple[Any, ...]


class Database(Protocol):
    """One connection, for one thread at a time.  SQL has `?` for values; Failure on any trouble.

    Between `begin` and `commit` nothing needs to be sent before it is read back: a transaction that
    was lost on the way to the database may be repeated there.
    """

    @property
    def shared(self) -> bool:
        """Whether other machines may be connected to it too."""
        ...

    @property
    def sizes(self) -> Sequence[int]:
        """How many rows it likes to a statement, the most first and one last."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...

    def begin(self, lease: Lease | None) -> None:
        """A transaction starts; LeaseHeld here or later where the lease is another's by now."""
        ...

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Rows as of the last commit; in a transaction, as it has left them."""
        ...

    def write(self, sql: str, rows: Sequence[Row]) -> None:
        """Execute once per row, in the transaction."""
        ...

    def lock(self, table: str) -> None:
        """Until the transaction ends nobody else writes the table."""
        ...

    def number(self) -> int:
        """The id of a new intent, higher than those before it under this lease."""
        ...

    def commit(self) -> None:
        """All of it is on disk when this returns; nothing of it has happened when it raises."""
        ...

    def rollback(self) -> None:
        """Nothing of it has happened."""
        ...


class Definable(Database, Protocol):
    """A database whose schema can be changed."""

    def schema(self) -> int:
        """The version of the schema, 0 in an empty database."""
        ...

    def put_schema(self, version: int) -> None:
        """In the transaction."""
        ...

    def define(self, statement: str) -> None:
        """CREATE and its like as SQLite spells them; in the transaction."""
        ...
