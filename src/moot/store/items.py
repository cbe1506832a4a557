"""What there is, and what there was when."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

from moot.model.report import Version
from moot.model.resource import ConfigurationItem
from moot.store.database import Row
from moot.store.gathered import ADD_ITEM, ADD_VERSION, PUT_ITEM, PUT_LISTED
from moot.store.session import Session
from moot.store.text import item_of, items_of, text_of

PAGE = 1_000
# Of each thing the last version written that is not younger: clocks may go back, `seq` does not.
AS_OF = (
    "SELECT former.body, former.at FROM item JOIN version AS former ON former.seq = ("
    "SELECT max(seq) FROM version WHERE version.item = item.id AND version.at <= ?) "
    "WHERE former.body IS NOT NULL AND {}"
)

# In a CROSS JOIN SQLite starts with the first table: at the address, or at the time.
VERSION = "SELECT at, seq, address, incarnation, cause, version.body FROM "
AT_ADDRESS = VERSION + (  # noqa: S608 - constants
    "item CROSS JOIN version WHERE item.id = version.item "
    "AND app IN (SELECT app FROM kind) AND address = ? ORDER BY seq DESC"  # Apps are few
)
BETWEEN = VERSION + (
    "version CROSS JOIN item WHERE item.id = version.item "
    "AND (at, seq) > (?, ?) AND at <= ? AND app = ? ORDER BY at, seq LIMIT ?"
)


class Items(Session):
    """The part of the store that holds items and their versions."""

    def inventory(
        self, app: str | None = None, within: Collection[str] | None = None
    ) -> tuple[ConfigurationItem, ...]:
        """Items of one App, or of all, by address and incarnation."""
        if app is not None and within is not None:
            chosen = self._within("SELECT body FROM item", "body IS NOT NULL", app, within)
            items = [item_of(row[0]) for row in chosen]
            return tuple(sorted(items, key=lambda item: (str(item.address), item.incarnation)))
        ordered = "body IS NOT NULL ORDER BY address, incarnation"
        if app is None:
            rows = self._read(f"SELECT body FROM item WHERE {ordered}")  # noqa: S608 - a constant
        else:
            rows = self._read(f"SELECT body FROM item WHERE app = ? AND {ordered}", app)  # noqa: S608
        return items_of((body, 0.0) for (body,) in rows)

    def inventory_at(
        self, at: float, app: str | None = None, type: str | None = None
    ) -> tuple[ConfigurationItem, ...]:
        """The inventory as it stood then, each item `observed_at` when it became so."""
        chosen = {"app": app, "type": type}
        where = " AND ".join(f"{name} = ?" for name, value in chosen.items() if value is not None)
        values = [value for value in chosen.values() if value is not None]
        rows = self._read(AS_OF.format(where or "1 = 1"), at, *values)
        found = items_of((body, since) for body, since in rows)
        return tuple(sorted(found, key=lambda item: (str(item.address), item.incarnation)))

    def record(
        self,
        app: str,
        address: str,
        incarnation: int,
        item: ConfigurationItem | None,
        at: float,
        cause: str,
    ) -> None:
        """The item as it is now, None when it is gone; a changed content becomes a version."""
        key = (app, address, incarnation)
        self._touch(key)
        self._stir(app, address)
        body = None if item is None else text_of(item)
        if item is not None:
            self._kind(app, item.venue, item.type)
            self._gather(ADD_ITEM, key, *key, item.venue, item.type)
        self._gather(ADD_VERSION, key, *key, body, at, cause)
        self._gather(PUT_ITEM, key, *key, body)

    def history(self, address: str) -> tuple[Version, ...]:
        """Every version of what was at an address, newest first."""
        return tuple(_version(row) for row in self._read(AT_ADDRESS, address))

    def versions(self, app: str, since: float, until: float) -> Iterator[Version]:
        """What changed in an App after `since` and not after `until`, oldest first."""
        last = (since, sys.maxsize)
        while rows := self._read(BETWEEN, *last, until, app, PAGE):
            yield from (_version(row) for row in rows)
            last = rows[-1][:2]

    def kinds(self, app: str) -> tuple[tuple[str, str], ...]:
        """Every (venue, type) of which the App ever had an intent or an item."""
        rows = self._read("SELECT venue, type FROM kind WHERE app = ? ORDER BY venue, type", app)
        return tuple((venue, type) for venue, type in rows)

    def listed(self, app: str) -> dict[tuple[str, str], float]:
        """(venue, type) -> when a complete listing of it was last had; only what ever was."""
        rows = self._read(
            "SELECT venue, type, listed_at FROM kind WHERE app = ? AND listed_at IS NOT NULL", app
        )
        return {(venue, type): at for venue, type, at in rows}

    def put_listed(self, app: str, venue: str, type: str, at: float) -> None:
        """A complete listing was had."""
        self._gather(PUT_LISTED, (app, venue, type), app, venue, type, at)


def _version(row: Row) -> Version:
    at, _, address, incarnation, cause, body = row
    return Version(
        at=at,
        address=address,
        incarnation=incarnation,
        cause=cause,
        item=item_of(body, at) if body else None,
    )
