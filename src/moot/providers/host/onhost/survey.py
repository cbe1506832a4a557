"""Everything of ours on this machine in one answer: what carries our marks, and how it is now.

A thing is a folder with `marks.json`.  Each type says how it is seen: the module named in SIGHTS
has a function `sight(folder)` that returns plain JSON.
"""

from __future__ import annotations

import os

from .files import Problem, load
from .lean import module, suppress

FOLDERS = ("volumes/*", "run/*/*/*")
SIGHTS = {
    "host.volume": "files",
    "host.process": "runs",
    "host.gateway": "gateway",
    "host.container": "containers",
    "host.image": "images",
    "host.package": "recipes",
    "host.user": "recipes",
    "host.file": "recipes",
    "host.firewall": "recipes",
    "host.script": "recipes",
    "host.ansible": "recipes",
    "host.puppet": "recipes",
}


def survey(data):
    """A record for each thing below `data`: {"folder", "type", "marks", **what its type shows}."""
    paths = (path for pattern in FOLDERS for path in found(data, pattern))
    return [record for path in sorted(paths) if (record := look(path))]


def found(folder, pattern):
    """The paths below a folder that match; `*` is the only sign, and stands first in a name."""
    paths = [folder]
    for part in pattern.split("/"):
        if part.startswith("*"):
            paths = [f"{path}/{name}" for path in paths for name in _named(path, part[1:])]
        else:
            paths = [f"{path}/{part}" for path in paths]
    return paths


def _named(folder, ending):
    """The names in a folder, if it is one; `glob` would take as long to import as to look."""
    with suppress(OSError):
        return [n for n in os.listdir(folder) if n.endswith(ending) and not n.startswith(".")]
    return []


def look(folder):
    """The record of one thing; None where there is none, with a "problem" where it is not seen."""
    marks = load(f"{folder}/marks.json")
    if not marks:
        return None
    type = marks.get("moot.type", "host.volume")
    where = SIGHTS.get(type)
    try:
        shown = module(__package__, where).sight(folder) if where else {}
    except Problem as problem:
        shown = {"problem": problem.answer}
    except (OSError, LookupError, TypeError) as problem:
        said = f"{folder} cannot be read: {problem!r}"
        shown = {"problem": Problem("GeneralServiceException", said).answer}
    return {"folder": folder, "type": type, "marks": marks, **shown}


def listed(folder, pattern):
    """{path below the folder: content} of the JSON files there that match."""
    contents = {path[len(folder) + 1 :]: load(path) for path in sorted(found(folder, pattern))}
    return {path: content for path, content in contents.items() if content}
