"""What steps of an apply write, many rows to a statement: the statements, and their sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from moot.store.database import Row

# `{}` stands for rows of values; no two rows of one statement have the same key.
ADD_KIND = "INSERT INTO kind (app, venue, type) VALUES {} ON CONFLICT (app, venue, type) DO NOTHING"
PUT_LISTED = (
    "INSERT INTO kind VALUES {} "
    "ON CONFLICT (app, venue, type) DO UPDATE SET listed_at = excluded.listed_at"
)
PUT_IDENTITY = (
    "INSERT INTO identity VALUES {} ON CONFLICT (app, address) DO UPDATE SET "
    "incarnation = excluded.incarnation WHERE identity.incarnation < excluded.incarnation"
)
ADD_INTENT = (
    "INSERT INTO intent (id, app, change, verb, address, incarnation, token, attempt, failures, "
    "at, body, request) VALUES {}"
)
RECALL = (
    "WITH new (id, attempt, at) AS (VALUES {}) UPDATE intent "
    "SET attempt = new.attempt, failures = new.attempt, at = new.at "
    "FROM new WHERE intent.id = new.id"
)
PUT_RESUME = (
    "WITH new (id, resume) AS (VALUES {}) UPDATE intent SET resume = new.resume "
    "FROM new WHERE intent.id = new.id"
)
SETTLE = (
    "WITH new (id, at, outcome, failed) AS (VALUES {}) UPDATE intent "
    "SET settled_at = new.at, outcome = new.outcome, failures = intent.attempt + new.failed, "
    "request = NULL FROM new WHERE intent.id = new.id"
)
ADD_ITEM = (
    "INSERT INTO item (app, address, incarnation, venue, type) VALUES {} "
    "ON CONFLICT (app, address, incarnation) DO NOTHING"
)
_CHANGED = (
    "item.app = new.app AND item.address = new.address AND item.incarnation = new.incarnation "
    "AND coalesce(item.body, '') <> coalesce(new.body, '')"
)
ADD_VERSION = (
    "WITH new (app, address, incarnation, body, at, cause) AS (VALUES {}) "
    "INSERT INTO version (item, at, cause, body) SELECT item.id, new.at, new.cause, new.body "
    "FROM new JOIN item ON " + _CHANGED
)
PUT_ITEM = (
    "WITH new (app, address, incarnation, body) AS (VALUES {}) "  # noqa: S608 - constants
    "UPDATE item SET body = new.body FROM new WHERE " + _CHANGED
)
STIR = (
    "INSERT INTO rest (app, component, digest, findings) VALUES {} "
    "ON CONFLICT (app, component) DO UPDATE SET digest = '', findings = '[]' "
    "WHERE rest.digest <> ''"
)
# A version is written where an item is about to change, so the two stand in this order.
IN_ORDER = (
    ADD_KIND,
    PUT_LISTED,
    PUT_IDENTITY,
    ADD_INTENT,
    RECALL,
    PUT_RESUME,
    SETTLE,
    ADD_ITEM,
    ADD_VERSION,
    PUT_ITEM,
    STIR,
)


def statements(sql: str, rows: Sequence[Row], sizes: Sequence[int]) -> Iterator[tuple[str, Row]]:
    """The rows in as few statements as there must be, with their values.

    `sizes` are how many rows one may have, the most first and one last.
    """
    done = 0
    for size in sizes:
        while len(rows) - done >= size:
            batch = rows[done : done + size]
            yield _of_size(sql, size, len(batch[0])), tuple(chain.from_iterable(batch))
            done += size


@lru_cache(maxsize=1024)
def _of_size(sql: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(", ".join([row] * rows))
