"""The page docs/commands.md, made from the command table: `python -m moot.cli.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from moot.cli.command import Command, Option
from moot.cli.table import COMMON, EXIT_CODES, GROUPS

INTRODUCTION = """\
# Commands

This page is made from the command table by `python -m moot.cli.reference > docs/commands.md`;
`moot COMMAND --help` says the same.

Answers go to stdout; progress, warnings and errors go to stderr. Colour appears only on a
terminal and never where `NO_COLOR` is set. `MOOT_TRACE=1` prints a redacted line per venue call
to stderr, and the details of an internal error.
"""

ENVELOPE = """\
## JSON

With `--json` every command prints one object, in one envelope:

```json
{
  "version": 1,
  "replicas": [],
  "errors": [],
  "stale": [{"venue": "lab", "since": 1767225600.0, "reason": "connection refused"}]
}
```

What is said of a venue in `stale` was last seen at `since` (seconds since 1970, like every time).
A command that fails prints
`{"version": 1, "errors": [{"summary", "detail", "remedy", "place"}]}`; where an App cannot be
placed, one of the errors has its `conflict` (docs/placement.md).
`logs --follow` prints one envelope per line. Fields may be added; none is renamed or removed.
Below, each command lists what it adds to the envelope: a field, and after a colon the fields of
its entries.
"""


def reference() -> str:
    """The whole page."""
    sections = [
        INTRODUCTION,
        "## Options of every command\n\nThey stand before or after the command.\n",
        _options([*COMMON, Option("--version", "print the version")]),
        "## Exit codes\n",
        _table(("code", "means"), ((f"{code}", text) for code, text in EXIT_CODES.items())),
        ENVELOPE,
    ]
    for title, commands in GROUPS:
        sections.append(f"## {title}\n")
        sections += [_section(command) for command in commands]
    return "\n".join(sections)


def _section(command: Command) -> str:
    parts = [f"### `{command.usage}`\n\n{command.help[0].upper()}{command.help[1:]}.\n"]
    parts.append(_escaped(command.teach) + "\n")
    if command.arguments:
        parts.append(
            _table(("argument", ""), ((f"`{a.name}`", _escaped(a.help)) for a in command.arguments))
        )
    if command.options:
        parts.append(_options(command.options))
    if command.answers:
        parts.append(f"With `--json`: {'; '.join(f'`{answer}`' for answer in command.answers)}.\n")
    parts.append(f"```\n{command.example}\n```\n")
    parts.append(f"Exit codes: {', '.join(map(str, command.exits))}.\n")
    return "\n".join(parts)


def _options(options: Iterable[Option]) -> str:
    rows = (
        (", ".join(f"`{f} {o.metavar}`".replace(" `", "`") for f in o.flags), _escaped(o.help))
        for o in options
    )
    return _table(("option", ""), rows)


def _table(headers: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = ["| " + " | ".join(headers) + " |", "|---|---|"]
    return "\n".join([*lines, *(f"| {left} | {right} |" for left, right in rows), ""])


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(reference())
