"""Reads what a declaration asks for, from the machine, and parses it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from moot.model.diagnostic import BadInput, Diagnostic
from moot.passes.parse import (
    MAX_FILE_BYTES,
    Content,
    Executable,
    Folder,
    Parsed,
    Sources,
    Unreadable,
    parse,
)

_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_OVERRIDES = (
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
)
_STDIN = "-"
_MOST_ROUNDS = 1000


def load(
    files: Sequence[str],
    folder: str | None,
    name: str | None,
    profiles: Sequence[str],
    environ: Mapping[str, str],
    digest: Callable[[bytes], str],
) -> Parsed:
    """The declaration in `files`, or in the compose file of this folder or the nearest above it.

    `files` as in `-f` (`-` is the standard input), `folder` what relative paths begin at: the
    first file's by default.  Raises BadInput where there is no compose file at all; everything
    else that is wrong is in `Parsed.diagnostics`.
    """
    paths = _files(files, folder, environ)
    contents: dict[str, Content] = {}
    if _STDIN in files:
        standard_input = str(Path.cwd() / _STDIN)
        contents[standard_input] = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    root = str(Path(folder).absolute()) if folder else _folder_of(paths[0])
    for path in (*paths, os.path.join(root, ".env")):  # noqa: PTH118 - texts, as in Sources
        contents.setdefault(path, read(path))
    chosen = frozenset(profiles)
    for _ in range(_MOST_ROUNDS):
        sources = Sources(files=paths, contents=contents, folder=root, name=name, profiles=chosen)
        parsed = parse(sources, environ, digest)
        if not parsed.needs:
            return parsed
        contents |= {path: read(path) for path in parsed.needs}
    raise BadInput(
        Diagnostic(
            summary="Too many files",
            detail="The declaration names ever more files.",
            remedy="Look for includes or folders that contain themselves.",
        )
    )


def read(path: str) -> Content:
    """What is at `path`.  Nothing above `MAX_FILE_BYTES` is read, and nothing that could block."""
    try:
        found = Path(path).stat()
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(path) as entries:
                return Folder(tuple(sorted(e.name + "/" * e.is_dir() for e in entries)))
        if not stat.S_ISREG(found.st_mode):
            return Unreadable("it is neither a file nor a folder")
        if found.st_size > MAX_FILE_BYTES:
            return Unreadable(f"it is larger than {MAX_FILE_BYTES} bytes", found.st_size)
        content = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return Unreadable(getattr(error, "strerror", None) or str(error))
    return Executable(content) if found.st_mode & stat.S_IXUSR else content


def _files(files: Sequence[str], folder: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    listed = list(files)
    if not listed and environ.get("COMPOSE_FILE"):
        separator = environ.get("COMPOSE_PATH_SEPARATOR", os.pathsep)
        listed = [path for path in environ["COMPOSE_FILE"].split(separator) if path]
    if listed:
        return tuple(os.path.normpath(Path.cwd() / path) for path in listed)
    start = Path(folder).absolute() if folder else Path.cwd()
    for place in (start, *start.parents):
        found = _first(place, _NAMES)
        if found:
            override = _first(place, _OVERRIDES)
            return (found, override) if override else (found,)
    raise BadInput(
        Diagnostic(
            summary="No compose file",
            detail=f"There is none of {', '.join(_NAMES)} in {start} or any folder above it.",
            remedy="Go to the folder of the App, or name its file with -f FILE.",
        )
    )


def _first(place: Path, names: Sequence[str]) -> str | None:
    return next((str(place / name) for name in names if (place / name).is_file()), None)


def _folder_of(path: str) -> str:
    return str(Path(path).parent)
