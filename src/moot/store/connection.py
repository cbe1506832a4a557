"""A connection to PostgreSQL that is made again when it is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from moot.model.diagnostic import BadInput, Diagnostic, Failure
from moot.store import trouble
from moot.store.database import Row

if TYPE_CHECKING:
    import psycopg

RETRY_S = 60.0
PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
LOCKED_S = 30.0
OLDEST = 15
MAKING = 0x6D6F6F74  # an advisory lock: one process at a time makes the schema
# A network that swallows packets is noticed; what the URL says goes before these.
DEFAULTS = {
    "application_name": "moot",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
SETTINGS = (
    "SET search_path = moot",
    "SET jit = off",  # compiling takes longer than anything asked here
    # Joins here follow an index to a few rows.  A planner whose statistics are behind what was just
    # written would rather read and hash all of a history.
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    f"SET lock_timeout = '{LOCKED_S:g}s'",
    # A controller that was stopped inside a transaction does not hold the others up for ever.
    "SET idle_in_transaction_session_timeout = '15s'",
    # What is acknowledged is on disk, whatever the server does for others.
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'",
)
MAKE = (
    "BEGIN",
    f"SELECT pg_advisory_xact_lock({MAKING})",
    "CREATE SCHEMA IF NOT EXISTS moot",
    "CREATE TABLE IF NOT EXISTS receipt (app TEXT PRIMARY KEY, mark TEXT NOT NULL)",
    "COMMIT",
)
# SQLSTATEs after which the same again can succeed: a server that stops or starts, one that only
# reads after a fail-over, a time-out between statements, serialization, deadlock, too many at once.
PASSING = frozenset(
    {"57P01", "57P02", "57P03", "25006", "25P02", "25P03", "40001", "40P01", "53300"}
)
FULL = frozenset({"53100", "58030"})
LOCKED = "55P03"
T = TypeVar("T")


class Connection:
    """`lost` is called when the connection is gone, with whatever was open on it.

    Methods raise psycopg's errors, but for those that `persist` makes Failures of.
    """

    def __init__(self, url: str, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._connected: psycopg.Connection[Row] | None = None
        self._psycopg = _library()
        with self._told():
            given = self._psycopg.conninfo.conninfo_to_dict(url)
            self._parameters = {**DEFAULTS, **given}
            self.where = f"{given.get('dbname', '')} on {given.get('host', 'this machine')}"
        try:
            with self._told():
                self._prepare()
        except Failure:
            self.close()
            raise

    def close(self) -> None:
        """The server ends whatever was open."""
        if self._connected:
            self._connected.close()

    def persist(self, act: Callable[[], T]) -> T:
        """What `act` returns; on a new connection where it lost its own, for about a minute."""
        deadline = time.monotonic() + RETRY_S
        pause = PAUSE_S
        while True:
            with self._told():
                try:
                    return act()
                except self._psycopg.Error as error:
                    if not self._passes(error):
                        raise
                    self._disconnect()
                    if time.monotonic() + pause > deadline:
                        raise _gone(self.where, error) from error
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def rows(self, sql: str, values: Sequence[Any]) -> list[Row]:
        """What one statement answers."""
        return self._connection().execute(_spelled(sql), values).fetchall()

    def answers(self, steps: Sequence[tuple[str, Row]]) -> list[list[Row]]:
        """What each of a few statements answers.

        One by one: PostgreSQL does not count how long a transaction is idle after a pipeline, so a
        controller that is stopped between two would keep its locks for ever.
        """
        connection = self._connection()
        cursors = [connection.execute(_spelled(sql), values) for sql, values in steps]
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    def send(self, writes: Sequence[tuple[str, Sequence[Row]]], end: str | None = None) -> None:
        """Statements, each once per row, sent together; then what ends the transaction."""
        connection = self._connection()
        with connection.pipeline(), connection.cursor() as cursor:
            for sql, rows in writes:
                cursor.executemany(_spelled(sql), rows)
            if end:
                cursor.execute(end.encode())

    def abandon(self) -> None:
        """End the transaction that is open, if any is."""
        try:
            if self._connected:
                self._connected.execute("ROLLBACK")
        except self._psycopg.Error:
            self._disconnect()

    def _prepare(self) -> None:
        connection = self._connection()
        version = connection.info.server_version // 10_000
        if version < OLDEST:
            raise _too_old(self.where, version)
        if self.rows("SELECT to_regclass('receipt')", ()) == [(None,)]:
            for statement in MAKE:
                connection.execute(statement.encode())

    def _connection(self) -> psycopg.Connection[Row]:
        if self._connected is None:
            made: psycopg.Connection[Row]
            made = self._psycopg.connect(**self._parameters, autocommit=True)
            for statement in SETTINGS:
                made.execute(statement.encode())
            self._connected = made
            return made
        return self._connected

    def _disconnect(self) -> None:
        if self._connected:
            with suppress(self._psycopg.Error):
                self._connected.close()
        self._connected = None
        self._lost()

    def _passes(self, error: psycopg.Error) -> bool:
        """Whether the same again can succeed; a connection that broke says nothing at all."""
        code = error.sqlstate
        if code is None:
            return isinstance(error, self._psycopg.OperationalError)
        return code in PASSING or code.startswith("08")

    @contextmanager
    def _told(self) -> Generator[None]:
        """What PostgreSQL says no to as a Failure that says what to do."""
        try:
            yield
        except self._psycopg.Error as error:
            said = str(error).strip()
            if error.sqlstate in FULL:
                raise trouble.full(self.where, said) from error
            if error.sqlstate == LOCKED:
                raise trouble.locked(self.where, LOCKED_S) from error
            raise trouble.unusable(self.where, said) from error


def _library() -> Any:
    """psycopg, loaded only where PostgreSQL is used."""
    try:
        import psycopg
    except ImportError:
        raise BadInput(
            Diagnostic(
                summary="the library for PostgreSQL is not installed",
                detail="MOOT_STORE is a postgresql:// URL, and psycopg 3 is not there",
                remedy="pip install 'moot[postgresql]', or set MOOT_STORE to a path",
            )
        ) from None
    return psycopg


@lru_cache(maxsize=256)
def _spelled(sql: str) -> bytes:
    """Ours has no percent signs, and no question marks but for values."""
    return sql.replace("?", "%s").encode()


def _gone(where: str, error: Exception) -> Failure:
    return Failure(
        Diagnostic(
            summary="moot's memory does not answer",
            detail=f"{where}, for {RETRY_S:g} s: {str(error).strip()}",
            remedy=f"see to the database or the network; {trouble.NOTHING_LOST}",
        )
    )


def _too_old(where: str, found: int) -> Failure:
    return Failure(
        Diagnostic(
            summary="PostgreSQL is too old",
            detail=f"{where} is version {found}, moot needs {OLDEST} or newer",
            remedy="upgrade the server, or set MOOT_STORE to a path",
        )
    )
