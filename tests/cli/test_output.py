"""Where words go and in which form: tables, envelopes, warnings, errors, closed pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from shop_values import STALE, TROUBLE, WARNING

from moot.cli.commands.apply import address_text
from moot.cli.output import Output, ago, clean
from moot.model.position import Position


def test_table_is_aligned_and_leaves_empty_columns_out(capsys: pytest.CaptureFixture[str]):
    Output({}).table(("A", "B", "LONG"), [("x", "", "1"), ("longer", "", "")])
    assert capsys.readouterr().out == "A       LONG\nx       1\nlonger\n"


def test_envelope(capsys: pytest.CaptureFixture[str]):
    Output({}).answer({"things": [1], "version": "3.9"}, errors=[TROUBLE], stale=[STALE])
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["version", "things", "errors", "stale"]
    assert answer["version"] == 1, "a key of the compose file must not displace ours"
    assert answer["errors"] == [TROUBLE.as_json()]
    assert answer["stale"] == [{"venue": "lab", "since": STALE.since, "reason": STALE.reason}]


def test_errors_for_people_go_to_stderr(capsys: pytest.CaptureFixture[str]):
    Output({}).fail([TROUBLE])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "error: could not create shop/web/0@laptop/process\n"
        "  InvalidRequest: there is no program web\n"
        "  install it\n"
    )


def test_a_warning_among_errors_is_called_one(capsys: pytest.CaptureFixture[str]):
    Output({}).fail([TROUBLE, WARNING])
    lines = capsys.readouterr().err.splitlines()
    assert "warning: backup is carried" in lines
    assert "error: could not create shop/web/0@laptop/process" in lines


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_disk_below_stdout_is_an_error_and_no_traceback(form: list[str]):
    argv = [sys.executable, "-m", "moot", "schema", *form]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: this machine refused\n  No space left on device\n")
    assert "Traceback" not in ran.stderr
    assert "ignored" not in ran.stderr


def test_errors_for_programs_go_to_stdout(capsys: pytest.CaptureFixture[str]):
    Output({}, json_wanted=True).fail([TROUBLE])
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"version": 1, "errors": [TROUBLE.as_json()]}
    assert shown.err == ""


def test_a_warning_is_said_once_and_with_its_place(capsys: pytest.CaptureFixture[str]):
    out = Output({})
    out.warn([WARNING, WARNING])
    out.warn([WARNING])
    shown = capsys.readouterr().err
    assert shown.count("warning: backup is carried\n  compose.yaml:3:5\n") == 1


def test_what_a_name_holds_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]):
    Output({}).table(("A",), [("\x1b[2Jgone\n\x9b1A",)])
    assert capsys.readouterr().out == "A\n\\x1b[2Jgone \\x9b1A\n"
    assert clean("tab\there") == "tab\\there"


AGES = [(None, "-"), (1000, "0s"), (881, "119s"), (880, "2m"), (-6200, "2h"), (-171801, "2d")]


@pytest.mark.parametrize(("then", "text"), AGES)
def test_ago(then: float | None, text: str):
    assert ago(then, now=1000) == text


ADDRESSES = [
    ("8080/tcp", "0.0.0.0:8081", "http://127.0.0.1:8081"),
    ("8080", "[::]:8081", "http://127.0.0.1:8081"),
    ("5432/tcp", "127.0.0.1:5432", "127.0.0.1:5432"),
    ("8080/udp", "10.0.0.1:8080", "10.0.0.1:8080"),
    ("80", "https://shop.example", "https://shop.example"),
]


@pytest.mark.parametrize(("port", "address", "text"), ADDRESSES)
def test_address_as_one_types_it(port: str, address: str, text: str):
    assert address_text(port, address) == text


def piped(code: str, reader: str) -> tuple[int, str]:
    """The exit code of Python `code` whose output `reader` reads, and what came to stderr."""
    command = f'"$0" -c "$1" | {reader}; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return done.returncode, done.stderr


def test_a_reader_that_leaves_is_not_an_error():
    code = (
        "from moot.cli.output import Output\n"
        "out = Output({})\n"
        "while not out.broken: out.line('x' * 4096)\n"
        "out.line('more'); out.message('went on')"
    )
    assert piped(code, "head -n 1 >/dev/null") == (0, "went on\n")


def test_help_for_a_reader_that_leaves():
    code = "import sys, time; from moot.cli import main; time.sleep(0.3); sys.exit(main(['-h']))"
    assert piped(code, "true") == (0, "")


def test_what_is_said_of_several_is_said_once(capsys: pytest.CaptureFixture[str]):
    again = replace(TROUBLE, summary="could not create shop/web/1@laptop/process")
    other = replace(TROUBLE, detail="NetworkFailure: it is off")
    Output({}).fail([TROUBLE, other, again])
    assert capsys.readouterr().err == (
        "error: could not create shop/web/0@laptop/process\n"
        "error: could not create shop/web/1@laptop/process\n"
        "  InvalidRequest: there is no program web\n"
        "  install it\n"
        "error: could not create shop/web/0@laptop/process\n"
        "  NetworkFailure: it is off\n"
        "  install it\n"
    )


def test_in_json_each_is_by_itself(capsys: pytest.CaptureFixture[str]):
    again = replace(TROUBLE, summary="could not create shop/web/1@laptop/process")
    Output({}, json_wanted=True).fail([TROUBLE, again])
    assert json.loads(capsys.readouterr().out)["errors"] == [TROUBLE.as_json(), again.as_json()]


def test_what_stands_in_a_file_is_told_by_itself(capsys: pytest.CaptureFixture[str]):
    place = Position("compose.yaml", 3, 5)
    known = replace(TROUBLE, place=place)
    Output({}).fail([known, replace(known, summary="another")])
    assert capsys.readouterr().err.count("install it") == 2
