"""Who manages a thing of the machine, and what was there before: one JSON file for each thing.

One folder for the whole machine, because two Apps, of two people, may want one package or one file.
A claim is written before the thing is touched; that is what an interrupted change is undone from.
"""

from __future__ import annotations

import fcntl
import os

from .files import Problem, load, same
from .files import write as replace
from .lean import contextmanager, dumps, sha256, suppress

FOLDER = "/var/lib/moot/claims"


@contextmanager
def claims():
    """Nobody else changes a claim meanwhile; the folder goes when the last one is given up."""
    held = _held()
    try:
        yield
    finally:
        with suppress(OSError):
            os.rmdir(FOLDER)
            os.rmdir(os.path.dirname(FOLDER))
        os.close(held)


def _held():
    while True:
        with suppress(FileNotFoundError):
            os.makedirs(FOLDER, mode=0o700, exist_ok=True)
            fd = os.open(FOLDER, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(fd, fcntl.LOCK_EX)
            if _stands(fd):
                return fd
            os.close(fd)  # of a folder that was tidied away just now, and may be there again


def _stands(fd):
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(fd), os.stat(FOLDER))
    return False


class Claim:
    """`holders` are the record folders that want the thing, `before` what there was without them.

    Only to be changed within `claims`.
    """

    def __init__(self, kind, target):
        digest = sha256(target.encode()).hexdigest()[:24]
        self.path = f"{FOLDER}/{kind}-{digest}.json"
        self.kept = f"{FOLDER}/{kind}-{digest}.before"
        found = load(self.path)
        self.target = target
        self.before = found.get("before")
        self.holders = [h for h in found.get("holders", []) if os.path.isdir(h)]

    def hold(self, holder, before):
        """Add a holder; `before` counts for the first one only."""
        if self.before is None:
            self.before = before
        if holder not in self.holders:
            self.holders.append(holder)
        self._write()

    def hold_alone(self, holder, before):
        """The same where there can be one only; a new incarnation takes over from the old one."""
        marks = load(f"{holder}/marks.json")
        for other in self.holders:
            theirs = load(f"{other}/marks.json")
            if not _one_thing(marks, theirs):
                raise Problem(
                    "AlreadyExists",
                    f"{self.target} is managed by {theirs.get('moot.address')}",
                    "let only one of the two manage it",
                )
        try:
            self.before = before() if self.before is None else self.before
            self.holders = [holder]
            self._write()
        except BaseException:
            if not os.path.exists(self.path):
                self.forget()
            raise

    def had(self, name):
        """A part of what there was before."""
        return (self.before or {})[name]

    def give_up(self, holder):
        """Take a holder out; True where it was the last one, and what was before may come back."""
        if holder not in self.holders:
            return False
        if self.holders != [holder]:
            self.holders.remove(holder)
            self._write()
            return False
        return True

    def forget(self):
        """The thing is as it was before."""
        for path in (self.path, self.kept):
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _write(self):
        content = {"target": self.target, "before": self.before, "holders": self.holders}
        replace(self.path, dumps(content), durable=True)


def _one_thing(one, other):
    """Whether these are two incarnations of one thing."""
    return same({**one, "moot.incarnation": ""}, {**other, "moot.incarnation": ""})
