"""Images of this machine's engine: pulled or received, and what of them we brought."""

from __future__ import annotations

import os
import shutil

from .engines import ask, engine, ids, image, images, required
from .files import Problem, adopt_or_make, load, same, staying, tidy, write
from .lean import dumps, suppress


def begin_image(folder, marks, reference, data):
    """Make the record of an image before anything is done about it.

    Answers what is there: the id of `reference`, the engine, and the layers of every image.
    """
    with staying(data):
        adopt_or_make(folder, marks, 0o700)
        path = required()
        there = image(reference)
        if not os.path.exists(f"{folder}/record.json"):
            # One that an earlier try of ours brought is told from one that was there before.
            kept = {"reference": reference, "before": there["Id"] if there else ""}
            write(f"{folder}/record.json", dumps(kept), durable=True)
    layers = [found["RootFS"].get("Layers") or [] for found in images()]
    return {"id": there["Id"] if there else "", "engine": path, "layers": layers}


def pull_image(reference, platform):
    """Fetch it from its registry."""
    try:
        ask("pull", *(["--platform", platform] if platform else []), reference)
    except Problem as problem:
        message = problem.answer["message"]
        remedy = "docker login on that machine, or correct the image's name; "
        remedy += "an image that this machine's own engine has is sent there"
        raise Problem(
            "InvalidRequest", f"{reference} cannot be pulled: {message}", remedy
        ) from None


def end_of_image(folder, told):
    """Complete the record with what is there now, and with what is to be known of it."""
    kept = load(f"{folder}/record.json")
    found = image(kept["reference"])
    if found is None:
        raise Problem("NotStabilized", f"{kept['reference']} is not there after all")
    write(f"{folder}/record.json", dumps({**kept, **told, "id": found["Id"]}), durable=True)


def amend_image(folder, changes):
    """Write down what else was asked for."""
    write(f"{folder}/record.json", dumps({**load(f"{folder}/record.json"), **changes}))


def remove_image(folder, marks, data, root):
    """Forget an image; what we brought goes, unless something still uses it."""
    if not same(load(f"{folder}/marks.json"), marks):
        return
    kept = load(f"{folder}/record.json")
    if engine() and kept.get("id") and kept["id"] != kept["before"] and not _shared(folder, kept):
        found = image(kept["reference"])
        if found and found["Id"] == kept["id"]:
            with suppress(Problem):
                ask("rmi", kept["reference"])
            if kept["before"]:
                with suppress(Problem):  # its owner may have removed it meanwhile
                    ask("tag", kept["before"], kept["reference"])
    shutil.rmtree(folder)
    tidy(os.path.dirname(folder), data, root)


def sight(folder):
    """What was asked, and whether the engine still has it."""
    kept = load(f"{folder}/record.json")
    there = engine() is not None and kept.get("id") in ids()
    return {"record": kept, "there": there}


def _shared(folder, kept):
    """Whether another record of ours needs it: that one inherits the duty to remove it."""
    runs = os.path.dirname(os.path.dirname(os.path.dirname(folder)))
    for path, _, names in os.walk(runs):
        if path != folder and "record.json" in names:
            other = load(f"{path}/record.json")
            if other.get("id") == kept["id"] and other.get("reference") == kept["reference"]:
                write(f"{path}/record.json", dumps({**other, "before": kept["before"]}))
                return True
    return False
