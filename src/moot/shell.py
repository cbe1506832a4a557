"""The contract for reaching a machine: run a command, put a file, get a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class ShellError(Exception):
    """The machine could not be reached, or did not answer in time: the outcome is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, through a shell only where argv says so; `timeout_s` bounds the whole call."""

    argv: Sequence[str]
    stdin: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout_s: float = 60.0


class Shell(Protocol):
    """One machine.  A non-zero exit code is an answer (Ran), not an error.

    `put` replaces the file atomically and makes its folder; `get` returns None where there is none.
    """

    def run(self, command: Command) -> Ran: ...
    def put(self, path: str, content: bytes, *, mode: int = 0o644) -> None: ...
    def get(self, path: str) -> bytes | None: ...
