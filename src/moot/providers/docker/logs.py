"""What a container wrote, line by line, over its restarts until it is gone."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from moot.model.resource import ConfigurationItem
from moot.provider import LogLine, ProviderError
from moot.providers.docker.client import CONNECT_TIMEOUT_S, Engine
from moot.providers.docker.observation import is_up
from moot.providers.docker.stream import CHUNK_BYTES, HEADER, cut

ASK_S = 0.25  # how often `stop` is asked
STREAMS = {1: "stdout", 2: "stderr"}


@dataclass(frozen=True, slots=True)
class Window:
    """Which lines: the last `tail`, those after `since` (epoch seconds), and whether to go on."""

    tail: int | None
    since: float | None
    follow: bool


def lines(
    engine: Engine, item: ConfigurationItem, window: Window, stop: Callable[[], bool]
) -> Iterator[LogLine]:
    """The lines in order.  The Engine ends a stream with the container's run, so we ask again."""
    last = 0.0
    while True:
        found = _inspect(engine, item.identifier)
        if found is None:
            return
        tty = bool(found["Config"]["Tty"])
        for line in stream(engine, f"containers/{item.identifier}", window, tty, stop):
            if line.at > last:  # `since` counts whole seconds on some logging drivers
                last = line.at
                yield line
        if not window.follow or stop():
            return
        if not is_up(_inspect(engine, item.identifier) or found):
            pause(stop)
        window = replace(window, tail=None, since=last or window.since)


def stream(
    engine: Engine, path: str, window: Window, tty: bool, stop: Callable[[], bool]
) -> Iterator[LogLine]:
    """Lines of one answer; read by a thread, because only we can be asked to stop.

    `path` is that of the container or task.
    """

    def open_(client: Any) -> Any:
        response = client.get(
            f"{client.base_url}/v{client.api_version}/{path}/logs",
            params={
                "stdout": 1,
                "stderr": 1,
                "timestamps": 1,
                "follow": int(window.follow),
                "tail": "all" if window.tail is None else window.tail,
                "since": f"{window.since:.9f}" if window.since else 0,
            },
            timeout=(CONNECT_TIMEOUT_S, None),
            stream=True,
        )
        client._raise_for_status(response)
        return response

    response = engine.call(f"{path[:24]} logs", open_)
    found: queue.Queue[LogLine | None] = queue.Queue(maxsize=1000)
    ended = threading.Event()
    thread = threading.Thread(target=_read, args=(response, tty, found, ended), daemon=True)
    thread.start()
    try:
        while True:
            try:
                line = found.get(timeout=ASK_S)
            except queue.Empty:
                if stop():
                    return
                continue
            if line is None:
                return
            yield line
    finally:
        ended.set()
        cut(response)
        thread.join()
        response.close()


def _read(
    response: Any, tty: bool, found: queue.Queue[LogLine | None], ended: threading.Event
) -> None:
    rest = dict.fromkeys(STREAMS.values(), b"")
    try:
        for stream, content in _frames(response.raw, tty):
            *whole, rest[stream] = (rest[stream] + content).split(b"\n")
            for line in whole:
                _put(found, _line(stream, line), ended)
    except Exception:  # noqa: S110 - the connection was closed, by us or by the Engine
        pass
    for stream, line in rest.items():
        if line:
            _put(found, _line(stream, line), ended)
    _put(found, None, ended)


def _put(found: queue.Queue[LogLine | None], line: LogLine | None, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            return found.put(line, timeout=ASK_S)
        except queue.Full:
            continue
    return None


def _frames(raw: Any, tty: bool) -> Iterator[tuple[str, bytes]]:
    """(stream, bytes) as the Engine multiplexes them; a terminal has one stream, unframed."""
    while True:
        if tty:
            content = raw.read1(CHUNK_BYTES)
            if not content:
                return
            yield "stdout", content
            continue
        head = raw.read(HEADER.size)
        if len(head) < HEADER.size:
            return
        number, length = HEADER.unpack(head)
        yield STREAMS.get(number, "stdout"), raw.read(length)


def _line(stream: str, line: bytes) -> LogLine:
    stamp, _, text = line.decode(errors="replace").rstrip("\r").partition(" ")
    return LogLine(_at(stamp), stream, text)


def _at(stamp: str) -> float:
    """Epoch seconds of `2026-01-02T03:04:05.123456789Z`."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    try:
        seconds = datetime.fromisoformat(whole + "+00:00").timestamp()
        return seconds + float(f"0.{fraction or 0}")
    except ValueError:
        return 0.0


def _inspect(engine: Engine, identifier: str) -> Any:
    try:
        return engine.call(
            f"container inspect {identifier[:12]}", lambda c: c.inspect_container(identifier)
        )
    except ProviderError as error:
        if error.code == "NotFound":
            return None
        raise


def pause(stop: Callable[[], bool]) -> None:
    """It is down: look again soon, whether it has come back."""
    until = time.monotonic() + 2 * ASK_S
    while time.monotonic() < until and not stop():
        time.sleep(ASK_S / 2)
