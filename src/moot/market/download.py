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
from urllib.parse import urlsplit
from urllib.request import Request

from moot import __version__
from moot.market.listed import NoPrices
from moot.market.steady import Slow, steady

PATIENCE_S = 30.0  # without a byte
CHUNK = 1 << 16
MOST_LINE = 1 << 20  # characters
MOST_DOCUMENT = 1 << 26  # bytes; of what is not read line by line
PASSING = (408, 425, 429, 500, 502, 503, 504)
REFUSED = (400, 401, 403)
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
        except (RecursionError, ValueError) as error:
            raise NoPrices(f"{url} is no JSON{_where(error)}") from None


def _content(url: str, own: Mapping[str, str]) -> Iterator[bytes]:
    """The bytes of an answer, decompressed; those that lack at its end are an error."""
    if not _is_address(url):
        raise NoPrices(f"{url} is no address of HTTP")
    headers = {"Accept-Encoding": "gzip", "User-Agent": f"moot/{__version__}"}
    request = Request(url, headers=headers)  # noqa: S310 - the scheme is checked above
    for name, value in own.items():
        request.add_unredirected_header(name, value)
    with steady().open(request, timeout=PATIENCE_S) as answer:
        stated = answer.headers.get("Content-Length")
        packed = answer.headers.get("Content-Encoding", "identity") != "identity"
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed else None
        came = 0
        while chunk := answer.read(CHUNK):
            came += len(chunk)
            yield unpacker.decompress(chunk) if unpacker else chunk
        if (stated and came < int(stated)) or (unpacker and not unpacker.eof):
            reason = f"{url} ended before all of it had come"
            raise NoPrices(reason, trouble="network", passing=True)


def _where(error: Exception) -> str:
    return f", by its line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""


def _is_address(url: str) -> bool:
    """Of HTTP, with a host that can be one."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and all("!" <= letter <= "~" for letter in url)
        )
    except ValueError:  # the port, the brackets of an address or the length of a name
        return False


@contextmanager
def _said(url: str) -> Iterator[None]:
    """What may go wrong with an address, in words."""
    try:
        yield
    except Slow as slow:
        raise NoPrices(f"{url} is too slow: {slow}", trouble="slow", passing=True) from None
    except HTTPError as error:
        error.close()
        raise _answered(url, error) from None
    except URLError as error:
        lasting = isinstance(error.reason, ssl.SSLCertVerificationError)
        reason = f"{url} cannot be reached: {error.reason}"
        trouble = "certificate" if lasting else "network"
        raise NoPrices(reason, trouble=trouble, passing=not lasting) from None
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise NoPrices(f"{url} broke off: {reason}", trouble="network", passing=True) from None
    except (zlib.error, ValueError) as error:  # a text in another encoding is a ValueError, too
        raise NoPrices(f"{url} cannot be understood: {error}") from None


def _answered(url: str, error: HTTPError) -> NoPrices:
    """What a status means that is none of success."""
    if 300 <= error.code < 400:
        reason = f"{url} leads in a circle, or to no address of HTTP ({error.code})"
        return NoPrices(reason, trouble="answer")
    passing = error.code in PASSING
    refused = error.code in REFUSED
    return NoPrices(
        f"{url} answers {error.code} {error.reason}".rstrip(),
        trouble="busy" if passing else "refused" if refused else "answer",
        passing=passing,
        wait_s=_seconds(error.headers.get("Retry-After", "")),
    )


def _seconds(retry_after: str) -> float:
    """How long somebody is asked to wait; a date is not read."""
    return min(float(retry_after), MOST_WAIT_S) if retry_after.isdecimal() else 0.0
