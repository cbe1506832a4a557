"""What a declaration was made from, kept with its revision so that it can be parsed once more.

The contents of secrets are left out: where they came from is read again when they are needed.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping

from moot.model.value import JSON, Secret
from moot.passes.parse import Content, Executable, Folder, Sources, Unreadable

MOST_BYTES = 16 * 1024 * 1024  # of one revision; one that is larger cannot be gone back to
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_ALWAYS = "COMPOSE_"


def packed(
    sources: Sources, environ: Mapping[str, str], secrets: Mapping[Secret, bytes]
) -> bytes | None:
    """Sources as bytes, with the variables whose names occur in them; None where they are too many.

    What is the content of a secret, in a file or a variable, stands there as its mere name.
    """
    size = sum(len(content) for content in _texts(sources.contents))
    if size > MOST_BYTES:
        return None
    hidden = {content: secret for secret, content in secrets.items() if content}
    used = {word.decode() for text in _texts(sources.contents) for word in _WORD.findall(text)}
    body: dict[str, JSON] = {
        "files": sources.files,
        "folder": sources.folder,
        "name": sources.name,
        "profiles": sorted(sources.profiles),
        "contents": {path: _entry(c, hidden) for path, c in sources.contents.items()},
        "environ": {
            name: _entry(value.encode("utf-8", "surrogateescape"), hidden)
            for name, value in environ.items()
            if name in used or name.startswith(_ALWAYS)
        },
    }
    return zlib.compress(json.dumps(body).encode())


def unpacked(
    content: bytes, read: Callable[[str], Content], environ: Mapping[str, str]
) -> tuple[Sources, Mapping[str, str], frozenset[Secret]]:
    """The inverse: sources, the environment, and the secrets that must be at hand once more.

    `read` and `environ` give what was left out as it is now; whether it still is the same is for
    the caller to find out, by the versions of the secrets.
    """
    body: JSON = json.loads(zlib.decompress(content))
    entries: Mapping[str, JSON] = body["contents"]
    variables: Mapping[str, JSON] = body["environ"]
    contents = {p: read(p) if "secret" in e else _content(e) for p, e in entries.items()}
    known: dict[str, str] = {}
    for name, entry in variables.items():
        if "secret" not in entry:
            known[name] = b64decode(entry["bytes"]).decode("utf-8", "surrogateescape")
        elif name in environ:
            known[name] = environ[name]
    asked = [e["secret"] for e in (*entries.values(), *variables.values()) if "secret" in e]
    sources = Sources(
        files=tuple(body["files"]),
        contents=contents,
        folder=body["folder"],
        name=body["name"],
        profiles=frozenset(body["profiles"]),
    )
    return sources, known, frozenset(Secret(name, version) for name, version in asked)


def _texts(contents: Mapping[str, Content]) -> Iterable[bytes]:
    for content in contents.values():
        if isinstance(content, Executable):
            yield content.content
        elif isinstance(content, bytes):
            yield content


def _entry(content: Content, hidden: Mapping[bytes, Secret]) -> dict[str, JSON]:
    match content:
        case None:
            return {}
        case Folder(names):
            return {"folder": names}
        case Unreadable(reason, size_bytes):
            return {"unreadable": [reason, size_bytes]}
        case Executable(inner):
            return {**_entry(inner, hidden), "executable": True}
        case bytes() if content in hidden:
            return {"secret": [hidden[content].name, hidden[content].version]}
        case bytes():
            return {"bytes": b64encode(content).decode()}


def _content(entry: Mapping[str, JSON]) -> Content:
    if "folder" in entry:
        return Folder(tuple(entry["folder"]))
    if "unreadable" in entry:
        return Unreadable(*entry["unreadable"])
    if "bytes" not in entry:
        return None
    content = b64decode(entry["bytes"])
    return Executable(content) if entry.get("executable") else content
