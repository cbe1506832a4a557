"""Files that travel to a container before it starts, as the archives the Engine unpacks."""

from __future__ import annotations

import base64
import io
import posixpath
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

from moot.provider import ProviderError


def archive(files: Iterable[Mapping[str, Any]], folder: str = "/") -> bytes:
    """A tar of `files` with their modes and owners, to be unpacked in `folder`.

    Folders on the way are not part of it: those that exist keep their owner and mode.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for file in files:
            content = _content(file)
            entry = tarfile.TarInfo(posixpath.relpath(_target(file), folder))
            entry.size = len(content)
            entry.mode = int(file.get("mode", 0o444))
            entry.uid = _number(file, "uid")
            entry.gid = _number(file, "gid")
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def unpacked(chunks: Iterable[bytes]) -> bytes:
    """The one file inside an archive the Engine sent."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        entry = tar.next()
        content = tar.extractfile(entry) if entry else None
        return content.read() if content else b""


def folders_for(spec: Mapping[str, Any]) -> list[str]:
    """Folders that need a volume of their own so that files can be put there.

    The Engine does not unpack into a read-only root, and what lies under a tmpfs would be hidden.
    """
    mounts = spec.get("mounts") or ()
    covered = [m["target"] for m in mounts if m["kind"] == "volume"]
    hidden = [m["target"] for m in mounts if m["kind"] == "tmpfs"]
    read_only = bool((spec.get("options") or {}).get("read_only"))
    found = {
        posixpath.dirname(_target(file))
        for file in all_files(spec)
        if (read_only or _below(file, hidden)) and not _below(file, covered)
    }
    return sorted(found)


def all_files(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every file of a container, secret or not."""
    return [*(spec.get("files") or ()), *(spec.get("secrets") or ())]


def batches(spec: Mapping[str, Any]) -> Iterable[tuple[str, bytes]]:
    """(folder, archive) pairs: what lies in a folder of its own is unpacked right there."""
    own = folders_for(spec)
    for folder in (*own, "/"):
        here = [f for f in all_files(spec) if _home(f, own) == folder]
        if here:
            yield folder, archive(here, folder)


def _home(file: Mapping[str, Any], own: list[str]) -> str:
    folder = posixpath.dirname(_target(file))
    return folder if folder in own else "/"


def _below(file: Mapping[str, Any], folders: Iterable[str]) -> bool:
    return any(_target(file).startswith(folder.rstrip("/") + "/") for folder in folders)


def _target(file: Mapping[str, Any]) -> str:
    return posixpath.normpath(str(file["target"]))


def _content(file: Mapping[str, Any]) -> bytes:
    content = str(file["content"])
    if file.get("encoding") == "base64":
        return base64.b64decode(content)
    return content.encode("utf-8", "surrogateescape")  # a secret that is no text comes like this


def _number(file: Mapping[str, Any], key: str) -> int:
    """Owners are numbers: names are known inside the image only."""
    given = file.get(key)
    if given in (None, ""):
        return 0
    try:
        return int(str(given))
    except ValueError:
        raise ProviderError(
            "InvalidRequest",
            f"{key} of {file['target']} is {given!r}, but the Engine needs a number",
            remedy=f"write the {key} as a number; see /etc/passwd and /etc/group of the image",
        ) from None
