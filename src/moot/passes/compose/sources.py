"""What a declaration is made of, and the paths that are still to be read."""

from __future__ import annotations

import shlex
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


@dataclass(frozen=True, slots=True, order=True)
class Program:
    """A program that prints a secret: its words, and the folder it is started in."""

    argv: tuple[str, ...]
    folder: str

    def __str__(self) -> str:
        return f"command {shlex.join(self.argv)}"


@dataclass(frozen=True, slots=True, order=True)
class KeyringEntry:
    """An entry of the system keyring."""

    service: str
    user: str

    def __str__(self) -> str:
        return f"keyring {self.service}/{self.user}"


Origin: TypeAlias = Program | KeyringEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The compose files in the order of `-f`, what was read so far, and the choices of the user.

    `files`, `folder` and the keys of `contents` are absolute; None stands for what does not exist.
    `answers` are contents of secrets that are neither in files nor in variables.
    """

    files: tuple[str, ...]
    contents: Mapping[str, Content] = field(default_factory=dict[str, Content])
    answers: Mapping[Origin, bytes | Unreadable] = field(
        default_factory=dict[Origin, bytes | Unreadable], repr=False
    )
    folder: str = "/"
    name: str | None = None
    profiles: frozenset[str] = frozenset()


class Pending(Enum):
    """Stands for the content of a path that nobody has read yet."""

    PENDING = "pending"


PENDING = Pending.PENDING


class Reading:
    """Looks into `contents` and `answers`, and notes what is missing there."""

    def __init__(
        self,
        contents: Mapping[str, Content],
        answers: Mapping[Origin, bytes | Unreadable] | None = None,
    ) -> None:
        self._contents = contents
        self._answers = answers or {}
        self._needs: dict[str, None] = {}
        self._asks: dict[Origin, None] = {}

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

    def answer(self, origin: Origin) -> bytes | Unreadable | Pending:
        """What was answered there; where nobody has asked yet, it becomes one of `asks`."""
        if origin in self._answers:
            return self._answers[origin]
        self._asks[origin] = None
        return PENDING

    @property
    def asks(self) -> tuple[Origin, ...]:
        """Whom to ask for secrets, in the order in which they were first missed."""
        return tuple(self._asks)

    @property
    def needs(self) -> tuple[str, ...]:
        """The paths that were asked for and are not known, in that order."""
        return tuple(self._needs)
