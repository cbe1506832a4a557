"""Everything of ours on this machine in one answer: what carries our marks, and how it is now.

A thing is a folder with `marks.json`.  Each type says how it is seen: the module named in SIGHTS
has a function `sight(folder)` that returns plain JSON.
"""

from __future__ import annotations

import glob
import importlib
import os

from .files import Problem, load

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
    paths = (path for pattern in FOLDERS for path in glob.glob(f"{data}/{pattern}"))
    return [record for path in sorted(paths) if (record := look(path))]


def look(folder):
    """The record of one thing; None where there is none, with a "problem" where it is not seen."""
    marks = load(f"{folder}/marks.json")
    if not marks:
        return None
    type = marks.get("moot.type", "host.volume")
    module = SIGHTS.get(type)
    try:
        shown = importlib.import_module(f".{module}", __package__).sight(folder) if module else {}
    except Problem as problem:
        shown = {"problem": problem.answer}
    except (OSError, LookupError, TypeError) as problem:
        said = f"{folder} cannot be read: {problem!r}"
        shown = {"problem": Problem("GeneralServiceException", said).answer}
    return {"folder": folder, "type": type, "marks": marks, **shown}


def listed(folder, pattern):
    """{path below the folder: content} of the JSON files there that match."""
    paths = sorted(glob.glob(f"{folder}/{pattern}"))
    found = {os.path.relpath(path, folder): load(path) for path in paths}
    return {path: content for path, content in found.items() if content}
