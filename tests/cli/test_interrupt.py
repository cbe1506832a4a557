"""Ctrl-C on a real terminal and in a pipe: once to finish, twice to stop."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from terminal import PATIENCE_S, Terminal

from moot.shells.local import LocalShell

PROGRAM = str(Path(__file__).parent / "slow_apply.py")
CTRL_C = b"\x03"


def on_terminal(*arguments: str) -> Terminal:
    """The slow apply on a terminal of its own."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environ.pop("NO_COLOR", None)
    return Terminal([sys.executable, PROGRAM, *arguments], environ)


def test_once_finishes_what_is_in_flight():
    terminal = on_terminal("polite")
    terminal.see(r"creating shop/web/0@laptop/process  \d+\.\ds")
    terminal.press(CTRL_C)
    assert terminal.end() == 130
    assert "finishing what is in flight; press Ctrl-C again to stop now" in terminal.text
    assert "created shop/web/0@laptop/process" in terminal.text
    assert terminal.text.endswith("moot up goes on from here\r\n")


def test_twice_stops_at_once():
    terminal = on_terminal("stubborn")
    terminal.see("creating shop/web/0")
    terminal.press(CTRL_C)
    terminal.see("press Ctrl-C again")
    terminal.press(CTRL_C)
    assert terminal.end() == 130
    assert terminal.text.endswith("stopped; the same command goes on from here\r\n")


def test_running_changes_are_repainted_in_place():
    terminal = on_terminal("polite")
    terminal.see(r"creating.*\x1b\[2A\r\x1b\[J.*creating")
    terminal.press(CTRL_C)
    terminal.end()
    settled = re.sub(r"(?:[^\n]*\n){2}\x1b\[2A\r\x1b\[J", "", terminal.text, count=1)
    assert len(settled) < len(terminal.text)
    assert terminal.text.count("created shop/db/0 ") == 1
    assert "\x1b[?" not in terminal.text, "no mode is set that would have to be taken back"


WAITING = "waiting for shop/web/0@laptop/process to be healthy; it is starting"


def test_what_holds_a_change_up_is_among_what_runs():
    terminal = on_terminal("waiting")
    terminal.see(
        rf"creating shop/web/0@laptop/process  \d+\.\ds\r\n  {WAITING}  \d+\.\ds\r\n\[0/2\]"
    )
    terminal.press(CTRL_C)
    assert terminal.end() == 130


def test_ctrl_c_does_not_reach_what_a_venue_is_running_for_us():
    with LocalShell().open(["sh", "-c", 'cut -d" " -f5 /proc/$$/stat']) as running:
        assert running.stdout
        assert int(running.stdout.read()) != os.getpgrp()


@contextmanager
def in_a_pipe(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, PROGRAM, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pipe_gets_a_line_per_change_and_the_end(number: signal.Signals):
    with in_a_pipe("polite") as process:
        assert process.stderr
        assert process.stderr.readline() == "[0/2] created shop/db/0 (0.0s)\n"
        os.killpg(process.pid, number)
        _, rest = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130
    assert rest.startswith("finishing what is in flight")
    assert "[1/2] created shop/web/0@laptop/process (0.0s)\n" in rest
    assert "\x1b" not in rest


def test_in_a_pipe_what_holds_a_change_up_is_a_line():
    with in_a_pipe("waiting") as process:
        assert process.stderr
        assert process.stderr.readline() == "[0/2] created shop/db/0 (0.0s)\n"
        assert process.stderr.readline() == f"[0/2] {WAITING}\n"
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def test_quiet_still_says_that_it_is_finishing():
    with in_a_pipe("stubborn", "--quiet") as process:
        assert process.stderr
        _until_it_handles_signals(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr.readline().startswith("finishing what is in flight")
        os.killpg(process.pid, signal.SIGINT)
        _, rest = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, rest) == (130, "stopped; the same command goes on from here\n")


def _until_it_handles_signals(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    terminate = 1 << (signal.SIGTERM - 1)
    while time.monotonic() < deadline:
        caught = re.search(r"SigCgt:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
        if caught and int(caught[1], 16) & terminate:
            return
        time.sleep(0.01)
    raise AssertionError("it never got as far as its apply")
