"""Providers are found by what is installed says of itself, without a look at anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from moot.provider import installed

POINTS = """
[console_scripts]
strange = strange:main

[moot.providers]
# A comment = none:Of these
strange = strange.deep:Provider.Inner [extra]
odd=strange.deep:Odd

[moot.trials]
elsewhere = strange:trial
"""


def package(folder: Path, points: str, info: str = "strange-1.0.dist-info") -> Path:
    (folder / info).mkdir(parents=True)
    (folder / info / "entry_points.txt").write_text(points)
    return folder


def test_a_stranger_is_found_and_loaded_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    package(tmp_path, POINTS)
    found = with_path(monkeypatch, tmp_path)
    assert {"strange", "odd", "host"} <= found.keys()
    assert found.keys().isdisjoint({"elsewhere", "# A comment", "main"})
    (tmp_path / "strange").mkdir()
    code = "class Provider:\n    class Inner:\n        pass\n"
    (tmp_path / "strange" / "deep.py").write_text(code)
    assert found["strange"]().__name__ == "Inner"
    with pytest.raises(AttributeError):
        found["odd"]()


def test_the_first_on_the_path_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = package(tmp_path / "a", "[moot.providers]\none = first:A\n", "x-2.egg-info")
    package(tmp_path / "b", "[moot.providers]\none = second:B\n")
    (first / "first.py").write_text("class A:\n    pass\n")
    found = with_path(monkeypatch, tmp_path / "b", first)
    assert found["one"]().__name__ == "A"


def test_what_cannot_be_read_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "some.zip").write_bytes(b"PK")
    (tmp_path / "odd-1.dist-info" / "entry_points.txt").mkdir(parents=True)
    assert "fake" in with_path(monkeypatch, tmp_path, tmp_path / "some.zip")


def with_path(monkeypatch: pytest.MonkeyPatch, *folders: Path):
    """What is installed once these are on the path, the last one first."""
    for folder in folders:
        monkeypatch.syspath_prepend(str(folder))
    return installed()
