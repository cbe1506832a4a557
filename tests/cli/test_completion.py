"""Completion in the shells themselves, typed on a terminal where the shell has no other way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from terminal import Terminal

from moot.cli.commands.completion import selected
from moot.cli.scripts import script
from tests.lacking import command

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
    ("what-if --lose ", {"laptop"}, {"web"}),
    ("exec -w /tmp w", {"web", "worker"}, {"laptop"}),
    ("why web ", set(), {"web", "worker"}),
    ("venue add x ", {"docker", "fake", "host"}, {"laptop"}),
    ("completion ", {"bash", "zsh", "fish"}, {"web"}),
    ("offerings refresh --fo", {"--forget"}, {"--follow"}),
    ("offerings ", {"laptop", "docker", "refresh"}, {"web"}),
    ("offerings re", {"refresh"}, {"laptop"}),
    ("offerings laptop ", {"docker"}, {"refresh"}),
    ("venue remove ", {"laptop"}, {"rename"}),
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


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_offers(shell: str, environ: Mapping[str, str]):
    """All lines in one shell: starting one costs more than completing."""
    (Path(environ["HOME"]) / "drive").write_text(DRIVERS[shell])
    done = subprocess.run(
        [command(shell), *NO_RC[shell], "drive", *(f"moot {typed}" for typed, _, _ in CASES)],
        capture_output=True,
        text=True,
        check=True,
        env=environ,
        cwd=environ["HOME"],
    )
    assert done.stderr == ""
    answers = done.stdout.split("----\n")
    for (typed, offered, not_offered), answer in zip(CASES, answers, strict=False):
        found = {line.partition("\t")[0] for line in answer.splitlines()}
        assert offered <= found and not not_offered & found, f"moot {typed} -> {found}"


NO_RC = {"bash": ["--norc"], "fish": ["-N"]}
DRIVERS = {
    "bash": """\
source ./moot.bash
COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:'
for COMP_LINE in "$@"; do
    COMP_POINT=${#COMP_LINE}
    _moot
    printf '%s\\n' "${COMPREPLY[@]}" ----
done
""",
    "fish": """\
source ./moot.fish
for line in $argv
    complete -C $line
    echo ----
end
""",
}

TYPED = [
    ("venue ad\t x", "venue add x"),
    ("logs -f wo\t", "logs -f worker"),
    ("offerings ref\t", "offerings refresh"),
    ("--venue=lap\t", "--venue=laptop"),
    ("logs --tim\t", "logs --timestamps"),
    ("exec -w /tmp wor\t", "exec -w /tmp worker"),
]
# Instead of carrying out what was completed, `moot` repeats it.
FUNCTION = """\
moot() { [ "$1" = __complete ] && { command moot "$@"; return; }; echo "<$*>"; }
PS1='rea''dy> '
"""
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source ./moot.bash"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -D; source ./moot.zsh"),
}


@pytest.mark.parametrize("shell", START)
def test_typed(shell: str, environ: Mapping[str, str]):
    argv, prepare = START[shell]
    Path(environ["HOME"], "start").write_text(f"{prepare}\n{FUNCTION}")
    terminal = Terminal(["env", "-C", environ["HOME"], command(argv[0]), *argv[1:]], environ)
    terminal.press(b". ./start\n")
    terminal.see("ready> ")
    for typed, completed in TYPED:
        terminal.press(f"moot {typed}\n".encode())
        terminal.see(f"<{re.escape(completed)} ?>")
    terminal.press(b"exit\n")
    assert terminal.end() == 0


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
