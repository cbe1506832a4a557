"""HTTP whose answers must come steadily: a server that only drips is not waited for."""

from __future__ import annotations

import http.client
import io
import socket
import time
from http.client import HTTPMessage
from typing import IO, TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    build_opener,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

WINDOW_S = 30.0  # of waiting; what we do with the bytes does not count
LEAST = 1000  # bytes a second, in each window


class Slow(Exception):
    """So little came in so much time."""


def steady() -> OpenerDirector:
    """What opens addresses, by the proxies of now; opening and reading may raise Slow."""
    return build_opener(_Http, _Https, _Redirects)


class _Steady(io.RawIOBase):
    """What comes over a connection, head and body, as long as enough of it does."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._waited = 0.0
        self._came = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        before = time.monotonic()
        came = self._raw.readinto(buffer)
        self._waited += time.monotonic() - before
        self._came += came or 0
        if came and self._waited >= WINDOW_S:
            if self._came < LEAST * self._waited:
                raise Slow(f"{self._came} bytes came in {self._waited:.3g} s")
            self._waited, self._came = 0.0, 0
        return came

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_Steady(self.fp.detach()))


class _Connection(http.client.HTTPConnection):
    response_class = _Answer


class _Secure(http.client.HTTPSConnection):
    response_class = _Answer


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, req)


class _Https(HTTPSHandler):
    def https_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(_Secure, req)


class _Redirects(HTTPRedirectHandler):
    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        if not newurl.startswith(("http://", "https://")):  # FTP has no pace
            raise HTTPError(newurl, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
