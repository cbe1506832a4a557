"""Answers over HTTP, a part at a time; one that is cut short is never taken for a whole one."""

from __future__ import annotations

import codecs
import http.client
import json
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from moot import __version__
from moot.market.listed import NoPrices

PATIENCE_S = 30.0  # without a byte
CHUNK = 1 << 16
MOST_LINE = 1 << 20  # characters
MOST_DOCUMENT = 1 << 26  # bytes; of what is not read line by line
PASSING = (408, 425, 429, 500, 502, 503, 504)
MOST_WAIT_S = 60.0


def lines(url: str) -> Iterator[str]:
    """The lines of a text without their ends, as they come.  Raises NoPrices."""
    with _said(url):
        decoder, rest = codecs.getincrementaldecoder("utf-8")(), ""
        for chunk in _content(url, {}):
            *whole, rest = (rest + decoder.decode(chunk)).split("\n")
            if len(rest) > MOST_LINE:
                raise NoPrices(f"{url} is no text of lines")
            yield from whole
        yield rest + decoder.decode(b"", final=True)


def document(url: str, headers: Mapping[str, str] | None = None) -> Any:
    """What a JSON document holds; the headers go to this address alone.  Raises NoPrices."""
    with _said(url):
        text = bytearray()
        for chunk in _content(url, headers or {}):
            text += chunk
            if len(text) > MOST_DOCUMENT:
                raise NoPrices(f"{url} has more than {MOST_DOCUMENT >> 20} MiB")
        try:
            return json.loads(text)
        except ValueError as error:
            raise NoPrices(f"{url} is no JSON: {error}") from None


def _content(url: str, own: Mapping[str, str]) -> Iterator[bytes]:
    """The bytes of an answer, decompressed; those that lack at its end are an error."""
    if not url.startswith(("http://", "https://")):
        raise NoPrices(f"{url} is no address of HTTP")
    headers = {"Accept-Encoding": "gzip", "User-Agent": f"moot/{__version__}"}
    request = Request(url, headers=headers)  # noqa: S310 - the scheme is checked above
    for name, value in own.items():
        request.add_unredirected_header(name, value)
    with build_opener().open(request, timeout=PATIENCE_S) as answer:  # by the proxies of now
        stated = answer.headers.get("Content-Length")
        packed = answer.headers.get("Content-Encoding", "identity") != "identity"
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed else None
        came = 0
        while chunk := answer.read(CHUNK):
            came += len(chunk)
            yield unpacker.decompress(chunk) if unpacker else chunk
        if (stated and came < int(stated)) or (unpacker and not unpacker.eof):
            raise NoPrices(f"{url} ended before all of it had come", passing=True)


@contextmanager
def _said(url: str) -> Iterator[None]:
    """What may go wrong with an address, in words."""
    try:
        yield
    except HTTPError as error:
        wait_s = _seconds(error.headers.get("Retry-After", ""))
        reason = f"{url} answers {error.code} {error.reason}"
        error.close()
        raise NoPrices(reason, passing=error.code in PASSING, wait_s=wait_s) from None
    except URLError as error:
        lasting = isinstance(error.reason, ssl.SSLCertVerificationError)
        raise NoPrices(f"{url} cannot be reached: {error.reason}", passing=not lasting) from None
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise NoPrices(f"{url} broke off: {reason}", passing=True) from None
    except (zlib.error, ValueError) as error:  # a text in another encoding is a ValueError, too
        raise NoPrices(f"{url} cannot be understood: {error}") from None


def _seconds(retry_after: str) -> float:
    """How long somebody is asked to wait; a date is not read."""
    return min(float(retry_after), MOST_WAIT_S) if retry_after.isdecimal() else 0.0
