"""How an apply ends: exit codes, what stands, how to go on, and the same as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from shop_values import BROKEN, PLAN, REPLICAS

from moot.cli.arguments import parse
from moot.cli.call import Call
from moot.cli.commands.apply import answer, conclude, reachable
from moot.cli.output import Output
from moot.model.report import Outcome

DONE = Outcome(plan=PLAN, done=6, replicas=REPLICAS, elapsed_s=2.04)
STOPPED = replace(BROKEN, failures=(), interrupted=True)


def concluded(outcome: Outcome, line: str = "up") -> int:
    invocation = parse(line.split())
    out = Output({}, json_wanted=invocation.flag("json"))
    return conclude(Call(invocation, {}, out, None), out, outcome, "moot up")


@pytest.mark.parametrize(("outcome", "code"), [(DONE, 0), (BROKEN, 1), (STOPPED, 130)])
def test_exit_code(outcome: Outcome, code: int):
    assert concluded(outcome) == code
    assert concluded(outcome, "up --json") == code


def test_a_failure_says_what_stands_and_how_to_go_on(capsys: pytest.CaptureFixture[str]):
    concluded(BROKEN)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-5:] == [
        "not all is well: 2 of 6 changes done",
        "what stands:",
        "  shop/db/0@laptop/process  running",
        "  shop/cache/0@laptop/process  stale",
        "mend what is said above, then moot up goes on from here",
    ]
    assert "error: could not create shop/web/0@laptop/process" in lines


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str]):
    concluded(STOPPED)
    lines = capsys.readouterr().err.splitlines()
    assert "interrupted: 2 of 6 changes done" in lines
    assert lines[-1] == "moot up goes on from here"


def test_success_is_said_once_and_not_when_quiet(capsys: pytest.CaptureFixture[str]):
    concluded(DONE)
    assert capsys.readouterr().err == "6 changes in 2.0s\n"
    concluded(DONE, "up --quiet")
    assert capsys.readouterr().err == ""


def test_nothing_but_the_object_is_printed_with_json(capsys: pytest.CaptureFixture[str]):
    answer(Output({}, json_wanted=True), BROKEN)
    concluded(BROKEN, "up --json")
    shown = capsys.readouterr()
    said = json.loads(shown.out)
    assert said["done"] == 2 and len(said["changes"]) == 6
    assert said["errors"][0]["remedy"] == "install it"
    assert said["standing"] == ["shop/db/0@laptop/process", "shop/cache/0@laptop/process"]
    assert shown.err == ""


def test_up_ends_with_where_to_reach_each_component():
    assert list(reachable(REPLICAS)) == [
        "db   1 running",
        "web  http://127.0.0.1:8081  2 healthy",
    ]
