"""What a replica wrote: read, and followed over restarts and rotation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from moot.model.resource import ConfigurationItem
from moot.provider import LogLine
from moot.providers.host.machine import Machine

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
    while not stop() and reader.there:
        sleep(PAUSE_S)
        yield from reader.read()


def _chosen(lines: Iterable[LogLine], tail: int | None, since: float | None) -> Iterator[LogLine]:
    recent = (line for line in lines if since is None or line.at >= since)
    return iter(recent if tail is None else deque(recent, maxlen=tail))


class _Reader:
    """A place in the numbered log files: the highest number is the one being written."""

    def __init__(self, machine: Machine, folder: str) -> None:
        self.machine, self.folder = machine, folder
        self.number, self.offset, self.rest = 0, 0, b""
        self.there = True

    def read(self) -> Iterator[LogLine]:
        """Lines that were added since the last call."""
        going_on = True
        while going_on:
            found = self.machine.errand(
                "lines", folder=self.folder, number=self.number, offset=self.offset
            )
            self.there, going_on = found["there"], found["more"] or found["complete"]
            if self.number != found["number"]:
                self.rest = b""
            self.number, self.offset = found["number"], found["offset"]
            yield from self._lines(found["text"].encode("utf-8", "surrogateescape"))
            if found["complete"]:
                self.number, self.offset, self.rest = self.number + 1, 0, b""

    def _lines(self, data: bytes) -> Iterator[LogLine]:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            at, stream, text = line.decode("utf-8", "replace").split(" ", 2)
            yield LogLine(float(at), stream, text)
