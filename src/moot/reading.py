"""Reads what a declaration asks for, from the machine, and parses it."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
_MOST_BYTES = 16 * MAX_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was parsed, and exactly what it was parsed from."""

    parsed: Parsed
    sources: Sources
    environ: Mapping[str, str]


def load(
    files: Sequence[str],
    folder: str | None,
    name: str | None,
    profiles: Sequence[str],
    environ: Mapping[str, str],
    digest: Callable[[bytes], str],
) -> Loaded:
    """The declaration in `files`, or in the compose file of this folder or the nearest above it.

    `files` as in `-f` (`-` is the standard input), `folder` what relative paths begin at: the
    first file's by default.  Raises BadInput where there is no compose file at all; everything
    else that is wrong is in `parsed.diagnostics`.
    """
    environ = _with_absolute_env_files(environ)
    paths = _files(files, folder, environ)
    contents: dict[str, Content] = {}
    if _STDIN in files:
        contents[str(Path.cwd() / _STDIN)] = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    root = str(Path(folder).absolute()) if folder else str(Path(paths[0]).parent)
    needs = (*(path for path in paths if path not in contents), str(Path(root) / ".env"))
    room = _MOST_BYTES
    for _ in range(_MOST_ROUNDS):
        for path in needs:
            contents[path] = found = read(path, room)
            room -= _size(found)
        sources = Sources(
            files=paths,
            contents=contents,
            folder=root,
            name=name,
            profiles=frozenset(profiles),
        )
        parsed = parse(sources, environ, digest)
        needs = parsed.needs
        if not needs:
            return Loaded(parsed, sources, environ)
    raise BadInput(
        Diagnostic(
            summary="Too many files",
            detail="The declaration names ever more files.",
            remedy="Look for includes or folders that contain themselves.",
        )
    )


def read(path: str, most_bytes: int = MAX_FILE_BYTES) -> Content:
    """What is at `path`.

    Nothing above `most_bytes` or `MAX_FILE_BYTES` is read, and nothing that could block: a pipe is
    read only where the shell made it for us, as in `-f <(...)`.
    """
    try:
        found = Path(path).stat()
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(path) as entries:
                return Folder(tuple(sorted(e.name + "/" * e.is_dir() for e in entries)))
        if stat.S_ISFIFO(found.st_mode) and path.startswith("/dev/fd/"):
            with Path(path).open("rb") as pipe:
                return pipe.read(MAX_FILE_BYTES + 1)
        if not stat.S_ISREG(found.st_mode):
            return Unreadable("it is neither a file nor a folder")
        most_bytes = min(most_bytes, MAX_FILE_BYTES)
        if found.st_size > most_bytes:
            return Unreadable(f"it is larger than {most_bytes} bytes", found.st_size)
        content = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return Unreadable(getattr(error, "strerror", None) or str(error))
    return Executable(content) if found.st_mode & stat.S_IXUSR else content


def _size(content: Content) -> int:
    match content:
        case bytes():
            return len(content)
        case Executable(inner):
            return len(inner)
        case _:
            return 0


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


def _with_absolute_env_files(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Files for the environment are named from where the user stands, not from the App's folder."""
    listed = environ.get("COMPOSE_ENV_FILES")
    if not listed:
        return environ
    paths = [str(Path.cwd() / path) for path in listed.split(",") if path]
    return {**environ, "COMPOSE_ENV_FILES": ",".join(paths)}


def _first(place: Path, names: Sequence[str]) -> str | None:
    return next((str(place / name) for name in names if (place / name).is_file()), None)
