"""What replicas are given in secret: in memory only where this machine lets us, and never shown."""

from __future__ import annotations

import os
import stat

from .files import remove, write
from .lean import dumps, loads, sha256, suppress

ROOMS = ("/run", "/dev/shm")  # noqa: S108  (only where it is memory, and in a folder of root's)
IN_MEMORY = frozenset({"tmpfs", "ramfs"})
HIDDEN = "environment.json"
SHORTEST = 6  # what is shorter stands in many a line by chance


def room(folder):
    """Where the secrets of a run folder are.

    In memory where we are root, so that neither a stolen disk nor a reboot shows them.  Others have
    no such folder that outlives their login: theirs lie in the run folder.
    """
    base = in_memory()
    if base is None:
        return f"{folder}/secrets"
    return f"{base}/{sha256(folder.encode()).hexdigest()[:20]}"


def in_memory():
    """The folder in memory that is ours to use; None where there is none."""
    if os.getuid():
        return None
    rooms = (path for path in ROOMS if _type(path) in IN_MEMORY and _may_use(f"{path}/moot"))
    return next((f"{path}/moot/secrets" for path in rooms), None)


def prepare(folder, ids):
    """Make the room of a run folder, for the replica's user alone."""
    path = room(folder)
    os.makedirs(os.path.dirname(path), mode=0o711, exist_ok=True)
    os.makedirs(path, mode=0o700, exist_ok=True)
    if ids:  # it may look for its files, and make or move nothing
        os.chown(path, -1, ids[1])
        os.chmod(path, 0o710)  # noqa: S103  (its own group)
    return path


def hide(folder, variables, ids):
    """Put variables of the environment there; returns the file, which stays root's or ours."""
    path = f"{prepare(folder, ids)}/{HIDDEN}"
    write(path, dumps(variables))
    return path


def content_of(file):
    """The bytes of a file as it was sent; what is no text came as surrogates or as base64."""
    if file["encoding"] == "base64":
        import base64  # dear to import, and most files are text

        return base64.b64decode(file["content"])
    return file["content"].encode("utf-8", "surrogateescape")


def redacted(folder, lines):
    """Lines a replica wrote, without the secrets it was given."""
    secrets = sorted(_known(room(folder)), key=len, reverse=True) if lines else ()
    for secret in secrets:
        lines = [line.replace(secret, "[secret]") for line in lines]
    return lines


def place(folder, file, ids):
    """Write one file the replica is given; returns where: below its run folder, or in memory."""
    parts = [part for part in file["target"].split("/") if part not in {"", ".", ".."}]
    base = prepare(folder, ids) if file.get("secret") else folder
    path = "/".join([base, "files", *parts])
    os.makedirs(os.path.dirname(path), mode=0o711 if ids else 0o700, exist_ok=True)
    write(path, content_of(file))
    if ids:
        os.chown(path, ids[0], ids[1])
    os.chmod(path, file["mode"])
    return path


def discard(folder):
    """Remove what a run folder has in memory; the rest goes with the folder."""
    path = room(folder)
    remove(path, ignore_errors=True)
    if path.startswith(f"{folder}/"):
        return
    with suppress(OSError):  # the last one takes what is above along
        os.removedirs(os.path.dirname(path))


def _known(path):
    """Every text of a room that is long enough to be told from chance, line by line."""
    for place, _, names in os.walk(path):
        for name in names:
            with open(f"{place}/{name}", "rb") as file:
                text = file.read().decode("utf-8", "surrogateescape")
            values = loads(text).values() if name == HIDDEN and place == path else [text]
            for value in values:
                yield from (line for line in value.splitlines() if len(line) >= SHORTEST)


def _may_use(path):
    """Whether nobody else has put a folder of theirs where ours would be."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return True
    return stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022


def _type(path):
    """The kind of file system that a path is on."""
    path, best = os.path.realpath(path), ("", "")
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            place, kind = line.split(" ")[1:3]
            inside = path == place or path.startswith(place.rstrip("/") + "/")
            if inside and len(place) >= len(best[0]):
                best = (place, kind)
    return best[1]
