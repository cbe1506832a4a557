"""The help is complete, documented, and costs next to nothing."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from moot.cli.command import Command
from moot.cli.help import overview
from moot.cli.reference import reference
from moot.cli.table import COMMANDS, EXIT_CODES

ROOT = Path(__file__).parents[2]

ALLOWED = {
    "__future__",
    "gc",  # a part of the interpreter: nothing is read for it
    "moot",
    "moot.cli",
    "moot.cli.changing",
    "moot.cli.command",
    "moot.cli.help",
    "moot.cli.keeping",
    "moot.cli.looking",
    "moot.cli.providing",
    "moot.cli.table",
}


def test_help_imports_the_table_and_nothing_else():
    code = (
        "import sys; before = set(sys.modules)\n"
        "from moot.cli import main; status = main(['--help'])\n"
        "print(*sorted(set(sys.modules) - before), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    assert set(done.stderr.split()) <= ALLOWED
    assert done.stdout == overview()


def test_overview_names_every_command():
    lines = overview().splitlines()
    for command in COMMANDS:
        assert any(line.startswith(f"  {command.name} ") for line in lines), command.name
    assert all(len(line) <= 100 for line in lines)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_table_is_sound(command: Command):
    module, function = command.run.split(":")
    assert callable(getattr(importlib.import_module(f"moot.cli.commands.{module}"), function))
    assert command.help and command.teach and f"moot {command.name}" in command.example
    assert set(command.exits) <= set(EXIT_CODES)
    flags = [flag for option in command.options for flag in option.flags]
    assert len(flags) == len(set(flags))
    assert all(option.flags[-1].startswith("--") for option in command.options)
    assert [a.arity for a in command.arguments[:-1]] == ["1"] * (len(command.arguments) - 1)


def test_documentation_is_the_table():
    page = (ROOT / "docs" / "commands.md").read_text()
    assert page == reference(), "python -m moot.cli.reference > docs/commands.md"
