"""Every form of a variable in a text."""

from __future__ import annotations

import pytest

from moot.model.value import Ref, Text
from moot.passes.compose.interpolate import Names, Unfit, references, substituted

VALUES = {"A": "a", "EMPTY": "", "_x9": "under"}


def filled(text: str) -> tuple[object, list[str]]:
    missing: list[str] = []
    return substituted(text, Names(VALUES, missing.append)), missing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", "a"),
        ("${A}", "a"),
        ("x${A}y$A-z", "xaya-z"),
        ("$_x9", "under"),
        ("${A:-d}${A-d}", "aa"),
        ("${EMPTY:-d}|${EMPTY-d}|${NONE:-d}|${NONE-d}", "d||d|d"),
        ("${A:+r}|${EMPTY:+r}|${EMPTY+r}|${NONE+r}", "r||r|"),
        ("${A:?e}${EMPTY?e}", "a"),
        ("${NONE:-${NONE:-${A}}}", "a"),
        ("${NONE:-$A b}", "a b"),
        ("${NONE:-{}}", "{}"),
        ("${NONE:-a:b/c}", "a:b/c"),
        ("$$A $${A}", "$A ${A}"),
        ("5$ $5 $", "5$ $5 $"),
        ("${A:-$$}", "a"),
        ("${NONE:-$$}", "$"),
    ],
)
def test_filled(text: str, expected: str) -> None:
    assert filled(text) == (expected, [])


def test_missing_is_empty_and_told() -> None:
    assert filled("<$NONE>${OTHER}") == ("<>", ["NONE", "OTHER"])


def test_references() -> None:
    assert filled("${moot:a.b}") == (Ref("a", "b"), [])
    assert filled("$A/${moot:a.b.c}!") == (Text(("a/", Ref("a", "b.c"), "!")), [])
    assert filled("${NONE:-${moot:a.b}}") == (Ref("a", "b"), [])
    assert references("$A ${moot:a.b} ${A}") == Text(("$A ", Ref("a", "b"), " ${A}"))


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("${A", "not of the form"),
        ("${}", "not of the form"),
        ("${1}", "not of the form"),
        ("${moot:a}", "no known operator"),
        ("${A!b}", "no known operator"),
        ("${NONE:?}", "NONE is not set."),
        ("${EMPTY:?why}", "EMPTY is not set: why."),
        ("${NONE?$A}", "NONE is not set: a."),
        ("${NONE-" * 30 + "}" * 30, "nested too deeply"),
    ],
)
def test_unfit(text: str, detail: str) -> None:
    with pytest.raises(Unfit, match=detail):
        filled(text)
