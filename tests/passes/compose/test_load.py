"""YAML 1.2 with places."""

from __future__ import annotations

import pytest
import yaml

from moot.passes.compose import load as module
from moot.passes.compose.load import Loaded, load
from moot.passes.compose.scalar import resolved, written


def loaded(text: str) -> Loaded:
    return load("f.yaml", text.encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("true", True), ("FALSE", False),
        ("yes", "yes"), ("on", "on"), ("12", 12), ("-3", -3), ("+4", 4), ("0o17", 15),
        ("0x1F", 31), ("022", 22), ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("1.", 1.0),
        ("22:22", "22:22"), ("2024-01-31", "2024-01-31"), (".inf", ".inf"), ("1_000", "1_000"),
        ("1e999", "1e999"), ("9" * 60, "9" * 60), ("=", "="), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: object) -> None:
    found = resolved(text)
    assert found == value
    assert type(found) is type(value)


def test_written() -> None:
    pairs = [(1, "1"), (1.5, "1.50"), (22, "022"), (31, "0x1F"), (1000.0, "1e3"), (True, "TRUE")]
    assert [written(value, text) for value, text in pairs] == [
        "1", "1.5", "022", "31", "1000", "true",
    ]  # fmt: skip


def test_places() -> None:
    root = loaded("a:\n  - b: 1\n    c: {d: e}\n").documents[0]
    inner = root.elements("a")[0]
    assert str(inner.place) == "f.yaml:2:5"
    found = inner.get("c", "d")
    assert found is not None
    assert str(found.key_place) == "f.yaml:3:9"
    assert str(found.place) == "f.yaml:3:12"


def test_merge_keys_and_aliases() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], c: 5}\nw: *x\n"
    assert loaded(text).documents[0].plain() == {
        "x": {"a": 1, "b": 2},
        "y": {"b": 3, "c": 4},
        "z": {"a": 1, "b": 2, "c": 5},
        "w": {"a": 1, "b": 2},
    }


def test_a_quoted_merge_key_is_a_key() -> None:
    assert loaded('a: {"<<": {b: 1}}').documents[0].plain() == {"a": {"<<": {"b": 1}}}


def test_byte_order_mark_and_documents() -> None:
    found = load("f.yaml", b"\xef\xbb\xbfa: 1\n---\n---\nb: 2\n")
    assert [document.plain() for document in found.documents] == [{"a": 1}, {"b": 2}]


def test_all_duplicates_are_told() -> None:
    found = loaded("a: 1\na: 2\nb: {c: 1, c: 2}\n").diagnostics
    assert [str(d.place) for d in found] == ["f.yaml:2:1", "f.yaml:3:11"]


def test_without_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a: &a [1, !reset x, {b: 'c'}]\nd: *a\ne: !override {f: g}\nf: [\n"
    quick = load.__wrapped__("f.yaml", text)
    monkeypatch.setattr(module, "_LOADER", yaml.SafeLoader)
    slow = load.__wrapped__("f.yaml", text)
    assert [d.place for d in slow.diagnostics] == [d.place for d in quick.diagnostics]
    good = text.rsplit(b"f:", 1)[0]
    slow_good = load.__wrapped__("f.yaml", good)
    monkeypatch.undo()
    assert slow_good == load.__wrapped__("f.yaml", good)
