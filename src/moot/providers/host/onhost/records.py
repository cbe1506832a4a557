"""The record of one thing that a recipe asked for: what is wanted, and what was done about it."""

from __future__ import annotations

from .files import load, write
from .lean import dumps, sha256


class Record:
    """The folder of one thing, with `marks.json` and `record.json`.

    `job` is the run of a job that is asked after, `address` where other machines reach this one.
    `proven`: just now it was seen that it is as wanted.
    """

    def __init__(self, folder, job="", address=""):
        self.folder, self.job, self.address = folder, job, address
        self.proven = False
        self.marks = load(f"{folder}/marks.json")
        self.content = load(f"{folder}/record.json")

    @property
    def wanted(self):
        return self.content.get("wanted", {})

    @property
    def stands(self):
        """Whether it was brought about once."""
        return bool(self.content.get("stands"))

    def keep(self, **changes):
        """Write down what is new of it, before or after the effect."""
        changes = {name: value for name, value in changes.items() if self._differs(name, value)}
        if not changes:
            return
        self.content.update(changes)
        write(f"{self.folder}/record.json", dumps(self.content), durable=True)

    def _differs(self, name, value):
        return self.content.get(name, False) != value


def digest(*parts):
    """Tells one wish from another."""
    return sha256(dumps(parts, sort_keys=True).encode()).hexdigest()[:24]
