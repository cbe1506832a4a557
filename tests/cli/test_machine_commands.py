"""`moot facts` and `moot run` on the machine we are on; tests/e2e/ssh has those of others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moot.cli.run import run

VENUES = """\
venues:
  here: {provider: host, local: true}
  toy: {provider: fake}
"""

Said = tuple[int, str, str]


@pytest.fixture
def moot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Runs a command; its exit code, stdout and stderr."""
    (tmp_path / "venues.yaml").write_text(VENUES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOOT_VENUES", str(tmp_path / "venues.yaml"))

    def ask(*words: str) -> Said:
        code = run(list(words))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return ask


def answered(said: Said) -> tuple[int, Any]:
    code, out, _ = said
    return code, json.loads(out)


def test_facts_have_an_envelope(moot: Any) -> None:
    code, answer = answered(moot("facts", "here", "--json"))
    assert code == 0
    assert answer["version"] == 1
    assert answer["errors"] == answer["stale"] == []
    (machine,) = answer["machines"]
    assert machine["venue"] == "here"
    assert machine["address"] == "127.0.0.1"
    assert machine["cpus"] > 0
    assert machine["memory_mib"] > machine["memory_free_mib"] > 0
    assert "os:linux" in machine["traits"]


def test_only_machines_are_asked_where_none_is_named(moot: Any) -> None:
    code, out, _ = moot("facts", "--venue", "here", "--venue", "toy")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["VENUE", "here"]


def test_what_is_named_and_is_no_machine_is_an_error(moot: Any) -> None:
    code, answer = answered(moot("facts", "toy", "here", "--json"))
    assert code == 1
    assert [machine["venue"] for machine in answer["machines"]] == ["here"]
    assert [error["summary"] for error in answer["errors"]] == ["toy: it is not one machine"]


def test_a_run_has_an_envelope(moot: Any) -> None:
    script = "echo out; echo err >&2; exit 3"
    code, answer = answered(moot("run", "--json", "here", "--", "sh", "-c", script))
    assert code == 1
    (end,) = answer["runs"]
    assert end.pop("elapsed_s") >= 0
    assert end == {"venue": "here", "exit_code": 3, "stdout": "out\n", "stderr": "err\n"}


def test_lines_come_behind_the_name_also_without_a_newline(moot: Any) -> None:
    code, out, err = moot("run", "here", "--", "printf", "one\ntwo")
    assert (code, out) == (0, "here | one\nhere | two\n")
    assert err == "ok on 1\n"


def test_options_of_the_command_are_its_own(moot: Any) -> None:
    assert moot("run", "here", "ls", "--version")[0] == 0


def test_it_is_ended_when_its_time_is_over(moot: Any) -> None:
    code, _, err = moot("run", "--timeout", "1s", "here", "--", "sleep", "100")
    assert code == 1
    assert "here: it took longer than 1 s" in err
    assert "not done on 1" in err


def test_a_program_that_is_not_there(moot: Any) -> None:
    code, _, err = moot("run", "here", "--", "no-such-program")
    assert code == 1
    assert "no-such-program: No such file or directory" in err
    assert "here: exit code 127" in err
