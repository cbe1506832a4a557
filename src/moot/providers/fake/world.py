"""The world behind the fake venue: things, and the laws that hold whoever asks.

It knows nothing of Apps, replicas or plans, so that it cannot agree with our mistakes.  It lives in
SQLite: several processes may use one world at once, and saving one thing costs the same in a small
world and in a large one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from moot.model.value import JSON, canonical
from moot.providers.fake.laws import claims, overlap, uses

TABLES = """
CREATE TABLE IF NOT EXISTS things (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, type TEXT, name TEXT,
    tags TEXT, properties TEXT, born REAL
);
CREATE INDEX IF NOT EXISTS by_id ON things (id);
CREATE INDEX IF NOT EXISTS by_name ON things (type, name);
CREATE TABLE IF NOT EXISTS uses (user INTEGER, used INTEGER);
CREATE INDEX IF NOT EXISTS by_used ON uses (used);
CREATE INDEX IF NOT EXISTS by_user ON uses (user);
CREATE TABLE IF NOT EXISTS claims (claim TEXT, address TEXT, holder INTEGER);
CREATE INDEX IF NOT EXISTS by_claim ON claims (claim);
CREATE INDEX IF NOT EXISTS by_holder ON claims (holder);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, number INTEGER, request TEXT);
CREATE TABLE IF NOT EXISTS late (number INTEGER PRIMARY KEY, due REAL, verb TEXT, request TEXT);
"""
OPENING_TRIES, OPENING_PAUSE_S = 200, 0.05
INSERT = "INSERT INTO things (id, type, name, tags, properties, born) VALUES (?, ?, ?, ?, ?, ?)"
_DECODER = json.JSONDecoder()
COLUMNS = "number, id, type, name, tags, properties, born"

Verb = Literal["make", "change", "remove"]
Law = Literal["name taken", "missing", "in use", "occupied", "token spent", "gone"]


class Unlawful(Exception):
    """The world does not allow it; nothing was changed."""

    def __init__(self, law: Law, message: str) -> None:
        super().__init__(message)
        self.law: Law = law
        self.message = message


class Postponed(Exception):
    """The request is stuck on its way: it has its effect later, and nobody gets an answer."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in the world.  `number` is never used again; `born` is in epoch seconds."""

    number: int
    id: str
    type: str
    name: str
    tags: Mapping[str, str]
    properties: Mapping[str, JSON]
    born: float


class World:
    """All things of one venue.  `path` None is a world that ends with this object.

    `unique_names`: two things of a type cannot have one name, and the name is the id.
    """

    def __init__(self, path: Path | None, *, unique_names: bool = True) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._unique_names = unique_names
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None, timeout=60
        )
        # Not at the end of the process: a call that nobody waits for may still be in SQLite then,
        # and to close it under that call ends the process with signal 11.
        weakref.finalize(self, self._db.close).atexit = False
        self._db.execute("PRAGMA synchronous = OFF")
        for _ in range(OPENING_TRIES):
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.executescript(TABLES)
            except sqlite3.OperationalError:  # another process is opening it for the first time
                time.sleep(OPENING_PAUSE_S)
            else:
                break

    def make(
        self,
        type: str,
        name: str,
        tags: Mapping[str, str],
        properties: Mapping[str, JSON],
        *,
        now: float,
        token: str | None = None,
    ) -> Thing:
        """A new thing; or with a token seen before what that made, if the request is the same."""
        request = canonical([type, name, dict(tags), properties])
        with self._transaction() as db:
            if token and (made := self._replay(db, token, request)):
                return made
            if self._unique_names and self._named(db, type, name):
                raise Unlawful("name taken", f"there is already a {type} named {name}")
            kind = type.removeprefix("fake.")
            id = f"{kind}:{name}" if self._unique_names else None
            row = id, type, name, json.dumps(dict(tags)), json.dumps(properties), now
            number = db.execute(INSERT, row).lastrowid
            assert number is not None
            if id is None:
                id = f"{kind}-{number}"
                db.execute("UPDATE things SET id = ? WHERE number = ?", (id, number))
            self._bind(db, number, type, properties)
            if token:
                db.execute("INSERT INTO tokens VALUES (?, ?, ?)", (token, number, request))
            return Thing(number, id, type, name, tags, properties, now)

    def get(self, id: str) -> Thing | None:
        """The thing with this id, None where there is none."""
        with self._lock:
            return next(_things(self._db, "id = ?", (id,)), None)

    def named(self, type: str, name: str) -> Sequence[Thing]:
        """Things of a type with this name, the oldest first; one at most where names are unique."""
        with self._lock:
            return self._named(self._db, type, name)

    def family(self, type: str, name: str) -> Sequence[Thing]:
        """Things of a type named `name` or `name#...`, the oldest first."""
        with self._lock:
            where = "type = ? AND (name = ? OR name > ? AND name < ?) ORDER BY number"
            # "$" follows "#", so this is a range of the index.
            return tuple(_things(self._db, where, (type, name, f"{name}#", f"{name}$")))

    def change(self, id: str, properties: Mapping[str, JSON]) -> Thing:
        """Give a thing new properties in place of all it had."""
        with self._transaction() as db:
            thing = next(_things(db, "id = ?", (id,)), None)
            if thing is None:
                raise Unlawful("gone", f"there is no {id}")
            db.execute(
                "UPDATE things SET properties = ? WHERE number = ?",
                (json.dumps(properties), thing.number),
            )
            self._unbind(db, thing.number)
            self._bind(db, thing.number, thing.type, properties)
            return Thing(
                thing.number, id, thing.type, thing.name, thing.tags, properties, thing.born
            )

    def mark(self, id: str, tags: Mapping[str, str]) -> Thing:
        """Give a thing tags in place of those it had."""
        with self._transaction() as db:
            db.execute("UPDATE things SET tags = ? WHERE id = ?", (json.dumps(dict(tags)), id))
            thing = next(_things(db, "id = ?", (id,)), None)
            if thing is None:
                raise Unlawful("gone", f"there is no {id}")
            return thing

    def remove(self, id: str, tags: Mapping[str, str] | None = None) -> bool:
        """Remove a thing nobody uses; False where there is none with that id and those tags."""
        with self._transaction() as db:
            thing = next(_things(db, "id = ?", (id,)), None)
            if thing is None or not (tags or {}).items() <= thing.tags.items():
                return False
            users = db.execute(
                "SELECT id FROM things JOIN uses ON number = user WHERE used = ?", (thing.number,)
            ).fetchall()
            if users:
                raise Unlawful("in use", f"{id} is used by {', '.join(user for (user,) in users)}")
            self._erase(db, thing)
            return True

    def destroy(self, id: str) -> None:
        """Lose a thing as accidents do it: no law is asked, those that used it stay behind."""
        with self._transaction() as db:
            for thing in list(_things(db, "id = ?", (id,))):
                self._erase(db, thing)

    def things(
        self, type: str | None = None, *, after: int = 0, limit: int = -1
    ) -> Sequence[Thing]:
        """Things (of one type) with a number above `after`, the oldest first."""
        with self._lock:
            where = "number > ? AND type = coalesce(?, type) ORDER BY number LIMIT ?"
            return tuple(_things(self._db, where, (after, type, limit)))

    def postpone(self, due: float, verb: Verb, request: Mapping[str, JSON]) -> NoReturn:
        """Have the effect of a request when it is `due` (epoch seconds); raises Postponed."""
        with self._transaction() as db:
            row = due, verb, json.dumps(request)
            db.execute("INSERT INTO late (due, verb, request) VALUES (?, ?, ?)", row)
        raise Postponed

    def arrive(self, now: float) -> None:
        """Let what is due have its effect, as far as the laws allow it by now."""
        with self._lock:
            if not self._db.execute("SELECT 1 FROM late WHERE due <= ?", (now,)).fetchone():
                return
        with self._transaction() as db:
            query = "SELECT number, due, verb, request FROM late WHERE due <= ? ORDER BY due"
            due = db.execute(query, (now,)).fetchall()
            db.executemany("DELETE FROM late WHERE number = ?", [row[:1] for row in due])
        for _, at, verb, request in due:
            with suppress(Unlawful):
                match verb:
                    case "make":
                        self.make(**json.loads(request), now=at)
                    case "change":
                        self.change(**json.loads(request))
                    case _:
                        self.remove(**json.loads(request))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _replay(self, db: sqlite3.Connection, token: str, request: str) -> Thing | None:
        row = db.execute("SELECT number, request FROM tokens WHERE token = ?", (token,)).fetchone()
        if row is None:
            return None
        if row[1] != request:
            raise Unlawful("token spent", "the token was used for another request")
        made = next(_things(db, "number = ?", (row[0],)), None)
        if made is None:
            raise Unlawful("token spent", "what the token made is gone")
        return made

    def _named(self, db: sqlite3.Connection, type: str, name: str) -> Sequence[Thing]:
        return tuple(_things(db, "type = ? AND name = ? ORDER BY number", (type, name)))

    def _bind(
        self, db: sqlite3.Connection, number: int, type: str, properties: Mapping[str, JSON]
    ) -> None:
        """Tie a thing to what it uses and occupies; Unlawful undoes the whole transaction."""
        for kind, key in uses(type, properties):
            found = next(_things(db, "type = ? AND (id = ? OR name = ?)", (kind, key, key)), None)
            if found is None:
                raise Unlawful("missing", f"there is no {kind} {key}")
            db.execute("INSERT INTO uses VALUES (?, ?)", (number, found.number))
        for claim, address in claims(properties):
            for (held,) in db.execute("SELECT address FROM claims WHERE claim = ?", (claim,)):
                if overlap(address, held):
                    raise Unlawful("occupied", f"{claim} is already taken")
            db.execute("INSERT INTO claims VALUES (?, ?, ?)", (claim, address, number))

    def _unbind(self, db: sqlite3.Connection, number: int) -> None:
        db.execute("DELETE FROM uses WHERE user = ?", (number,))
        db.execute("DELETE FROM claims WHERE holder = ?", (number,))

    def _erase(self, db: sqlite3.Connection, thing: Thing) -> None:
        self._unbind(db, thing.number)
        db.execute("DELETE FROM things WHERE number = ?", (thing.number,))


def _things(
    db: sqlite3.Connection, where: str, values: tuple[str | int | None, ...]
) -> Iterator[Thing]:
    query = f"SELECT {COLUMNS} FROM things WHERE {where}"  # noqa: S608 - `where` is ours
    for number, id, type, name, tags, properties, born in db.execute(query, values):
        yield Thing(number, id, type, name, _parsed(tags), _parsed(properties), born)


def _parsed(text: str) -> dict[str, JSON]:
    """What `json.dumps` has written, without looking for blanks around it."""
    return _DECODER.raw_decode(text)[0]
