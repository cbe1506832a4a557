"""The machine we are on, behind the same contract as any other."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from moot.shell import ShellError


@dataclass(frozen=True)
class LocalShell:
    """Runs commands as children of this process."""

    def open(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start it with pipes, apart from our terminal: Ctrl-C is for us, who let it finish."""
        return subprocess.Popen(  # noqa: S603  (argv is the caller's, no shell in between)
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )

    def why(self, exit_code: int, stderr: str) -> ShellError:
        """Nothing is in between: what it said itself is all there is."""
        return ShellError(stderr.strip() or f"exit code {exit_code}")

    def attach(self, argv: Sequence[str], *, tty: bool) -> int:
        """Run it on our own terminal, which it simply inherits: `tty` changes nothing."""
        return attached(argv)


def attached(argv: Sequence[str]) -> int:
    """Run it on our own stdin, stdout and stderr, terminal included; returns its exit code."""
    with subprocess.Popen(list(argv)) as child:  # noqa: S603  (the caller's)
        while True:
            # Ctrl-C reaches the child too, as it has the terminal: what it does with it counts.
            with contextlib.suppress(KeyboardInterrupt):
                code = child.wait()
                return code if code >= 0 else 128 - code
