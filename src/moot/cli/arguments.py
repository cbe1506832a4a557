"""Turn the words of a command line into an Invocation, or say which is wrong and what was meant."""

from __future__ import annotations

import getopt

from moot.cli.command import Command, Option
from moot.cli.help import command_help, group_help, overview, shared_with
from moot.cli.table import COMMANDS, COMMON, find, members

VERSION = Option("--version", "print the version")


class Invocation:
    """A command with its options and arguments; `help` is set where only help was asked for."""

    def __init__(
        self,
        command: Command | None,
        options: dict[str, list[str]],
        arguments: list[str],
        help: str = "",
    ) -> None:
        self.command = command
        self.options = options
        self.arguments = arguments
        self.help = help

    def flag(self, name: str) -> bool:
        """Whether the switch was given."""
        return name in self.options

    def value(self, name: str) -> str | None:
        """The option's value, the last one where it was given twice."""
        return self.options[name][-1] if name in self.options else None

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a repeatable option, in order."""
        return tuple(self.options.get(name, ()))


class UsageError(Exception):
    """The command line cannot be understood; `remedy` says what to write instead."""

    def __init__(self, summary: str, remedy: str) -> None:
        super().__init__(summary)
        self.summary = summary
        self.remedy = remedy


def parse(argv: list[str]) -> Invocation:
    """The Invocation that `argv` asks for.  Raises UsageError."""
    given, words = _split(argv, [*COMMON, VERSION], None, intermixed=False)
    if "version" in given:
        return Invocation(find("version"), given, [])
    if not words and "help" in given:
        return Invocation(None, given, [], overview())
    if words[:1] == ["help"]:
        given["help"], words = [""], words[1:]
    if not words:
        raise UsageError("no command given", "moot --help lists the commands")
    name = words[0]
    if len(words) > 1 and find(f"{name} {words[1]}"):
        name = f"{name} {words[1]}"
    elif members(name) and not find(name):
        if words[1:] in ([], ["--help"], ["-h"]):
            return _group(name, asked="help" in given or len(words) > 1, given=given)
        name = f"{name} {words[1]}"
    command = find(name)
    if command is None:
        raise UsageError(f"unknown command: {name}", _meant(name, _names(), "moot --help"))
    return _complete(command, given, words[len(name.split()) :])


def _group(name: str, asked: bool, given: dict[str, list[str]]) -> Invocation:
    if asked:
        return Invocation(None, given, [], group_help(name))
    names = ", ".join(command.name.split()[1] for command in members(name))
    raise UsageError(f"moot {name} needs a command", f"one of: {names}")


def _complete(command: Command, given: dict[str, list[str]], words: list[str]) -> Invocation:
    options = [*command.options, *shared_with(command)]
    own, arguments = _split(words, options, command, intermixed=not command.rest)
    merged = {name: [*given.get(name, []), *own.get(name, [])] for name in {**given, **own}}
    if "help" in merged:
        return Invocation(command, merged, [], command_help(command))
    if command.rest and arguments[1:2] == ["--"]:
        del arguments[1]
    _check_arity(command, arguments)
    return Invocation(command, merged, arguments)


def _split(
    words: list[str], options: list[Option], command: Command | None, intermixed: bool
) -> tuple[dict[str, list[str]], list[str]]:
    """Options by name, and the words that are left."""
    by_flag = {flag: option for option in options for flag in option.flags}
    shorts = "".join(
        _getopt_name(flag, option) for flag, option in by_flag.items() if flag[1] != "-"
    )
    longs = [_getopt_name(flag, option) for flag, option in by_flag.items() if flag[1] == "-"]
    read = getopt.gnu_getopt if intermixed else getopt.getopt
    try:
        pairs, rest = read(words, shorts, longs)
    except getopt.GetoptError as error:
        raise _misused(error.opt, by_flag, command) from None
    found: dict[str, list[str]] = {}
    for flag, value in pairs:
        if flag[1] == "-" and not any(word.split("=")[0] == flag for word in words):
            # getopt takes a unique prefix for the whole; a later option may take that away again.
            raise _unknown(
                next(w for w in words if flag.startswith(w.split("=")[0])), by_flag, command
            )
        found.setdefault(by_flag[flag].name, []).append(value)
    return found, rest


def _getopt_name(flag: str, option: Option) -> str:
    mark = (":" if flag[1] != "-" else "=") if option.metavar else ""
    return flag.lstrip("-") + mark


def _misused(name: str, by_flag: dict[str, Option], command: Command | None) -> UsageError:
    flag = f"-{name}" if len(name) == 1 else f"--{name}"
    option = by_flag.get(flag)
    if option is None:
        return _unknown(flag, by_flag, command)
    if option.metavar:
        return UsageError(f"{flag} needs a value", f"write {flag} {option.metavar}: {option.help}")
    return UsageError(f"{flag} takes no value", f"write {flag} alone: {option.help}")


def _unknown(flag: str, by_flag: dict[str, Option], command: Command | None) -> UsageError:
    where = f"moot {command.name} --help" if command else "moot --help"
    of_command = f" of moot {command.name}" if command else ""
    return UsageError(f"unknown option{of_command}: {flag}", _meant(flag, list(by_flag), where))


def _meant(word: str, known: list[str], where: str) -> str:
    import difflib

    longer = [name for name in known if name.startswith(word) and word.strip("-")]
    close = longer or difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    return f"did you mean {close[0]}? {where} lists all" if close else f"{where} lists all"


def _names() -> list[str]:
    return [command.name for command in COMMANDS]


def _check_arity(command: Command, arguments: list[str]) -> None:
    least = sum(argument.arity in "1+" for argument in command.arguments)
    unbounded = any(argument.arity in "*+" for argument in command.arguments)
    remedy = f"usage: {command.usage}"
    if len(arguments) < least:
        missing = command.arguments[len(arguments)]
        raise UsageError(f"moot {command.name} needs {missing.name}: {missing.help}", remedy)
    if len(arguments) > len(command.arguments) and not unbounded:
        extra = arguments[len(command.arguments)]
        raise UsageError(f"unexpected argument: {extra}", remedy)
    for argument, word in zip(command.arguments, arguments, strict=False):
        if argument.choices and word not in argument.choices:
            raise UsageError(f"unknown {argument.name}: {word}", f"one of: {argument.help}")
