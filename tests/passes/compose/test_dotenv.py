"""The formats of `.env` and `env_file`."""

from __future__ import annotations

import pytest

from moot.passes.compose.dotenv import raw_variables, variables


def read(text: str, known: dict[str, str] | None = None) -> dict[str, str]:
    found = variables("x.env", text.encode(), known or {}, lambda name: None)
    assert found.diagnostics == []
    return found.values


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A = spaced ", "spaced"),
        ("export A=1", "1"),
        ("export\tA=1", "1"),
        ("A: yaml", "yaml"),
        ("A=", ""),
        ("A=#", ""),
        ("A=a#b", "a#b"),
        ("A=a # b", "a"),
        ("A='single $X # \\' kept'", "single $X # ' kept"),
        ('A="double $X # kept" # comment', "double x # kept"),
        ('A="tab\\tnew\\nquote\\" \\$X \\\\"', 'tab\tnew\nquote" $X \\'),
        ("A=$X-${X}-${NONE:-d}-$$", "x-x-d-$"),
        ("A='a\nb'", "a\nb"),
        ('A="a\nb"', "a\nb"),
        ("A=a=b", "a=b"),
        ("A=1\r", "1"),
    ],
)
def test_line(line: str, value: str) -> None:
    assert read(f"# comment\n\n{line}\nLAST=1\n", {"X": "x"}) == {"A": value, "LAST": "1"}


def test_inheritance_and_order() -> None:
    assert read("A\nB\nC=$A-$D\nD=1\nE=$D", {"A": "outer"}) == {
        "A": "outer", "C": "outer-", "D": "1", "E": "1",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["A='open", 'A="open', "=x", "A B=1", "A='x' y", "A=${x"])
def test_broken(text: str) -> None:
    found = variables("x.env", f"B=1\n{text}\n".encode(), {}, lambda name: None)
    assert [str(d.place) for d in found.diagnostics] == ["x.env:2:1"]
    assert found.values["B"] == "1"


def test_a_broken_line_does_not_show_its_value() -> None:
    found = variables("x.env", b"PASSWORD='hunter2", {}, lambda name: None)
    assert "PASSWORD" in found.diagnostics[0].detail
    assert "hunter2" not in str(found.diagnostics)


def test_raw() -> None:
    found = raw_variables("x.env", b"# c\nA='$B' # x\nB=\nno\n")
    assert found.values == {"A": "'$B' # x", "B": ""}
    assert [str(d.place) for d in found.diagnostics] == ["x.env:4:1"]
