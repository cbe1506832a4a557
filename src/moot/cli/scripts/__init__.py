"""Completion scripts for bash, zsh and fish, made from the command table."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from moot.cli.command import Command, Option
from moot.cli.help import shared_with
from moot.cli.table import COMMANDS, COMMON, find, members


def script(shell: str) -> str:
    """The whole script for `shell`: bash, zsh or fish."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]()


def _all_options(command: Command) -> list[Option]:
    return [*command.options, *shared_with(command)]


def _top_level() -> dict[str, str]:
    """First words and what they are."""
    words: dict[str, str] = {}
    for command in COMMANDS:
        first, _, second = command.name.partition(" ")
        if second and find(first):
            continue
        words[first] = _group_help(first) if second else command.help
    return words


def _group_help(group: str) -> str:
    return ", ".join(command.name.split()[1] for command in members(group)) + f" {group}s"


def _groups() -> list[str]:
    """First words after which a second one may come; some are commands by themselves."""
    return [word for word in _top_level() if members(word)]


def _pairs() -> list[str]:
    """Commands of two words."""
    return [command.name for command in COMMANDS if " " in command.name]


def _value_cases() -> Iterator[tuple[list[str], str]]:
    """("COMMAND FLAG" texts, kind of the value); the kind is "" for a switch of a command whose
    flag takes a value elsewhere.  An empty command stands before any command."""
    valued = [option for option in COMMON if option.metavar]
    shared = {flag for option in valued for flag in option.flags}
    for command in COMMANDS:
        for option in command.options:
            kind = (option.completes or "none") if option.metavar else ""
            if kind or shared.intersection(option.flags):
                yield [f"{command.name} {flag}" for flag in option.flags], kind
    for option in valued:
        yield [f"* {flag}" for flag in option.flags], option.completes or "none"


def _argument_cases() -> Iterator[tuple[str, str]]:
    """("COMMAND COUNT", kind of the argument that comes after COUNT others)."""
    for command in COMMANDS:
        for count, argument in enumerate(command.arguments):
            kind = (
                " ".join(["words", *argument.choices]) if argument.choices else argument.completes
            )
            if kind:
                yield f"{command.name} {'*' if argument.arity in '*+' else count}", kind


def _shared_functions() -> str:
    """What bash and zsh have in common: the table as shell functions."""
    lines = ["# The kind of value that flag $2 of command $1 takes; fails for a switch."]
    lines += ["_moot_value() {", '    case "$1 $2" in']
    for texts, kind in _value_cases():
        pattern = "|".join(f"*{_quoted(t[1:])}" if t[0] == "*" else _quoted(t) for t in texts)
        lines.append(f"        {pattern}) {f'echo {kind}' if kind else 'return 1'} ;;")
    lines += ["        *) return 1 ;;", "    esac", "}", ""]
    lines += ["# The kind of argument that comes after $2 others of command $1."]
    lines += ["_moot_argument() {", '    case "$1 $2" in']
    for text, kind in _argument_cases():
        pattern = f"{_quoted(text[:-1])}*" if text[-1] == "*" else _quoted(text)
        lines.append(f"        {pattern}) echo {kind} ;;")
    return "\n".join([*lines, "    esac", "}"])


def _bash() -> str:
    flags = [f"        {_quoted(c.name)}) echo {_flags(_all_options(c))} ;;" for c in COMMANDS]
    firsts = [f"        {_quoted(g)}) echo {_seconds(g)} ;;" for g in _groups()]
    return _filled(
        "bash",
        functions=_shared_functions(),
        flags="\n".join(flags),
        common=_flags([*COMMON, Option("--version", "")]),
        words="\n".join(firsts),
        top=" ".join(_top_level()),
        pairs="|".join(map(_quoted, _pairs())),
    )


def _zsh() -> str:
    flags = [
        f"        {_quoted(c.name)}) list=({_described(_flag_help(_all_options(c)))}) ;;"
        for c in COMMANDS
    ]
    words = [f"        {_quoted(g)}) list=({_described(_second_help(g))}) ;;" for g in _groups()]
    return _filled(
        "zsh",
        functions=_shared_functions(),
        flags="\n".join(flags),
        common=_described({**_flag_help(list(COMMON)), "--version": "print the version"}),
        words="\n".join(words),
        top=_described(_top_level()),
        pairs="|".join(map(_quoted, _pairs())),
    )


def _fish() -> str:
    lines: list[str] = []
    for word, text in _top_level().items():
        lines.append(f"complete -c moot -n '__moot_at \"\"' -a {word} -d {_quoted(text)}")
    for group in _groups():
        for word, text in _second_help(group).items():
            lines.append(f"complete -c moot -n '__moot_in {group} 0' -a {word} -d {_quoted(text)}")
    for option in COMMON:
        lines.append(_fish_option('__moot_at ""', option))
    for command in COMMANDS:
        for option in _all_options(command):
            lines.append(_fish_option(f'__moot_in "{command.name}"', option))
    for text, kind in _argument_cases():
        command, _, count = text.rpartition(" ")
        condition = f'__moot_in "{command}" {count if count != "*" else ""}'.rstrip()
        lines.append(f"complete -c moot -n '{condition}' -a {_fish_values(kind)}")
    takes = [
        f"            case {' '.join(_quoted(text) for text in texts)}\n"
        f"                {'set skip 1' if kind else 'true'}"
        for texts, kind in _value_cases()
    ]
    pairs = " ".join(map(_quoted, _pairs()))
    return _filled("fish", takes="\n".join(takes), pairs=pairs, lines="\n".join(lines))


def _fish_option(condition: str, option: Option) -> str:
    parts = ["complete -c moot", f"-n '{condition}'"]
    parts += [f"-l {f[2:]}" if f.startswith("--") else f"-s {f[1:]}" for f in option.flags]
    if option.metavar:
        kind = option.completes or "none"
        parts.append({"file": "-r -F", "none": "-x"}.get(kind, f"-x -a {_fish_values(kind)}"))
    return " ".join([*parts, f"-d {_quoted(option.help)}"])


def _fish_values(kind: str) -> str:
    if kind.startswith("words "):
        return _quoted(kind.removeprefix("words "))
    return "'(__fish_complete_directories)'" if kind == "folder" else f"'(__moot_names {kind})'"


def _flags(options: list[Option]) -> str:
    return " ".join(flag for option in options for flag in option.flags)


def _flag_help(options: list[Option]) -> dict[str, str]:
    return {flag: option.help for option in options for flag in option.flags}


def _seconds(group: str) -> str:
    return " ".join(_second_help(group))


def _second_help(group: str) -> dict[str, str]:
    return {command.name.split()[1]: command.help for command in members(group)}


def _described(words: dict[str, str]) -> str:
    return " ".join(_quoted(f"{word}:{text}") for word, text in words.items())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _filled(shell: str, **parts: str) -> str:
    text = files("moot.cli.scripts").joinpath(f"{shell}.txt").read_text("utf-8")
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text
