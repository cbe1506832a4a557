"""The output of several replicas as one stream."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from moot.model.resource import ConfigurationItem
from moot.provider import LogLine, Logs, ProviderError

Line = tuple[str, LogLine]


def follow(
    sources: Sequence[tuple[ConfigurationItem, Logs]],
    *,
    forever: bool,
    tail: int | None,
    since: float | None,
    stop: Callable[[], bool],
) -> Iterator[Line]:
    """Lines with the replica they are from, ordered by time unless they are still being written."""
    if not forever:
        lines = [
            (str(item.replica), line)
            for item, logs in sources
            for line in logs.logs(item, follow=False, tail=tail, since=since, stop=stop)
        ]
        yield from sorted(lines, key=lambda entry: entry[1].at)
        return
    arrived: queue.SimpleQueue[Line | Exception | None] = queue.SimpleQueue()
    ended = threading.Event()

    def halt() -> bool:
        return ended.is_set() or stop()

    for item, logs in sources:
        job = _reader(item, logs, tail, since, halt, arrived)
        threading.Thread(target=job, daemon=True).start()
    try:
        yield from _merged(arrived, len(sources), halt)
    finally:
        ended.set()


def _reader(
    item: ConfigurationItem,
    logs: Logs,
    tail: int | None,
    since: float | None,
    halt: Callable[[], bool],
    arrived: queue.SimpleQueue[Line | Exception | None],
) -> Callable[[], None]:
    def job() -> None:
        try:
            for line in logs.logs(item, follow=True, tail=tail, since=since, stop=halt):
                arrived.put((str(item.replica), line))
        except ProviderError as error:
            arrived.put(error)
        finally:
            arrived.put(None)

    return job


def _merged(
    arrived: queue.SimpleQueue[Line | Exception | None], left: int, halt: Callable[[], bool]
) -> Iterator[Line]:
    while left and not halt():
        try:
            entry = arrived.get(timeout=0.2)
        except queue.Empty:
            continue
        if entry is None:
            left -= 1
        elif isinstance(entry, Exception):
            raise entry
        else:
            yield entry
