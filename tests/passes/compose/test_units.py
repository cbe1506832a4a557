"""Sizes and durations, forth and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moot.model.units import duration, fraction, mebibytes, seconds, size_bytes


@pytest.mark.parametrize(
    ("text", "value", "printed"),
    [
        ("0", 0, "0s"), ("10s", 10, "10s"), ("90s", 90, "1m30s"), ("1h", 3600, "1h0m0s"),
        ("1h5m30s20ms", 3930.02, "1h5m30.02s"), ("500ms", 0.5, "500ms"), ("1.5h", 5400, "1h30m0s"),
        ("250us", 0.00025, "250µs"), ("60s", 60, "1m0s"), ("7d", 604800, "168h0m0s"),
    ],
)  # fmt: skip
def test_duration(text: str, value: float, printed: str) -> None:
    assert seconds(text) == pytest.approx(value)
    assert duration(seconds(text)) == printed


@given(st.integers(min_value=0, max_value=10**9))
def test_duration_returns(milliseconds: int) -> None:
    assert seconds(duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize("text", ["", "10", "s", "1x", "1 s", "-1s", "1s ", "soon", "9" * 99 + "s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("4096", 4096), ("64k", 65536), ("64K", 65536), ("1kb", 1024), ("1KiB", 1024),
        ("256M", 268435456), ("1.5g", 1610612736), ("2 GB", 2147483648), ("1t", 2**40), ("3b", 3),
    ],
)  # fmt: skip
def test_size(text: str, value: int) -> None:
    assert size_bytes(text) == value


@pytest.mark.parametrize("text", ["", "x", "1x", "-1", "1.5.2m", "mb", "9" * 99])
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError):
        size_bytes(text)


def test_mebibytes_round_up() -> None:
    assert [mebibytes(n) for n in (0, 1, 1048576, 1048577)] == [0, 1, 1, 2]


def test_fraction() -> None:
    assert [fraction(t) for t in ("99.95%", "0.5", "100%", "0")] == [0.9995, 0.5, 1, 0]
    for text in ("101%", "2", "-1%", "x", ""):
        with pytest.raises(ValueError):
            fraction(text)
