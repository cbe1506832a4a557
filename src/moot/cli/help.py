"""The texts of --help, made from the command table."""

from __future__ import annotations

from moot.cli.command import Command, Option
from moot.cli.table import COMMON, EXIT_CODES, GROUPS, members


def overview() -> str:
    """What `moot --help` prints."""
    lines = [
        "Run one declared application on any mix of venues.",
        "",
        "Usage: moot [options] COMMAND [options] ...",
    ]
    for title, commands in GROUPS:
        lines += ["", f"{title}:", *_columns([(c.name, c.help) for c in commands])]
    lines += ["", "Options, before or after the command:", *_options(COMMON)]
    lines += ["      --version".ljust(_WIDTH) + "print the version"]
    lines += ["", "moot COMMAND --help teaches a command; docs/commands.md has them all."]
    return _text(lines)


def command_help(command: Command) -> str:
    """What `moot COMMAND --help` prints."""
    lines = [f"Usage: {command.usage}", "", _sentence(command.help), "", command.teach]
    if command.arguments:
        lines += ["", "Arguments:", *_columns([(a.name, a.help) for a in command.arguments])]
    if command.options:
        lines += ["", "Options:", *_options(command.options)]
    lines += ["", "Options of every command:", *_options(shared_with(command))]
    if command.answers:
        lines += ["", "With --json, beside version, errors and stale:"]
        lines += [f"  {answer}" for answer in command.answers]
    lines += ["", "Example:", *(f"  {line}" for line in command.example.splitlines())]
    codes = [(str(code), EXIT_CODES[code]) for code in command.exits]
    return _text([*lines, "", "Exit codes:", *_columns(codes)])


def group_help(group: str) -> str:
    """What `moot venue --help` prints: the commands that start with that word."""
    commands = members(group)
    lines = [f"Usage: moot {group} COMMAND [options] ...", "", "Commands:"]
    lines += _columns([(command.name, command.help) for command in commands])
    return _text([*lines, "", f"moot {commands[0].name} --help teaches that command."])


def shared_with(command: Command) -> list[Option]:
    """The common options as they stand after `command`, without the flags it uses itself."""
    taken = {flag for option in command.options for flag in option.flags}
    kept: list[Option] = []
    for option in COMMON:
        flags = [flag for flag in option.flags if flag not in taken]
        if flags:
            kept.append(
                Option(
                    " ".join(flags), option.help, option.metavar, option.repeat, option.completes
                )
            )
    return kept


_WIDTH = 32


def _options(options: tuple[Option, ...] | list[Option]) -> list[str]:
    rows: list[tuple[str, str]] = []
    for option in options:
        flags = ", ".join(option.flags)
        indent = "" if len(option.flags[0]) == 2 else "    "
        rows.append((f"{indent}{flags} {option.metavar}".rstrip(), option.help))
    return _columns(rows)


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    return [f"  {left}".ljust(_WIDTH) + right for left, right in rows]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
