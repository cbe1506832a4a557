"""The machine we are on, behind the same contract as any other."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from moot.shell import Command, Ran, ShellError


@dataclass(frozen=True)
class LocalShell:
    """Runs commands as children of this process; files are read and written directly."""

    def run(self, command: Command) -> Ran:
        """Run it to its end.  Raises ShellError where it took longer than its time-out."""
        try:
            done = subprocess.run(  # noqa: S603  (argv is the caller's, no shell in between)
                list(command.argv),
                input=command.stdin,
                capture_output=True,
                timeout=command.timeout_s,
                check=False,
                process_group=0,  # Ctrl-C is for us, who let what is in flight finish
            )
        except subprocess.TimeoutExpired as slow:
            raise ShellError(f"{command.argv[0]} took longer than {slow.timeout:g} s") from slow
        except FileNotFoundError as missing:
            return Ran(127, b"", f"{missing.filename}: not found".encode())
        except PermissionError as denied:
            return Ran(126, b"", f"{denied.filename}: permission denied".encode())
        return Ran(done.returncode, done.stdout, done.stderr)

    def put(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Replace a file; nobody ever sees half of it, or sees it with a wider mode."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)
                file.write(content)
            fresh.replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            raise

    def get(self, path: str) -> bytes | None:
        """A file's content, None where there is none.  A process's files under /proc count too."""
        try:
            return Path(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            return None

    def open(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start it with pipes, apart from our terminal."""
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
