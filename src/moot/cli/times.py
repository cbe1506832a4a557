"""Moments and durations as options take them."""

from __future__ import annotations

import re
from datetime import datetime

from moot.model.diagnostic import BadInput, Diagnostic

UNITS_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:d|h|ms|m|s))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(d|h|ms|m|s)")


def moment(option: str, text: str, now: float) -> float:
    """What `option` means by `text`, in epoch seconds.  Raises BadInput.

    A duration is so long before `now`; a time without a zone is one of this machine's.
    """
    text = text.removesuffix(" ago").strip()
    if (before_s := _seconds(text)) is not None:
        return now - before_s
    if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
        return float(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise BadInput(
            Diagnostic(
                summary=f"{option} does not understand {text}",
                remedy="write a duration such as 90s, 10m or 1h30m, or a time such as "
                "2026-05-01T12:00",
            )
        ) from None


def duration(option: str, text: str | None) -> float:
    """Seconds; 0 where the option is not given.  Raises BadInput."""
    if text in (None, "0"):
        return 0.0
    found = _seconds(text)
    if found is None:
        raise BadInput(
            Diagnostic(
                summary=f"{option} does not understand {text}",
                remedy="write a duration such as 90s, 10m or 1h30m",
            )
        )
    return found


def _seconds(text: str) -> float | None:
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * UNITS_S[unit] for number, unit in _PART.findall(text))
