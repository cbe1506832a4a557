"""Every broken file gives its error with a place and a remedy, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from declaration import FOLDER, parsed

from moot.model.diagnostic import Diagnostic

BROKEN = Path(__file__).with_name("broken")
CASES = sorted(BROKEN.glob("*.yaml"))


def expectation(text: str) -> dict[str, str]:
    """The header of a case: `# summary: ...`, `# place: LINE:COLUMN`, `# remedy: part of it` and
    perhaps `# detail: part of it`.
    """
    lines = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    return dict(line.split(": ", 1) for line in lines)


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_broken(case: Path) -> None:
    text = case.read_text()
    expected = expectation(text)
    result = parsed({case.name: text.encode()}, case.name)
    errors = [found for found in result.diagnostics if found.severity == "error"]
    matching = [
        found
        for found in errors
        if found.summary == expected["summary"]
        and expected["remedy"] in found.remedy
        and expected.get("detail", "") in found.detail
        and str(found.place) == f"{FOLDER}/{case.name}:{expected['place']}"
    ]
    assert matching, errors
    assert result.app is None
    assert all(found.detail and found.remedy and found.place for found in errors)


def bomb() -> bytes:
    lines = [b"a: &a [x, x, x, x, x, x, x, x, x]"]
    for index in range(1, 12):
        name, last = chr(97 + index), chr(96 + index)
        lines.append(f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]".encode())
    return b"\n".join(lines)


GENERATED = {
    "binary": (bytes(range(256)) * 4, "Not UTF-8", "UTF-8"),
    "control-characters": (b"services: {web: {image: a\x07b}}", "Not a text file", "escape"),
    "latin-1": ("services: {web: {image: \u00e4}}".encode("latin-1"), "Not UTF-8", "UTF-8"),
    "utf-16": ("services: {web: {image: x}}".encode("utf-16"), "Not UTF-8", "UTF-8"),
    "empty": (b"", "Empty file", "services"),
    "only-comments": (b"# nothing\n---\n# here\n", "Empty file", "services"),
    "too-large": (b"# " + b"x" * 6_000_000, "File too large", "configs"),
    "deep-lists": (b"a: " + b"[" * 50_000, "Nested too deeply", "Flatten"),
    "deep-mappings": (b"{a: " * 50_000, "Nested too deeply", "Flatten"),
    "billion-laughs": (bomb(), "Aliases grow too large", "aliases"),
    "merge-bomb": (
        b"a: &a {k: 1}\n" + b"b: {<<: [" + b"*a, " * 200_000 + b"]}",
        "Aliases grow too large",
        "aliases",
    ),
    "alias-in-itself": (b"services: &s {web: *s}", "Alias inside its own anchor", "Take"),
    "long-number": (b"services: {web: {image: x, scale: " + b"9" * 9000 + b"}}", "Wrong value", ""),
    "many-values": (b"a: [" + b"x," * 300_000 + b"]", "Too many values", "Split"),
}


@pytest.mark.parametrize("name", GENERATED)
def test_generated(name: str) -> None:
    content, summary, remedy = GENERATED[name]
    result = parsed({"compose.yaml": content})
    errors: list[Diagnostic] = [d for d in result.diagnostics if d.severity == "error"]
    assert summary in [found.summary for found in errors], errors
    found = next(found for found in errors if found.summary == summary)
    assert remedy in found.remedy
    assert found.place is not None
    assert result.app is None


def test_all_errors_at_once() -> None:
    text = (BROKEN / "several-at-once.yaml").read_bytes()
    errors = parsed({"compose.yaml": text}).diagnostics
    assert {found.summary for found in errors} == {
        "Unknown key",
        "Invalid port",
        "Unknown component",
    }
    assert len(errors) == 4
