"""Completion in the shells themselves, typed on a terminal where the shell has no other way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import command
from terminal import Terminal

from moot.cli.commands.completion import selected
from moot.cli.scripts import script

COMPOSE = """\
name: shop
services:
  web: {image: web}
  worker: {image: worker}
"""

# (what is typed, what must be offered, what must not)
CASES = [
    ("", {"up", "venue", "completion"}, {"add", "__complete"}),
    ("ve", {"venue", "version"}, {"up"}),
    ("venue r", {"rename", "remove"}, {"add"}),
    ("venue check ", {"laptop", "docker"}, {"web"}),
    ("logs ", {"web", "worker"}, {"laptop"}),
    ("logs -f wo", {"worker"}, {"web"}),
    ("-f other.yaml logs ", {"other"}, {"web"}),
    ("--venue ", {"laptop"}, {"web"}),
    ("exec -w /tmp w", {"web", "worker"}, {"laptop"}),
    ("completion ", {"bash", "zsh", "fish"}, {"web"}),
    ("logs --t", {"--tail", "--timestamps"}, {"--follow"}),
    ("--env", {"--env-file"}, {"--profile"}),
    ("-f ot", {"other.yaml"}, {"compose.yaml"}),
]


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """A folder with compose files, and an environment whose `moot` is this one."""
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "other.yaml").write_text("services: {other: {image: other}}\n")
    for shell in ("bash", "zsh", "fish"):
        (tmp_path / f"moot.{shell}").write_text(script(shell))
    binaries = tmp_path / "bin"
    binaries.mkdir()
    moot = binaries / "moot"
    moot.write_text(f'#!/bin/sh\nexec {sys.executable} -m moot "$@"\n')
    moot.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "MOOT_HOME": str(tmp_path / "home"),
        "PWD": str(tmp_path),
    }


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_parses(shell: str, environ: Mapping[str, str]):
    path = f"{environ['HOME']}/moot.{shell}"
    subprocess.run([command(shell), "-n", path], check=True, env=environ)


@pytest.mark.parametrize(("typed", "offered", "not_offered"), CASES)
def test_bash(typed: str, offered: set[str], not_offered: set[str], environ: Mapping[str, str]):
    driver = (
        "source moot.bash; COMP_LINE=$1; COMP_POINT=${#1}\n"
        'COMP_WORDBREAKS=$\' \\t\\n"\\\'@><=;|&(:\'; _moot; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    found = words([command("bash"), "-c", driver, "bash", f"moot {typed}"], environ)
    assert offered <= found and not not_offered & found


@pytest.mark.parametrize(("typed", "offered", "not_offered"), CASES)
def test_fish(typed: str, offered: set[str], not_offered: set[str], environ: Mapping[str, str]):
    driver = "source moot.fish; complete -C $argv[1] | string split -f1 (printf '\\t')"
    found = words([command("fish"), "-N", "-c", driver, f"moot {typed}"], environ)
    assert offered <= found and not not_offered & found


TYPED = [
    ("bash", "moot venue ad\t x", r"moot venue add  x"),
    ("bash", "moot logs -f wo\t", r"moot logs -f worker"),
    ("zsh", "moot venue ad\t x", r"moot venue add\s+x"),
    ("zsh", "moot logs -f wo\t", r"wo.*worker"),
    ("zsh", "moot --venue=lap\t", r"lap.*laptop"),
    ("zsh", "moot logs --tim\t", r"tim.*timestamps"),
]
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='ready> '; source moot.bash\n"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "unsetopt zle_bracketed_paste; autoload -U compinit; compinit -D; source ./moot.zsh; "
        "PS1='ready> '\n",
    ),
}


@pytest.mark.parametrize(("shell", "typed", "shown"), TYPED)
def test_typed(shell: str, typed: str, shown: str, environ: Mapping[str, str]):
    command(shell)
    argv, prepare = START[shell]
    terminal = Terminal(["env", "-C", environ["HOME"], *argv], environ)
    terminal.press(prepare.encode())
    terminal.see(r"\nready> |\rready> |[^']ready> ")
    terminal.press(typed.encode())
    terminal.see(re.sub(" ", r"(?:\\x1b\\S*|\\s)*", shown))
    terminal.press(b"\x03exit\n")
    terminal.end()


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["moot", "-f", "a", "logs", "-f", "web"], {"file": ["a"]}),
        (["moot", "--file=a", "logs", "--file", "b"], {"file": ["a", "b"]}),
        (["moot", "-p", "x", "ps", "--venue", "lab"], {"project-name": ["x"], "venue": ["lab"]}),
        (["moot", "up", "-p"], {"project-name": [""]}),
    ],
)
def test_the_app_meant_by_an_unfinished_line(words: list[str], options: dict[str, list[str]]):
    assert selected(words) == options


@pytest.mark.parametrize("words", [[], ["nothing"], ["components", "-f", "no-such-file"]])
def test_what_cannot_be_completed_is_silent(words: list[str], environ: Mapping[str, str]):
    done = subprocess.run(
        ["moot", "__complete", *words], capture_output=True, env=environ, check=True, cwd="/"
    )
    assert (done.stdout, done.stderr) == (b"", b"")


def words(argv: list[str], environ: Mapping[str, str]) -> set[str]:
    """What `argv` prints, in words."""
    done = subprocess.run(
        argv, capture_output=True, text=True, check=True, env=environ, cwd=environ["HOME"]
    )
    assert done.stderr == ""
    return set(done.stdout.split())
