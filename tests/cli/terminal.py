"""A pseudo-terminal with a program on it, as the tests of what only terminals show need one."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Mapping, Sequence

PATIENCE_S = 20.0


class Terminal:
    """A program on a terminal of its own, in whose foreground process group it runs."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], list(argv), {**environ, "TERM": "xterm"})
        self.text = ""

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def see(self, pattern: str) -> None:
        """Wait until the text so far matches."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.text, re.DOTALL):
            assert time.monotonic() < deadline, f"{pattern!r} never came: {self.text[-300:]!r}"
            assert self._read(), f"ended without {pattern!r}: {self.text[-300:]!r}"

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self._master)
        return code

    def _read(self) -> bool:
        if not select.select([self._master], [], [], PATIENCE_S)[0]:
            os.kill(self.pid, signal.SIGKILL)
            return False
        try:
            data = os.read(self._master, 4096)
        except OSError:  # Linux: the other side has closed
            return False
        self.text += data.decode()
        return bool(data)
