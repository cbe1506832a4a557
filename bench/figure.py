"""One measured figure, and the ways of measuring that the benchmarks share."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An entry of results.json.

    `bound` is the most that `value` may be; with a peer, the most that `value / peer_value` may be.
    """

    name: str
    value: float
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    bound: float | None = None
    command: str


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a command took: seconds on the wall, and of CPU with all it waited for.

    `rss_mib` is the most memory it had at any time.
    """

    wall_s: float
    cpu_s: float
    stdout: str
    rss_mib: float


class Missing(Exception):
    """This machine lacks what a benchmark needs; says what."""


def timed(argv: Sequence[str], environ: Mapping[str, str], folder: Path) -> Timing:
    """Run a command to its end; raises CalledProcessError with its output when it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=dict(environ), cwd=folder
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        stdout = out.read()
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, argv, stdout, err.read())
    return Timing(wall_s, usage.ru_utime + usage.ru_stime, stdout, usage.ru_maxrss / 1024)


def median(values: Iterable[float]) -> float:
    """The median, to the fourth digit after the point."""
    return round(statistics.median(values), 4)


def moot(*arguments: str) -> list[str]:
    """The command line of the `moot` installed beside this interpreter."""
    beside = Path(sys.executable).with_name("moot")
    return [str(beside if beside.exists() else needed("moot")), *arguments]


def needed(program: str) -> str:
    """Path of a program; raises Missing where there is none."""
    if found := shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
        return found
    raise Missing(f"{program} is not installed")


@contextmanager
def workplace() -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder for one measurement, and an environment in which moot keeps all it has there."""
    with tempfile.TemporaryDirectory(prefix="moot-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        environ = {**os.environ, "MOOT_HOME": f"{name}/home", "MOOT_VENUES": f"{name}/venues.yaml"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as users run it: compiled once, then read
        environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}:/usr/sbin:/sbin"
        (folder / "app").mkdir()
        yield folder / "app", environ
