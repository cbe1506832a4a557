"""How an apply is told of in a pipe: every line, in order, and while the apply still runs."""

from __future__ import annotations

import time

import pytest

from moot.cli.output import Output
from moot.cli.progress import Lines
from moot.model.report import Step

LONG_S = 30.0


def done(number: int) -> Step:
    return Step(
        change=f"create a#{number}",
        verb="create",
        address=f"a{number}",
        phase="done",
        done=number,
        total=1000,
    )


def test_every_line_is_there_in_the_end(capsys: pytest.CaptureFixture[str]):
    lines = Lines(Output({}, json_wanted=False))
    for number in range(1000):
        lines.observe(done(number))
    lines.close()
    told = capsys.readouterr().err.splitlines()
    assert told == [f"[{number}/1000] created a{number} (0.0s)" for number in range(1000)]


def test_a_line_does_not_wait_for_the_next_one(capsys: pytest.CaptureFixture[str]):
    lines = Lines(Output({}, json_wanted=False))
    lines.observe(done(1))
    told, until = "", time.monotonic() + LONG_S
    while not told and time.monotonic() < until:
        time.sleep(0.01)
        told = capsys.readouterr().err
    lines.close()
    assert told == "[1/1000] created a1 (0.0s)\n"
