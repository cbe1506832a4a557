"""House rules no linter knows.  Each has a number and a reason; raise a number only in review."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src" / "moot"
FILES = sorted(SRC.rglob("*.py"))

FILE_LINES_MAX = 400  # one sitting: beyond this a file holds two ideas
FUNCTION_LINES_MAX = 50  # one screen, docstring not counted
BANNED_NAMES = {"utils", "helpers", "common", "misc", "manager", "base", "core"}  # say what it is

# What belongs to one machine or one network: a clone elsewhere must not lean on it.
HOME = "|".join(("home", "Users", "root", "work", "private"))
LEAKS = {
    "an absolute path of one machine": re.compile(
        rf"(?<![\w.$}}*-])/(?:{HOME})/(?!\$|<|USER)[\w.-]+/"
    ),
    "a package index": re.compile(
        r"--(?:extra-)?index-url\s+\S+|--find-links\s+\S|\bregistry\s*=\s*http"
    ),
    "a resolved download": re.compile(r'"resolved":\s*"http|files\.python' + r"hosted\.org"),
    "a private address book": re.compile(r"https?://[\w.-]+\.(?:internal|corp|lan)\b"),
}
TEXT_BYTES_MAX = 1_000_000


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_tidy(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    assert docstring, "every module says in one sentence what it is for"
    assert docstring.splitlines()[0].rstrip().endswith("."), "the first line is that sentence"
    assert text.count("\n") <= FILE_LINES_MAX
    assert path.stem not in BANNED_NAMES
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = body_lines(node)
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its first statement on, the docstring not counted."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_modules_of_the_tests_have_names_of_their_own() -> None:
    """pytest imports them as top-level modules: of two with one name the first one found wins."""
    files = [p for p in (ROOT / "tests").rglob("*.py") if p.stem != "conftest"]
    names = Counter(p.parent.name if p.stem == "__init__" else p.stem for p in files)
    assert [name for name, count in names.items() if count > 1] == []


def test_nothing_of_one_machine_is_in_the_repository() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {what}: {line.strip()[:80]}"
        for path in tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        for what, pattern in LEAKS.items()
        if pattern.search(line)
    ]
    assert found == []


def tracked() -> list[Path]:
    """Files git has or would take, without large data; every file where there is no git."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    ran = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True)
    if ran.returncode == 0:
        paths = [ROOT / name for name in ran.stdout.split("\0") if name]
    else:
        paths = [p for p in ROOT.rglob("*") if not {".venv", ".git"} & set(p.parts)]
    return [p for p in paths if p.is_file() and p.stat().st_size <= TEXT_BYTES_MAX]
