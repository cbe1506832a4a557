"""What a declaration was made from, kept with its revision so that it can be parsed once more.

The contents of secrets are left out: each stands there by name and version.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from moot.model.value import JSON, Secret
from moot.passes.parse import (
    Content,
    Executable,
    Folder,
    KeyringEntry,
    Origin,
    Program,
    Sources,
    Unreadable,
)

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
        "answers": [[_asked(o), _entry(c, hidden)] for o, c in sources.answers.items()],
        "environ": {
            name: _entry(value.encode("utf-8", "surrogateescape"), hidden)
            for name, value in environ.items()
            if name in used or name.startswith(_ALWAYS)
        },
    }
    return zlib.compress(json.dumps(body).encode())


def unpacked(
    content: bytes,
    read: Callable[[str], Content],
    environ: Mapping[str, str],
    kept: Mapping[Secret, bytes] = MappingProxyType({}),
) -> tuple[Sources, Mapping[str, str], frozenset[Secret]]:
    """The inverse: sources, the environment, and the secrets that must be at hand once more.

    What was left out is taken from `kept`, else `read` and `environ` give it as it is now; whether
    it still is the same is for the caller to find out, by the versions of the secrets.
    """
    body: JSON = json.loads(zlib.decompress(content))
    entries: Mapping[str, JSON] = body["contents"]
    variables: Mapping[str, JSON] = body["environ"]
    contents = {p: read(p) if _is_out(e, kept) else _content(e, kept) for p, e in entries.items()}
    known: dict[str, str] = {}
    for name, entry in variables.items():
        value = _content(entry, kept)
        if isinstance(value, bytes):
            known[name] = value.decode("utf-8", "surrogateescape")
        elif name in environ:
            known[name] = environ[name]
    answers = {_origin(o): _content(e, kept) for o, e in body.get("answers", ())}
    sources = Sources(
        files=tuple(body["files"]),
        contents=contents,
        answers={o: a for o, a in answers.items() if isinstance(a, bytes | Unreadable)},
        folder=body["folder"],
        name=body["name"],
        profiles=frozenset(body["profiles"]),
    )
    return sources, known, _secrets_in(body)


def asked(content: bytes) -> frozenset[Secret]:
    """The secrets that packed sources refer to."""
    return _secrets_in(json.loads(zlib.decompress(content)))


def _secrets_in(body: JSON) -> frozenset[Secret]:
    answers = (entry for _, entry in body.get("answers", ()))
    entries = (*body["contents"].values(), *body["environ"].values(), *answers)
    return frozenset(Secret(*entry["secret"]) for entry in entries if "secret" in entry)


def _asked(origin: Origin) -> JSON:
    match origin:
        case Program(argv, folder):
            return {"argv": argv, "folder": folder}
        case KeyringEntry(service, user):
            return {"service": service, "user": user}


def _origin(body: JSON) -> Origin:
    if "argv" in body:
        return Program(tuple(body["argv"]), body["folder"])
    return KeyringEntry(body["service"], body["user"])


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
        case bytes() if secret := hidden.get(content):
            return {"secret": [secret.name, secret.version]}
        case bytes() if secret := hidden.get(content.removesuffix(b"\n")):  # as a variable
            return {"secret": [secret.name, secret.version], "newline": True}
        case bytes():
            return {"bytes": b64encode(content).decode()}


def _is_out(entry: Mapping[str, JSON], kept: Mapping[Secret, bytes]) -> bool:
    return "secret" in entry and Secret(*entry["secret"]) not in kept


def _content(entry: Mapping[str, JSON], kept: Mapping[Secret, bytes]) -> Content:
    if "folder" in entry:
        return Folder(tuple(entry["folder"]))
    if "unreadable" in entry:
        return Unreadable(*entry["unreadable"])
    if "secret" in entry and not _is_out(entry, kept):
        content = kept[Secret(*entry["secret"])] + b"\n" * entry.get("newline", 0)
    elif "bytes" in entry:
        content = b64decode(entry["bytes"])
    else:
        return None
    return Executable(content) if entry.get("executable") else content
