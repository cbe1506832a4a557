"""Parses declarations out of memory, the way the tests here want them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from moot.passes.parse import Content, Folder, Parsed, Sources, parse

FOLDER = "/apps/shop"


def digest(content: bytes) -> str:
    return hashlib.sha256(b"key" + content).hexdigest()[:16]


def parsed(
    files: Mapping[str, Content | str],
    *order: str,
    environ: Mapping[str, str] | None = None,
    profiles: frozenset[str] = frozenset(),
    name: str | None = None,
    beside: Mapping[str, Content] | None = None,
) -> Parsed:
    """The result for `files`, by their path from the folder; all others do not exist.

    `order` are the compose files, `compose.yaml` alone if left out; `beside` are files by their
    absolute paths.
    """
    held = {
        f"{FOLDER}/{path}": text.encode() if isinstance(text, str) else text
        for path, text in files.items()
    } | dict(beside or {})
    contents: dict[str, Content] = {}
    sources = [f"{FOLDER}/{path}" for path in order or ("compose.yaml",)]
    for _ in range(100):
        result = parse(
            Sources(
                files=tuple(sources),
                contents=contents,
                folder=FOLDER,
                name=name,
                profiles=profiles,
            ),
            environ or {},
            digest,
        )
        if not result.needs:
            return result
        assert result.needs[0] not in contents, "asked for a path that was given"
        contents |= {path: _content(held, path) for path in result.needs}
    raise AssertionError("it asks for ever more files")


def _content(held: Mapping[str, Content], path: str) -> Content:
    below = {
        rest.split("/")[0] + "/" * ("/" in rest)
        for known in held
        if known.startswith(path + "/") and (rest := known[len(path) + 1 :])
    }
    return Folder(tuple(sorted(below))) if below else held.get(path)
