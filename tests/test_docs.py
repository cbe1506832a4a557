"""The documentation says what the code does: every command, key, rule, link and figure."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import moot.rules
from bench import figures
from moot.cli.table import COMMANDS, COMMON
from moot.model.finding import Rule
from moot.passes.compose.schema import schema

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)
CODE_SPANS = set(re.findall(r"`([^`\n]+)`", TEXT))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]*)(?:#([^)\s]*))?\)")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_command_is_documented(command: Any) -> None:
    said = [s for s in CODE_SPANS if re.match(rf"moot {command.name}\b", s)]
    assert said, f"no page mentions `moot {command.name}`"
    for option in (*command.options, *COMMON):
        assert f"--{option.name}" in TEXT, f"no page mentions --{option.name}"


def keys_below(node: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of every property named anywhere in a JSON Schema, below `path`."""
    match node:
        case {"properties": dict(properties), **rest}:
            for name, child in properties.items():
                yield f"{path}.{name}".lstrip(".")
                yield from keys_below(child, f"{path}.{name}")
            yield from keys_below(rest, path)
        case dict():
            for child in node.values():
                yield from keys_below(child, path)
        case list():
            for child in node:
                yield from keys_below(child, path)


MOOT_KEYS = sorted({k.partition("x-moot.")[2] for k in keys_below(schema()) if "x-moot." in k})


def test_there_are_keys_to_document() -> None:
    assert {"venues", "process", "process.command", "retry"} <= set(MOOT_KEYS)


@pytest.mark.parametrize("key", MOOT_KEYS)
def test_key_is_documented(key: str) -> None:
    """A key stands in the table of `x-moot` or, one inside another, in that of the outer one."""
    group, _, leaf = key.rpartition(".")
    title = f"`x-moot.{group}`" if group else "`x-moot` of "
    sections = (ROOT / "docs" / "compose.md").read_text().split("\n### ")
    tables = [section for section in sections if section.startswith(title)]
    assert any(f"\n| `{leaf}` |" in table for table in tables), f"no row `{leaf}` below {title}"


def rules() -> list[Rule]:
    """Every rule of every conformance pack."""
    modules = [importlib.import_module(f"moot.rules.{m.name}") for m in _modules()]
    return [rule for module in modules for rule in module.PACK]


def _modules() -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.iter_modules(moot.rules.__path__)


@pytest.mark.parametrize("rule", rules(), ids=lambda r: r.__name__)
def test_rule_is_documented(rule: Any) -> None:
    name = rule.__name__.replace("_", "-")
    assert f"| `{name}` |" in (ROOT / "docs" / "rules.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue  # the outside world is not ours to test
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{target} is not there"
        if anchor:
            assert anchor in anchors(there), f"{target}#{anchor} is not there"


def anchors(page: Path) -> set[str]:
    """The anchors a page's headings get: lower case, without punctuation, blanks as dashes."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings}


def test_decisions_are_numbered_without_gaps() -> None:
    names = [page.name for page in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for name in names:
        text = (ROOT / "docs" / "decisions" / name).read_text()
        assert all(f"**{part}.**" in text for part in ("Context", "Choice", "Cost")), name


def test_figures_are_those_that_were_measured() -> None:
    results = json.loads((ROOT / "bench" / "results.json").read_text())
    assert (ROOT / "docs" / "figures.md").read_text() == figures.page(results)
