"""Gives a real PostgreSQL to tests and benchmarks: a private cluster on a unix socket.

Debian's binaries are used where they are; root runs the server as the user `postgres`, anyone else
as himself.  The cluster has a folder of its own, is ended by its pid with its parent, and removed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

OLDEST = 15
DEBIAN = Path("/usr/lib/postgresql")
START_S = 60
STOP_S = 30
SETTINGS = {"listen_addresses": "", "max_connections": "50", "shared_buffers": "128MB"}
CARELESS = {"fsync": "off", "full_page_writes": "off"}  # survives a kill, not a power cut
BINARIES = ("initdb", "postgres", "psql")


class NoServer(Exception):
    """There is no PostgreSQL here; says why."""


class Refused(Exception):
    """The server said no, or nothing; says what."""


@dataclass
class Cluster:
    """A server that can be stopped, killed and started again."""

    folder: Path
    binaries: Path
    user: str | None
    settings: dict[str, str]
    _server: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"moot{next(self._numbers)}"
        self.psql(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str = "postgres") -> str:
        """The URL of one of its databases."""
        user = f"{self.user}@" if self.user else ""
        return f"postgresql://{user}/{database}?host={self.folder}"

    def psql(self, sql: str, database: str = "postgres") -> str:
        """What a statement prints, without headings."""
        argv = [self.binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
        argv.append(self.url(database))
        ran = subprocess.run(argv, capture_output=True, text=True, timeout=60)
        if ran.returncode:
            raise Refused(ran.stderr.strip())
        return ran.stdout.strip()

    def start(self) -> None:
        """Returns when it answers; raises NoServer with the end of its log when it does not.

        The server ends with the thread that calls this.
        """
        options = [part for item in self.settings.items() for part in ("-c", "=".join(item))]
        argv = ["setpriv", "--pdeathsig", "QUIT", self.binaries / "postgres", "-D"]
        argv += [self.folder / "data", "-k", self.folder, *options]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=self.user
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._server.poll() is None:
            with contextlib.suppress(Refused, subprocess.TimeoutExpired):
                self.psql("SELECT 1")
                return
            time.sleep(0.05)
        raise NoServer(f"it does not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT in order, though at once; SIGQUIT as a crash would."""
        if self._server:
            self._server.send_signal(how)
            try:
                self._server.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()


@contextlib.contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A running cluster of our own; raises NoServer with the reason where there can be none."""
    binaries, user = found(), None
    if os.geteuid() == 0:
        user = "postgres"
        try:
            pwd.getpwnam(user)
        except KeyError:
            raise NoServer("root cannot run PostgreSQL, and there is no user postgres") from None
    with tempfile.TemporaryDirectory(prefix="moot-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        argv = [binaries / "initdb", "-D", folder / "data", "-A", "trust", "--no-sync"]
        argv += ["--encoding=UTF8", "--locale=C"]
        argv += ["--locale-provider=icu", "--icu-locale=en"]  # sorts as people do, as many servers
        made = subprocess.run(argv, capture_output=True, text=True, user=user, cwd=folder)
        if made.returncode:
            raise NoServer(f"initdb failed: {made.stderr[-1000:]}")
        running = Cluster(folder, binaries, user, SETTINGS | ({} if durable else CARELESS))
        try:
            running.start()
            yield running
        finally:
            running.stop(signal.SIGQUIT)  # what it holds is thrown away


def found() -> Path:
    """The folder of the newest binaries; raises NoServer where there are none new enough."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda path: -int(path.parent.name))
    if beside := shutil.which("postgres"):
        folders.insert(0, Path(beside).resolve().parent)
    for folder in folders:
        if all((folder / name).exists() for name in BINARIES):
            said = subprocess.check_output([folder / "postgres", "--version"], text=True)
            if int(re.findall(r"\d+", said)[0]) >= OLDEST:
                return folder
    raise NoServer(f"PostgreSQL {OLDEST} or newer is not installed")
