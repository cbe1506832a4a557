"""Sizes and durations as people write them, and back again; the unit stands last in every name."""

from __future__ import annotations

import re

_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)")
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s?([kmgtp]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_LONGEST_NUMBER = 40

MEBIBYTE = 1024 * 1024


def seconds(text: str) -> float:
    """Seconds in a duration such as `1m30s` or `1.5h`; `0` needs no unit.

    Raises ValueError for anything else, a number without a unit included.
    """
    if text == "0":
        return 0.0
    position, total = 0, 0.0
    while position < len(text):
        found = _DURATION.match(text, position)
        if found is None or len(found[1]) > _LONGEST_NUMBER:
            raise ValueError(text)
        total += float(found[1]) * _SECONDS[found[2]]
        position = found.end()
    if not text:
        raise ValueError(text)
    return round(total, 9)


def duration(value_s: float) -> str:
    """`value_s` seconds the way Compose prints them: `1m30s`, `1h0m0s`, `500ms`."""
    if value_s == 0:
        return "0s"
    if value_s < 1:
        for unit in ("ms", "µs", "ns"):
            amount = value_s / _SECONDS[unit]
            if amount >= 1 or unit == "ns":
                return f"{round(amount, 6):g}{unit}"
    whole_m, rest_s = divmod(round(value_s, 9), 60)
    hours, minutes = divmod(int(whole_m), 60)
    text = f"{round(rest_s, 9):g}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def size_bytes(text: str) -> int:
    """Bytes in a size such as `256M`, `1.5gb` or `4096`; units are powers of 1024.

    Raises ValueError for anything else.
    """
    found = _BYTES.fullmatch(text.strip())
    if found is None or len(found[1]) > _LONGEST_NUMBER:
        raise ValueError(text)
    factor = 1024 ** _POWERS[found[2].lower()]
    return int(found[1]) * factor if found[1].isdigit() else int(float(found[1]) * factor)


def mebibytes(value_bytes: int) -> int:
    """`value_bytes` in MiB, rounded up, so that nobody gets less than was asked for."""
    return -(-value_bytes // MEBIBYTE)


def fraction(text: str) -> float:
    """A share written as `99.95%` or `0.9995`.  Raises ValueError when it is not within 0 and 1."""
    number = text.strip()
    if len(number) > _LONGEST_NUMBER:
        raise ValueError(text)
    value = float(number[:-1]) / 100 if number.endswith("%") else float(number)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return round(value, 12)
