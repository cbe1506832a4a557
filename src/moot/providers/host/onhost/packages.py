"""Packages of the machine's own package manager: installed once, however many recipes ask for them.

What was there before is never removed.  What was brought goes with the last recipe that wants it,
and so does what came along with it and nobody else needs.
"""

from __future__ import annotations

import fcntl
import fnmatch
import os

from .claims import FOLDER, claims
from .files import Problem, load, write
from .jobs import Failed, Job
from .lean import dumps
from .managers import manager


def bring(record, wanted):
    """Claim the packages and have a job install those that are not there."""
    record.keep(wanted=wanted)
    asked = dict(_split(item) for item in wanted["names"])
    found = manager()
    with claims():
        book = Book()
        _refuse_other_versions(book, record.folder, asked, found.versions())
        book.claim(record.folder, wanted["names"])
    job = Job(f"{record.folder}/job")
    what = f"installing {', '.join(wanted['names'])}"
    if job.status == "running":
        return job.under_way(what)
    lacking = _lacking(asked, found.versions())
    if lacking and job.status == "ended" and job.name == record.job:
        if job.exit_code:
            raise job.failure(what)
        remedy = "name the package that provides it"
        raise Failed("InvalidRequest", f"no such package: {', '.join(lacking)}", remedy)
    if lacking or book.released:
        items = [item for item in wanted["names"] if _split(item)[0] in lacking]
        job.begin(lambda: _work(items))
        return job.under_way(what)
    record.keep(stands=True)
    return None


def take_back(record):
    """Give the claim up and have a job remove what nobody wants any more."""
    with claims():
        book = Book()
        book.give_up(record.folder)
    job = Job(f"{record.folder}/job")
    what = f"removing {', '.join(book.released)}"
    if job.status == "running":
        return job.under_way(what)
    if not book.released:
        return None
    if job.status == "ended" and job.exit_code and job.name == record.job:
        raise job.failure(what)
    job.begin(lambda: _work([]))
    return job.under_way(what)


def seen(record):
    """Which of the packages are there as they are wanted, and in which version."""
    asked = dict(_split(item) for item in record.wanted.get("names", []))
    versions = manager().versions() if asked else {}
    lacking = _lacking(asked, versions)
    brought = Book().brought if asked else []
    return {
        "names": [n for n in record.wanted.get("names", []) if _split(n)[0] not in lacking],
        "versions": {name: versions[name] for name in asked if name in versions},
        "installed": [name for name in asked if name in brought],
    }


class Book:
    """What of the machine's packages is ours; only to be changed within `claims`.

    `claimed`: by record folder what it wants.  `brought`: what we installed, with all that came
    along.  `released`: what was claimed, was brought, and is wanted by nobody now.  `before`: what
    was there when an installation began that has not ended.
    """

    def __init__(self):
        self.path = f"{FOLDER}/packages.json"
        found = load(self.path)
        held = found.get("claimed", {}).items()
        self.claimed = {folder: names for folder, names in held if os.path.isdir(folder)}
        self.brought = found.get("brought", [])
        self.released = found.get("released", [])
        self.before = found.get("before")

    def claim(self, folder, items):
        before = self.claimed.get(folder, [])
        self.claimed[folder] = list(items)
        self._release(before)

    def give_up(self, folder):
        before = self.claimed.pop(folder, [])
        self._release(before)

    def items(self):
        """Everything that is asked for, as it is asked for."""
        return sorted({item for items in self.claimed.values() for item in items})

    def wanted(self, but=""):
        """The names that are asked for, by any record or by all but one."""
        lists = (items for folder, items in self.claimed.items() if folder != but)
        return {_split(item)[0] for items in lists for item in items}

    def begin(self, there):
        """Before anything is installed; what an interrupted installation brought is ours too."""
        self.account(there)
        self.before = sorted(there)
        self.save()

    def account(self, there):
        """After it: what is new is ours; what is gone is not."""
        new = set() if self.before is None else set(there) - set(self.before)
        self.brought = sorted((set(self.brought) | new) & set(there))
        self.before = None

    def save(self):
        """Nothing on record, no file."""
        content = {
            "claimed": self.claimed,
            "brought": self.brought,
            "released": self.released,
            "before": self.before,
        }
        if any(content.values()):
            write(self.path, dumps(content))
        elif os.path.exists(self.path):
            os.unlink(self.path)

    def _release(self, items):
        """Names that were claimed until now, and those that nobody claims any more."""
        names = {_split(item)[0] for item in items} & set(self.brought)
        self.released = sorted((set(self.released) | names) - self.wanted())
        self.save()


def _work(items):
    """In a process of its own: install, then remove what is released.  One at a time.

    What others wait for is installed along with it; where that fails, it is installed alone.
    """
    found = manager()
    lock = os.open(found.folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with claims():
        book, there = Book(), found.versions()
        book.begin(there)
    items = [item for item in items if _lacking(dict([_split(item)]), there)]
    everybodys = [item for item in book.items() if _lacking(dict([_split(item)]), there)]
    code = found.install(everybodys) if items else 0
    if code and len(everybodys) > len(items):
        code = found.install(items)
    with claims():
        book = Book()
        book.account(found.versions())
        book.save()
    return code or _sweep(found)


def _sweep(found):
    """Remove what is released, with what came along and nobody needs; what others need stays."""
    with claims():
        book = Book()
    released = set(book.released)
    if not released:
        return 0
    found.release(sorted(released))
    gone = code = None
    while not code and (gone := _needless(found, book) - (gone or set())):
        code = found.remove(sorted(gone))
    with claims():
        book = Book()
        if not code:
            book.released = [name for name in book.released if name not in released]
        book.account(found.versions())
        book.save()
    return code or 0


def _needless(found, book):
    """What we brought and nobody needs now; removing it may leave more of that."""
    return set(found.orphans()) & set(book.brought) - book.wanted()


def _split(item):
    name, _, version = item.partition("=")
    return name, version


def _lacking(asked, versions):
    """The names that are not there, or not in the version that is asked for."""
    return [
        name
        for name, version in asked.items()
        if name not in versions or (version and not fnmatch.fnmatch(versions[name], version))
    ]


def _refuse_other_versions(book, folder, asked, versions):
    """What somebody else relies on is not exchanged for another version."""
    others = book.wanted(but=folder)
    for name in _lacking(asked, versions):
        if name not in versions:
            continue
        whose = "it was there before" if name not in book.brought else "another recipe wants that"
        if name not in book.brought or name in others:
            raise Problem(
                "AlreadyExists",
                f"{name} is installed in version {versions[name]}, not {asked[name]}, and {whose}",
                "ask for that version, or for none, or change it on the machine yourself",
            )
