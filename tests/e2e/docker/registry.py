"""Registries on a port of their own: one takes whatever is pushed, others refuse every pull."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
import uuid
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import parse_qs


class Registry:
    """A server for as long as it is entered."""

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler]) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class Accepting(Registry):
    """An image that was pushed to it has a digest at its Engine, and can be had from nowhere."""

    def __init__(self) -> None:
        super().__init__(type("Taking", (_Taking,), {"sizes": {}}))


class Refusing(Registry):
    """It answers whoever asks for an image with one status and one of a registry's error codes.

    `asked` are the paths that were asked for.
    """

    def __init__(self, status: int, code: str) -> None:
        self.asked: list[str] = []
        said = {"status": status, "code": code, "asked": self.asked}
        super().__init__(type("Saying", (_Saying,), said))


class _Saying(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status: ClassVar[int]
    code: ClassVar[str]
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        error = {"code": self.code, "message": self.code.lower()}
        body = b"{}" if self.path == "/v2/" else json.dumps({"errors": [error]}).encode()
        self.send_response(200 if self.path == "/v2/" else self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class _Taking(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sizes: ClassVar[dict[str, int]]  # of blobs by their digests, and of uploads by their paths

    def do_GET(self) -> None:
        size = self.sizes.get(self.path.rpartition("/")[2], 0)
        self._answer(200 if size or self.path == "/v2/" else 404, Content_Length=str(size))

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._answer(202, Location=f"{self.path}{uuid.uuid4()}", Range="0-0")

    def do_PATCH(self) -> None:
        self.sizes[self.path] = len(self._body())
        self._answer(202, Location=self.path, Range=f"0-{self.sizes[self.path] - 1}")

    def do_PUT(self) -> None:
        path, _, query = self.path.partition("?")
        body = self._body()
        (digest,) = parse_qs(query).get("digest", [f"sha256:{hashlib.sha256(body).hexdigest()}"])
        self.sizes[digest] = self.sizes.get(path, 0) + len(body)
        self._answer(201, Location=path, Docker_Content_Digest=digest)

    def log_message(self, *_: object) -> None:
        """Nothing: nobody reads it."""

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": "0", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = list[bytes]()
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)
