"""A line to a PostgreSQL that breaks at a COMMIT: on the way there, or on the way back."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
WORD = b"COMMIT"


@dataclass
class Line:
    """Listens in `folder`, passes everything on to the server that listens in `server`.

    `breaks`: "there", the next COMMIT never arrives; "back", its answer never does.  `broken`
    counts the times it did.
    """

    folder: Path
    server: Path
    breaks: str = ""
    broken: int = 0
    _listener: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen()
        self._run(self._accept)

    def stop(self) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _run(self, target, *arguments) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.server / SOCKET))
                self._open += [client, server]
                self._run(self._pass_on, client, server, "there")
                self._run(self._pass_on, server, client, "back")

    def _pass_on(self, source: socket.socket, target: socket.socket, way: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if WORD in data and self.breaks == way:
                    self.breaks = ""
                    self.broken += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
