"""An exec's two-way connection: bytes in, and out either raw or as numbered frames."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moot.providers.docker.client import Engine

HEADER = struct.Struct(">BxxxL")
CHUNK_BYTES = 65536
STDOUT, STDERR = 1, 2


class Stream:
    """What the Engine upgraded our HTTP connection to.

    Read through the buffer that read the response's head: it may hold the first bytes already.
    """

    def __init__(self, response: Any, *, tty: bool) -> None:
        self._response = response  # closes the connection when it is forgotten
        self._buffer = response.raw._fp.fp
        self._socket: socket.socket = self._buffer.raw._sock
        self._tty = tty

    def timeout(self, seconds: float | None) -> None:
        """How long one read or write may take; None is for ever."""
        self._socket.settimeout(seconds)

    def send(self, content: bytes) -> None:
        """Write to the command's standard input."""
        self._socket.sendall(content)

    def end_input(self) -> None:
        """Tell the command that its standard input has ended."""
        self._socket.shutdown(socket.SHUT_WR)

    def read(self) -> Iterator[tuple[int, bytes]]:
        """(1 for stdout or 2 for stderr, bytes) until the command ends; a terminal has one."""
        while True:
            number, length = STDOUT, CHUNK_BYTES
            if not self._tty:
                head = self._buffer.read(HEADER.size)
                if len(head) < HEADER.size:
                    return
                number, length = HEADER.unpack(head)
            content = self._buffer.read1(length) if self._tty else self._buffer.read(length)
            if not content:
                return
            yield number, content

    def close(self) -> None:
        """Give the connection up; the command goes on by itself."""
        self._response.close()


def cut(response: Any) -> None:
    """End a response that another thread is reading: its read returns at once.

    Closing would wait for the very lock that the read holds.
    """
    with contextlib.suppress(OSError, AttributeError):  # it has ended by itself
        response.raw._fp.fp.raw._sock.shutdown(socket.SHUT_RDWR)


def prepare(
    engine: Engine,
    container: str,
    argv: Sequence[str],
    *,
    tty: bool = False,
    environment: Mapping[str, str] | None = None,
    working_dir: str | None = None,
    user: str | None = None,
) -> str:
    """The id of a new exec, not started yet."""
    made = engine.call(
        f"exec create {container[:12]} {argv[0]}",
        lambda c: c.exec_create(
            container,
            list(argv),
            stdin=True,
            tty=tty,
            environment=dict(environment or {}),
            workdir=working_dir,
            user=user or "",
        ),
    )
    return str(made["Id"])


def attach(engine: Engine, exec_id: str, *, tty: bool = False) -> Stream:
    """Start the exec and connect to it."""

    def start(client: Any) -> Any:
        response = client.post(
            f"{client.base_url}/v{client.api_version}/exec/{exec_id}/start",
            json={"Tty": tty, "Detach": False},
            headers={"Connection": "Upgrade", "Upgrade": "tcp"},
            timeout=client.timeout,
            stream=True,
        )
        client._raise_for_status(response)
        return response

    stream = Stream(engine.call(f"exec start {exec_id[:12]}", start), tty=tty)
    stream.timeout(None)
    return stream
