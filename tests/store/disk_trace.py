"""What SQLite asks the disk to do, recorded below it; and what a power cut would leave of that.

The table of functions through which SQLite reaches its files is patched in place, in the library
that Python itself has loaded: what is recorded is what the store really does.
"""

from __future__ import annotations

import contextlib
import ctypes
import random
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = ("Close", "Read", "Write", "Truncate", "Sync", "FileSize", "Lock", "Unlock")
CALLS += ("CheckReservedLock", "FileControl", "SectorSize", "DeviceCharacteristics")
CALLS += ("ShmMap", "ShmLock", "ShmBarrier", "ShmUnmap", "Fetch", "Unfetch")
POINTER, INT, OFFSET = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
# SQLite keeps the address of a file's name for as long as the file is open: the name is handed on
# as the address that it came as.
OPEN = ctypes.CFUNCTYPE(INT, POINTER, POINTER, POINTER, INT, POINTER)
DELETE = ctypes.CFUNCTYPE(INT, POINTER, ctypes.c_char_p, INT)
WRITE = ctypes.CFUNCTYPE(INT, POINTER, POINTER, INT, OFFSET)
TRUNCATE = ctypes.CFUNCTYPE(INT, POINTER, OFFSET)
SYNC = ctypes.CFUNCTYPE(INT, POINTER, INT)


class Vfs(ctypes.Structure):
    """The head of sqlite3_vfs."""

    _fields_ = (
        ("version", INT),
        ("file_size", INT),
        ("longest_path", INT),
        ("next", POINTER),
        ("name", ctypes.c_char_p),
        ("data", POINTER),
        ("open", POINTER),
        ("delete", POINTER),
    )


class Methods(ctypes.Structure):
    """sqlite3_io_methods."""

    _fields_ = (("version", INT), *((name, POINTER) for name in CALLS))


class NoLibrary(Exception):
    """Python's SQLite cannot be reached from outside; says why."""


@dataclass(frozen=True)
class Asked:
    """One thing asked of a file: `data` written at `offset`, cut there, synced or deleted.

    `ack`: the store said that so many turns are on disk.
    """

    what: str
    file: str = ""
    offset: int = 0
    data: bytes = b""
    ack: int = 0


@dataclass
class Recorder:
    """While it is inside `recording`, `trace` grows."""

    trace: list[Asked] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)
    _patched: dict[int, tuple[Methods, list[object]]] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Of files that are opened meanwhile."""
        vfs = library().sqlite3_vfs_find(None).contents
        before = vfs.open, vfs.delete
        opened, deleted = OPEN(self._opening(vfs.open)), DELETE(self._deleting(vfs.delete))
        vfs.open = ctypes.cast(opened, POINTER).value
        vfs.delete = ctypes.cast(deleted, POINTER).value
        self._kept += [opened, deleted]
        try:
            yield
        finally:
            vfs.open, vfs.delete = before

    def _opening(self, original: int):
        def opened(vfs, name, file, flags, out):
            code = OPEN(original)(vfs, name, file, flags, out)
            path = ctypes.string_at(name).decode() if name else ""
            if code == 0 and path and not path.endswith("-shm"):
                self._names[file] = Path(path).name
                methods = POINTER.from_address(file)
                methods.value = ctypes.addressof(self._methods(methods.value))
            return code

        return opened

    def _deleting(self, original: int):
        def deleted(vfs, name, sync):
            self.trace.append(Asked("delete", Path(name.decode()).name))
            return DELETE(original)(vfs, name, sync)

        return deleted

    def _methods(self, address: int) -> Methods:
        """A copy of a table of functions in which ours come before three of SQLite's."""
        if address not in self._patched:
            copy = Methods.from_buffer_copy(Methods.from_address(address))
            kept = []
            for name, type, ours in (
                ("Write", WRITE, self._writing),
                ("Truncate", TRUNCATE, self._truncating),
                ("Sync", SYNC, self._syncing),
            ):
                kept.append(type(ours(type(getattr(copy, name)))))
                setattr(copy, name, ctypes.cast(kept[-1], POINTER).value)
            self._patched[address] = (copy, kept)
        return self._patched[address][0]

    def _writing(self, original):
        def write(file, data, size, offset):
            written = ctypes.string_at(data, size)
            self.trace.append(Asked("write", self._names[file], offset, written))
            return original(file, data, size, offset)

        return write

    def _truncating(self, original):
        def truncate(file, size):
            self.trace.append(Asked("truncate", self._names[file], size))
            return original(file, size)

        return truncate

    def _syncing(self, original):
        def sync(file, flags):
            code = original(file, flags)
            self.trace.append(Asked("sync", self._names[file]))
            return code

        return sync


@dataclass
class Disk:
    """Files as they would be found after a cut: what was synced, and some of the rest."""

    synced: dict[str, bytearray] = field(default_factory=dict)
    unsynced: dict[str, list[Asked]] = field(default_factory=dict)
    deleted: dict[str, bytearray] = field(default_factory=dict)
    acknowledged: int = -1

    def ask(self, asked: Asked) -> None:
        """One more thing happens before the cut."""
        match asked.what:
            case "ack":
                self.acknowledged = asked.ack
            case "sync":
                if asked.file not in self.synced:
                    self.deleted.clear()  # SQLite syncs the folder with a log that is new in it
                content = self.synced.setdefault(asked.file, bytearray())
                for each in self.unsynced.pop(asked.file, []):
                    applied(content, each)
            case "delete":
                self.unsynced.pop(asked.file, None)
                if content := self.synced.pop(asked.file, None):
                    self.deleted[asked.file] = content
            case _:
                self.unsynced.setdefault(asked.file, []).append(asked)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """Of what was not synced each write is there, is not there, or is there by halves.

        A file that was deleted may be there again, one that was never synced may be missing.
        """
        found = {name: bytearray(content) for name, content in self.synced.items()}
        for name, content in self.deleted.items():
            if name not in found and chance.random() < 0.5:
                found[name] = bytearray(content)
                return {name: bytes(content) for name, content in found.items()}
        kept = chance.choice((0.0, 0.5, 0.9, 1.0))
        for name, pending in self.unsynced.items():
            content = found.setdefault(name, bytearray())
            for each in pending:
                if chance.random() < kept:
                    applied(content, each if chance.random() < 0.7 else torn(each, chance))
        return {name: bytes(content) for name, content in found.items()}


def applied(content: bytearray, asked: Asked) -> None:
    """`content` after a write or a truncation; what lies between is zeros."""
    end = asked.offset + len(asked.data)
    if asked.what == "truncate":
        del content[asked.offset :]
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if asked.what == "write":
        content[asked.offset : end] = asked.data


def torn(asked: Asked, chance: random.Random) -> Asked:
    """A write of which only the first sectors arrived."""
    sectors = len(asked.data) // SECTOR
    data = asked.data[: SECTOR * chance.randint(0, sectors)]
    return Asked(asked.what, asked.file, asked.offset, data)


def library() -> ctypes.CDLL:
    """The SQLite that Python's own module uses."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        raise NoLibrary("only Linux says where a library is")
    found = re.findall(r"(/\S*libsqlite3\S*)", maps.read_text())
    if not found:
        raise NoLibrary("this Python has SQLite built in")
    loaded = ctypes.CDLL(found[0])
    loaded.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
    loaded.sqlite3_libversion.restype = ctypes.c_char_p
    if loaded.sqlite3_libversion().decode() != sqlite3.sqlite_version:
        raise NoLibrary("more than one SQLite is loaded")
    return loaded
