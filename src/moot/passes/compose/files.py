"""Configs, secrets and read-only binds: what travels to the replicas, and the mounts that stay."""

from __future__ import annotations

import base64
import posixpath
from dataclasses import dataclass, field

from moot.model.app import File, FileMount
from moot.passes.compose.content import Contents
from moot.passes.compose.node import Node
from moot.passes.compose.secrets import Secrets
from moot.passes.compose.sources import (
    MAX_FILE_BYTES,
    PENDING,
    Executable,
    Folder,
    Reading,
)

_MAX_FILES = 1000
_EXECUTABLE = 0o555


@dataclass(slots=True)
class Files:
    """Gathers the files of an App; each content is held once, however many mounts it has."""

    reading: Reading
    contents: Contents
    folder: str
    secrets: Secrets
    found: dict[str, File] = field(default_factory=dict[str, File])

    def mounts(self, section: str, service: Node, declared: Node | None) -> tuple[FileMount, ...]:
        """The files a component gets from `configs` or `secrets`, which `section` says."""
        made: list[FileMount] = []
        for entry in service.elements(section):
            source: str = entry.scalar("source")
            definition = declared.get(source) if declared else None
            if definition is not None and self._add(section, source, definition):
                made.append(_file_mount(section, source, entry))
        return tuple(made)

    def _add(self, section: str, source: str, definition: Node) -> bool:
        kind = section.removesuffix("s")
        name = f"{kind}/{source}"
        if name in self.found:
            return True
        if kind == "secret":
            secret = self.secrets.as_file(source)
            if secret is None:
                return False
            self.found[name] = File(name=name, kind="secret", content=secret)
        else:
            content = self.contents.of(definition)
            if content is None:
                return False
            self.found[name] = _file(name, "config", content)
        return True

    def bind(self, source: str, target: str) -> tuple[FileMount, ...] | None:
        """The files below `source` as they travel, or None where the bind must stay a bind.

        It stays one outside the folder of the declaration, where it does not exist, and where it
        is larger than `MAX_FILE_BYTES` in total.
        """
        if source != self.folder and not source.startswith(self.folder.rstrip("/") + "/"):
            return None
        contents = self.below(source)
        if contents is None:
            return None
        made: list[FileMount] = []
        for path, content, executable in contents:
            name = f"bind/{posixpath.relpath(path, self.folder)}"
            self.found.setdefault(name, _file(name, "bind", content))
            inside = posixpath.relpath(path, source)
            where = target if inside == "." else posixpath.join(target, inside)
            mode = _EXECUTABLE if executable else 0o444
            made.append(FileMount(source=name, target=where, mode=mode))
        return tuple(made)

    def below(self, source: str) -> list[tuple[str, bytes, bool]] | None:
        """(path, content, whether it may be executed) of every file at or below `source`.

        None where it is not there, cannot be read, or is too large to travel.
        """
        found: list[tuple[str, bytes, bool]] = []
        waiting, size, seen = [source], 0, 0
        while waiting:
            path = waiting.pop(0)
            seen += 1
            match self.reading.content(path):
                case bytes() as content:
                    found.append((path, content, False))
                    size += len(content)
                case Executable(content):
                    found.append((path, content, True))
                    size += len(content)
                case Folder(names):
                    waiting += [posixpath.join(path, name.rstrip("/")) for name in names]
                case found_pending if found_pending is PENDING:
                    continue
                case _:
                    return None
            if size > MAX_FILE_BYTES or seen + len(waiting) > _MAX_FILES:
                return None
        return found or None


def _file(name: str, kind: str, content: bytes) -> File:
    assert kind in ("config", "bind")
    try:
        return File(name=name, kind=kind, content=content.decode())  # pyright: ignore
    except UnicodeDecodeError:
        text = base64.b64encode(content).decode()
        return File(name=name, kind=kind, content=text, encoding="base64")  # pyright: ignore


def _file_mount(section: str, source: str, entry: Node) -> FileMount:
    folder = "/run/secrets/" if section == "secrets" else "/"
    target: str = entry.scalar("target") or source
    mode: str | None = entry.scalar("mode")
    return FileMount(
        source=f"{section.removesuffix('s')}/{source}",
        target=target if target.startswith("/") else folder + target,
        mode=int(mode, 8) if mode else 0o444,
        uid=entry.scalar("uid"),
        gid=entry.scalar("gid"),
    )
