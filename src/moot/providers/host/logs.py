"""What a replica wrote: read, and followed over restarts and rotation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from moot.model.resource import ConfigurationItem
from moot.provider import LogLine
from moot.providers.host.machine import Machine
from moot.shell import Command

PAUSE_S = 0.25


def read_logs(
    machine: Machine, item: ConfigurationItem, *, tail: int | None, since: float | None
) -> Iterator[LogLine]:
    """All that is kept, oldest first, or the last `tail` lines of it."""
    return _chosen(_Reader(machine, item.identifier).read(), tail, since)


def follow_logs(
    machine: Machine,
    item: ConfigurationItem,
    *,
    tail: int | None,
    since: float | None,
    stop: Callable[[], bool],
    sleep: Callable[[float], None],
) -> Iterator[LogLine]:
    """The same, and then what is added until the replica is gone or `stop()` is true."""
    reader = _Reader(machine, item.identifier)
    yield from _chosen(reader.read(), tail, since)
    while not stop() and machine.load(f"{item.identifier}/marks.json"):
        sleep(PAUSE_S)
        yield from reader.read()


def _chosen(lines: Iterable[LogLine], tail: int | None, since: float | None) -> Iterator[LogLine]:
    recent = (line for line in lines if since is None or line.at >= since)
    return iter(recent if tail is None else deque(recent, maxlen=tail))


class _Reader:
    """A place in the numbered log files: the highest number is the one being written."""

    def __init__(self, machine: Machine, folder: str) -> None:
        self.machine, self.folder = machine, folder
        self.number = self._oldest()
        self.offset, self.rest = 0, b""

    def read(self) -> Iterator[LogLine]:
        """Lines that were added since the last call."""
        while True:
            # Looked at before reading: a file that has a successor is complete.
            complete = self.machine.shell.get(self._path(self.number + 1)) is not None
            yield from self._added()
            if not complete:
                return
            self.number, self.offset, self.rest = max(self.number + 1, self._oldest()), 0, b""

    def _added(self) -> Iterator[LogLine]:
        command = ("tail", "-c", f"+{self.offset + 1}", self._path(self.number))
        data = self.machine.shell.run(Command(argv=command)).stdout
        self.offset += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            at, stream, text = line.decode("utf-8", "replace").split(" ", 2)
            yield LogLine(float(at), stream, text)

    def _oldest(self) -> int:
        last = int(self.machine.load(f"{self.folder}/status.json").get("log", 1))
        numbers = range(last, 0, -1)
        missing = (n for n in numbers if self.machine.shell.get(self._path(n)) is None)
        return min(next(missing, 0) + 1, last)

    def _path(self, number: int) -> str:
        return f"{self.folder}/log.{number}"
