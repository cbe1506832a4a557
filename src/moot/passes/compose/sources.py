"""What a declaration is made of, and the paths that are still to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

MAX_FILE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: the names in it, sorted; a `/` ends those that are folders themselves."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Executable:
    """The content of a file that its owner may run."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that exists but could not be read.

    `size_bytes` is given for what is larger than `MAX_FILE_BYTES` and was not read for that.
    """

    reason: str
    size_bytes: int | None = None


Content: TypeAlias = bytes | Executable | Folder | Unreadable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The compose files in the order of `-f`, what was read so far, and the choices of the user.

    `files`, `folder` and the keys of `contents` are absolute; None stands for what does not exist.
    """

    files: tuple[str, ...]
    contents: Mapping[str, Content] = field(default_factory=dict[str, Content])
    folder: str = "/"
    name: str | None = None
    profiles: frozenset[str] = frozenset()


class Pending(Enum):
    """Stands for the content of a path that nobody has read yet."""

    PENDING = "pending"


PENDING = Pending.PENDING


class Reading:
    """Looks into `contents` and notes what is missing there."""

    def __init__(self, contents: Mapping[str, Content]) -> None:
        self._contents = contents
        self._needs: dict[str, None] = {}

    def content(self, path: str) -> Content | Pending:
        """What `path` holds; where that is not known yet, it becomes one of `needs`."""
        if path in self._contents:
            return self._contents[path]
        self._needs[path] = None
        return PENDING

    def file(self, path: str) -> bytes | Unreadable | Pending | None:
        """The same for what must be a file."""
        match self.content(path):
            case Executable(content):
                return content
            case Folder():
                return Unreadable("it is a folder")
            case found:
                return found

    @property
    def needs(self) -> tuple[str, ...]:
        """The paths that were asked for and are not known, in that order."""
        return tuple(self._needs)
