"""Notices a database that was restored, lost, copied or moved; it is read-only until `recover`.

The database counts every turn that takes a lease, and MOOT_HOME keeps the same count in a file that
is written after the commit: a crash between leaves the file behind, which is no alarm, while a
database behind the file was put back from a backup.  The database also knows where it lives.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from moot.engine.seal import Seal
from moot.home import Home
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.value import JSON
from moot.store import Store

INSTALLATION, GENERATION, SERIAL, SERIAL_AT, PLACE, KEY = (
    "installation",
    "generation",
    "serial",
    "serial_at",
    "place",
    "key",
)
_KEY_CHECK = b"the key of this store"
_RESOLVE = "`moot recover` looks at every venue, shows what it finds, and takes over from there"

Why = Literal["lost", "restored", "moved", "key"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the database cannot be trusted, since when (epoch seconds; 0: unknown), and in words."""

    why: Why
    since: float
    summary: str
    detail: str
    remedy: str = _RESOLVE

    def diagnostic(self, severity: Literal["error", "warning"]) -> Diagnostic:
        """As it is shown."""
        return Diagnostic(
            summary=self.summary, detail=self.detail, remedy=self.remedy, severity=severity
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """One store and the home it belongs to."""

    home: Home
    store: Store
    seal: Seal
    now: Callable[[], float]

    @property
    def installation(self) -> str:
        """Whose things ours are: what the database says, else the file beside it."""
        return self.store.meta(INSTALLATION) or self.home.installation()

    @property
    def generation(self) -> int:
        """How often this installation's memory has been taken over, from 1."""
        return int(self.store.meta(GENERATION) or 1)

    def doubt(self) -> Doubt | None:
        """Why nothing may be changed now, if anything is wrong."""
        kept, kept_at = self._kept()  # before the database: it may only ever be behind
        serial = int(self.store.meta(SERIAL) or 0)
        serial_at = float(self.store.meta(SERIAL_AT) or 0)
        place, key = self.store.meta(PLACE), self.store.meta(KEY)
        if not serial and kept and not self.store.apps():
            return _lost(kept, kept_at)
        if key not in {None, self._key()}:
            return _other_key(serial_at)
        if place not in {None, self._place()}:
            return _moved(str(place), str(self._place()), serial_at)
        if serial < kept:
            return _restored(serial, serial_at, kept, kept_at)
        return None

    def admit(self) -> None:
        """Raises Refused (exit code 4) where a doubt stands."""
        if doubt := self.doubt():
            raise Refused(doubt.diagnostic("error"))

    def advance(self) -> None:
        """Count a turn: in the database, then in the file.  The caller holds a lease."""
        with self.store.turn():
            serial = int(self.store.meta(SERIAL) or 0) + 1
            self._sign(serial, self.generation, self.installation)
        self._keep(serial)

    def take_over(self, installation: str, seen_generation: int) -> int:
        """Trust the database as it is from now on, under a generation above all seen ones."""
        kept, _ = self._kept()
        with self.store.turn():
            serial = max(kept, int(self.store.meta(SERIAL) or 0)) + 1
            generation = max(seen_generation, self.generation) + 1
            self._sign(serial, generation, installation)
        self._keep(serial)
        return generation

    def _sign(self, serial: int, generation: int, installation: str) -> None:
        entries = {
            INSTALLATION: installation,
            GENERATION: str(generation),
            SERIAL: str(serial),
            SERIAL_AT: repr(self.now()),
            KEY: self._key(),
        }
        if (place := self._place()) is not None:
            entries[PLACE] = place
        for name, value in entries.items():
            if self.store.meta(name) != value:
                self.store.put_meta(name, value)

    def _key(self) -> str:
        return self.seal.digest(_KEY_CHECK)

    def _place(self) -> str | None:
        """Machine, path and inode of the file beside the database; None where others share it."""
        if self.store.shared:
            return None
        self.home.installation()
        file = (self.home.folder / "installation").resolve()
        return f"{_machine()} {file} {file.stat().st_ino}"

    @property
    def _file(self) -> Path:
        """The count of this store; another one used from the same home has a file of its own."""
        store = str(self.home.store)
        inside = store == str(self.home.folder / "moot.db")
        digest = hashlib.sha256(store.encode()).hexdigest()[:12]
        return self.home.folder / ("serial" if inside else f"serial.{digest}")

    def _kept(self) -> tuple[int, float]:
        try:
            found: Mapping[str, JSON] = json.loads(self._file.read_text())
            return int(found["serial"]), float(found["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, 0.0

    def _keep(self, serial: int) -> None:
        """Write the count down for good; never a smaller one than another process has written."""
        folder = os.open(self.home.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if self._kept()[0] >= serial:
                return
            draft = self._file.with_name(f"{self._file.name}.new")
            with closing(draft.open("w")) as file:
                json.dump({"serial": serial, "at": self.now()}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._file)
            os.fsync(folder)
        finally:
            os.close(folder)


def _machine() -> str:
    """What tells one machine from another, empty where it does not say."""
    try:
        return Path("/etc/machine-id").read_text().strip()
    except OSError:
        return ""


def _lost(kept: int, at: float) -> Doubt:
    return Doubt(
        "lost",
        at,
        "the database is gone, and an empty one is in its place",
        f"this home has made {_turns(kept)}, the last {_moment(at)}",
        f"put the database back, or rebuild it: {_RESOLVE}",
    )


def _restored(serial: int, serial_at: float, kept: int, kept_at: float) -> Doubt:
    return Doubt(
        "restored",
        serial_at,
        "the database was restored: it is older than what has been done since",
        f"it knows of {_turns(serial)}, the last {_moment(serial_at)}; this home has made "
        f"{_turns(kept)}, the last {_moment(kept_at)}",
    )


def _moved(old: str, new: str, at: float) -> Doubt:
    return Doubt(
        "moved",
        at,
        "the database was copied or moved",
        f"until {_moment(at)} it was at {_shown(old)}; it is now at {_shown(new)}",
        "if this is a copy, go on working with the original; if this is its place from now on, "
        f"{_RESOLVE}",
    )


def _other_key(at: float) -> Doubt:
    return Doubt(
        "key",
        at,
        "the key in MOOT_HOME is not the key of this database",
        f"the database was last used {_moment(at)} with another one; by this key everything in it "
        "would look changed",
        f"put the file `key` back, or do without it: {_RESOLVE}",
    )


def _turns(count: int) -> str:
    return "1 turn" if count == 1 else f"{count} turns"


def _shown(place: str) -> str:
    machine, _, rest = place.partition(" ")
    path, _, inode = rest.rpartition(" ")
    return f"{path} (machine {machine[:8] or 'unknown'}, file {inode})"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else "at a time unknown"
