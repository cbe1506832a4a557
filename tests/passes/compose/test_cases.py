"""Each folder in `cases/` declares an App; its canonical form is in `expected.json`.

`arguments.json` may name the `files` in their order, the `environ`, the `profiles` and the `name`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from declaration import parsed

from moot.passes.parse import Parsed

CASES = sorted(path for path in Path(__file__).with_name("cases").iterdir() if path.is_dir())
OURS = ("arguments.json", "expected.json")


def result_of(case: Path) -> Parsed:
    files = {
        str(path.relative_to(case)): path.read_bytes()
        for path in sorted(case.rglob("*"))
        if path.is_file() and path.name not in OURS
    }
    given = case / "arguments.json"
    arguments: dict[str, Any] = json.loads(given.read_text()) if given.exists() else {}
    return parsed(
        files,
        *arguments.get("files", []),
        environ=arguments.get("environ"),
        profiles=frozenset(arguments.get("profiles", [])),
        name=arguments.get("name"),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    result = result_of(case)
    assert [d for d in result.diagnostics if d.severity == "error"] == []
    assert result.canonical == json.loads((case / "expected.json").read_text())
    assert result.app is not None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_canonical_form_reads_as_itself(case: Path) -> None:
    once = result_of(case)
    again = parsed({"compose.yaml": json.dumps(once.canonical)}, profiles=frozenset({"*"}))
    assert again.canonical == once.canonical
