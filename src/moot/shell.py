"""The contract for reaching a machine: start something there, with pipes or on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from subprocess import Popen
from typing import Protocol


class ShellError(Exception):
    """The machine could not be reached, or did not answer in time: the outcome is unknown.

    `remedy` is what the user can do about it.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class Shell(Protocol):
    """One machine.

    `open` starts a command with pipes at its ends: how conversations and large data go.  `why` says
    what went wrong where the way to the machine ended such a command with `exit_code`.
    `attach` runs one on our own stdin, stdout and stderr, `tty` as a terminal.
    """

    def open(self, argv: Sequence[str]) -> Popen[bytes]: ...
    def why(self, exit_code: int, stderr: str) -> ShellError: ...
    def attach(self, argv: Sequence[str], *, tty: bool) -> int: ...
