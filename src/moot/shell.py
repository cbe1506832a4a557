"""The contract for reaching a machine: run a command, put a file, get a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from subprocess import Popen
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class ShellError(Exception):
    """The machine could not be reached, or did not answer in time: the outcome is unknown.

    `remedy` is what the user can do about it.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, through a shell only where argv says so; `timeout_s` bounds the whole call."""

    argv: Sequence[str]
    stdin: bytes = b""
    timeout_s: float = 60.0


class Shell(Protocol):
    """One machine.  A non-zero exit code is an answer (Ran), not an error.

    `put` replaces the file atomically and makes its folder; `get` returns None where there is none.
    `open` starts a command with pipes at its ends: how conversations and large data go.  `why` says
    what went wrong where the way to the machine ended such a command with `exit_code`.
    `attach` runs one on our own stdin, stdout and stderr, `tty` as a terminal.
    """

    def run(self, command: Command) -> Ran: ...
    def put(self, path: str, content: bytes, *, mode: int = 0o644) -> None: ...
    def get(self, path: str) -> bytes | None: ...
    def open(self, argv: Sequence[str]) -> Popen[bytes]: ...
    def why(self, exit_code: int, stderr: str) -> ShellError: ...
    def attach(self, argv: Sequence[str], *, tty: bool) -> int: ...
