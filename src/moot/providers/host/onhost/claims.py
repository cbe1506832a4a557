"""Who manages a thing of the machine, and what was there before: one JSON file for each thing.

One folder for the whole machine, because two Apps, of two people, may want one package or one file.
A claim is written before the thing is touched; that is what an interrupted change is undone from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os

from .files import Problem, alone, load, same
from .files import write as replace

FOLDER = "/var/lib/moot/claims"


@contextlib.contextmanager
def claims():
    """Nobody else changes a claim meanwhile; the folder goes when the last one is given up."""
    with contextlib.ExitStack() as lock:
        while not _locked(lock):
            lock.close()  # of a folder that was tidied away just now, and may be there again
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                os.rmdir(FOLDER)
                os.rmdir(os.path.dirname(FOLDER))


def _locked(lock):
    with contextlib.suppress(FileNotFoundError):
        os.makedirs(FOLDER, mode=0o700, exist_ok=True)
        mine = os.stat(FOLDER).st_ino
        lock.enter_context(alone(FOLDER))
        return os.stat(FOLDER).st_ino == mine
    return False


class Claim:
    """`holders` are the record folders that want the thing, `before` what there was without them.

    Only to be changed within `claims`.
    """

    def __init__(self, kind, target):
        digest = hashlib.sha256(target.encode()).hexdigest()[:24]
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
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def _write(self):
        content = {"target": self.target, "before": self.before, "holders": self.holders}
        replace(self.path, json.dumps(content), durable=True)


def _one_thing(one, other):
    """Whether these are two incarnations of one thing."""
    return same({**one, "moot.incarnation": ""}, {**other, "moot.incarnation": ""})
