"""What a command line means, and what is said of one that means nothing."""

from __future__ import annotations

import pytest

from moot.cli.arguments import UsageError, parse

UNDERSTOOD = [
    ("up", "up", {}, []),
    ("up -d", "up", {"detach": [""]}, []),
    ("-f a -f b up -f c", "up", {"file": ["a", "b", "c"]}, []),
    ("-fa.yaml --file=b.yaml up", "up", {"file": ["a.yaml", "b.yaml"]}, []),
    ("-p one ps -p two", "ps", {"project-name": ["one", "two"]}, []),
    ("logs web -f db", "logs", {"follow": [""]}, ["web", "db"]),
    ("-f a logs -f --file b", "logs", {"file": ["a", "b"], "follow": [""]}, []),
    ("logs -tn5", "logs", {"timestamps": [""], "tail": ["5"]}, []),
    ("down -v --json", "down", {"volumes": [""], "json": [""]}, []),
    ("--json ps --all --venue x --venue y", "ps", {"venue": ["x", "y"]}, []),
    ("exec -T -e A=1 web ls -la --json", "exec", {"env": ["A=1"]}, ["web", "ls", "-la", "--json"]),
    ("exec web -- ls -- x", "exec", {}, ["web", "ls", "--", "x"]),
    ("venue add a host b=--c", "venue add", {}, ["a", "host", "b=--c"]),
    ("volume rm a b -- -c", "volume rm", {}, ["a", "b", "-c"]),
    ("--version", "version", {}, []),
    ("completion zsh", "completion", {}, ["zsh"]),
]

MISUNDERSTOOD = [
    ("", "no command given", "moot --help"),
    ("dwon", "unknown command: dwon", "did you mean down?"),
    ("xyzzy", "unknown command: xyzzy", "moot --help lists all"),
    ("venue", "moot venue needs a command", "add, list, check, rename, remove"),
    ("volume list", "unknown command: volume list", "did you mean volume ls?"),
    ("--jsn ps", "unknown option: --jsn", "did you mean --json?"),
    ("logs --folow", "unknown option of moot logs: --folow", "did you mean --follow?"),
    ("down --vol", "unknown option of moot down: --vol", "did you mean --volumes?"),
    ("up -x", "unknown option of moot up: -x", "moot up --help lists all"),
    ("logs --tail", "--tail needs a value", "write --tail N"),
    ("logs -n", "-n needs a value", "write -n N"),
    ("up --json=1", "--json takes no value", "write --json alone"),
    ("why", "moot why needs REPLICA", "usage: moot why"),
    ("exec web", "moot exec needs COMMAND", "usage: moot exec"),
    ("why a b", "unexpected argument: b", "usage: moot why"),
    ("up web", "unexpected argument: web", "usage: moot up"),
    ("completion tcsh", "unknown SHELL: tcsh", "bash, zsh or fish"),
]


@pytest.mark.parametrize(("line", "command", "options", "arguments"), UNDERSTOOD)
def test_understood(line: str, command: str, options: dict[str, list[str]], arguments: list[str]):
    invocation = parse(line.split())
    assert invocation.command and invocation.command.name == command
    assert {**invocation.options, **options} == invocation.options
    assert invocation.arguments == arguments
    assert not invocation.help


@pytest.mark.parametrize(("line", "summary", "remedy"), MISUNDERSTOOD)
def test_misunderstood(line: str, summary: str, remedy: str):
    with pytest.raises(UsageError) as caught:
        parse(line.split())
    assert caught.value.summary.startswith(summary)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("line", ["up --help", "up -h", "--help up", "help up", "up -d --help"])
def test_help_of_a_command_teaches(line: str):
    text = parse(line.split()).help
    for part in ("Usage: moot up", "--quiet", "Example:", "Exit codes:", "130"):
        assert part in text


def test_an_option_a_command_uses_itself_is_not_offered_twice():
    text = parse(["logs", "--help"]).help
    assert "-f, --follow" in text
    assert "      --file FILE" in text


@pytest.mark.parametrize("line", ["venue --help", "help venue", "--help venue"])
def test_help_of_a_group_lists_its_commands(line: str):
    text = parse(line.split()).help
    assert all(f"venue {word}" in text for word in ("add", "list", "check", "rename", "remove"))
