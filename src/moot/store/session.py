"""Transactions over a database: what a turn writes is gathered and sent in few statements."""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import contextmanager

from moot.model.placement import component_of
from moot.store.contract import Lease
from moot.store.database import Database, Row
from moot.store.gathered import ADD_KIND, IN_ORDER, STIR, statements

BETWEEN = "address >= ? AND address < ?"  # the end is the next letter after / or @

Thing = tuple[str, int]  # address, incarnation


class Session:
    """One connection, and the transaction that is open on it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathered: dict[str, dict[object, Row]] = {sql: {} for sql in IN_ORDER}
        self._touched: set[object] = set()
        # What is in the database already, and what is known of it while nobody else can change it.
        self._kinds: set[Row] = set()
        self._failures: dict[str, dict[Thing, int]] = {}
        self._stirred: set[Row] = set()
        self._writes = False

    @property
    def shared(self) -> bool:
        """Whether several machines may use it."""
        return self._database.shared

    def close(self) -> None:
        """Nothing is lost without it; it only tidies up."""
        self._database.close()

    @contextmanager
    def turn(self, lease: Lease | None = None) -> Generator[None]:
        """One transaction; with a lease, LeaseHeld once another holder has taken over."""
        assert not self._writes, "a turn inside a turn"
        self._database.begin(lease)
        self._writes = True
        try:
            yield
            self._send()
            self._database.commit()
        except BaseException:
            for rows in self._gathered.values():
                rows.clear()
            self._kinds.clear()
            self._failures.clear()
            self._database.rollback()
            raise
        finally:
            self._touched.clear()
            self._stirred.clear()
            self._writes = False

    def _gather(self, sql: str, key: object, *values: object) -> None:
        """Write it with others of its kind, at the end of the turn or before anything is read.

        Of several with one key only the last is written.
        """
        assert self._writes, "writes stand inside a turn"
        self._gathered[sql][key] = values

    def _touch(self, key: object) -> None:
        """What is gathered next depends on all that was gathered for the same key."""
        if key in self._touched:
            self._send()
        self._touched.add(key)

    def _kind(self, app: str, venue: str, type: str) -> None:
        """The App has something of this type there."""
        kind = (app, venue, type)
        if kind not in self._kinds:
            self._kinds.add(kind)
            self._gather(ADD_KIND, kind, *kind)

    def _stir(self, app: str, address: str) -> None:
        """The component this belongs to is not at rest any more."""
        component = (app, component_of(address))
        if component not in self._stirred:
            self._stirred.add(component)
            self._gather(STIR, component, *component, "", "[]")

    def _write(self, sql: str, *values: object) -> None:
        """Write it after all that came before."""
        assert self._writes, "writes stand inside a turn"
        self._send()
        self._database.write(sql, [values])

    def _read(self, sql: str, *values: object) -> list[Row]:
        """Rows as they are after all that came before."""
        if self._writes:
            self._send()
        return self._database.read(sql, values)

    def _within(self, select: str, where: str, app: str, within: Collection[str]) -> list[Row]:
        """Rows of things that belong to these components of an App: by ranges of addresses."""
        rows: list[Row] = []
        for name in within:
            own = f"{app}/{name}"
            ranges = [("address < ?", f"{app}/"), ("address >= ?", f"{app}0")]
            if name:
                ranges = [("address = ?", own)]
                ranges += [(BETWEEN, f"{own}/", f"{own}0"), (BETWEEN, f"{own}@", f"{own}A")]
            for range, *ends in ranges:
                rows += self._read(f"{select} WHERE app = ? AND {range} AND {where}", app, *ends)
        return rows

    def _one(self, sql: str, *values: object) -> Row | None:
        return next(iter(self._read(sql, *values)), None)

    def _send(self) -> None:
        self._touched.clear()
        for sql, rows in self._gathered.items():
            if rows:
                for statement, values in statements(sql, list(rows.values()), self._database.sizes):
                    self._database.write(statement, [values])
                rows.clear()
