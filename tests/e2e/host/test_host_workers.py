"""Errands of one courier: done by one process in turn, by others where that one is busy."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moot.provider import ProviderError
from moot.providers.host.session import Interpreter, Session
from moot.shells.local import LocalShell

PARENT = ["sh", "-c", "echo $PPID"]
PATIENCE_S = 30.0


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(Interpreter(LocalShell(), (sys.executable,), data=str(tmp_path)))
    yield made
    made.close()


def said(session: Session, argv: list[str]) -> str:
    """What a command says."""
    told: list[Any] = []
    asked = {"errand": "command", "argv": argv, "environment": {}}
    assert session.ask(asked, PATIENCE_S, told.append) == {"ok": 0}
    return "".join(part["text"] for part in told).strip()


def test_errands_that_follow_one_another_share_a_process(session: Session) -> None:
    assert said(session, PARENT) == said(session, PARENT)


def test_one_that_takes_long_holds_up_no_other(session: Session, tmp_path: Path) -> None:
    """The second ends the first, which would wait for ever."""
    gate = tmp_path / "gate"
    first: list[str] = []
    waits = ["sh", "-c", f"until test -e {gate}; do sleep 0.01; done; echo $PPID"]
    waiting = threading.Thread(target=lambda: first.append(said(session, waits)))
    waiting.start()
    other = said(session, PARENT)
    assert not first
    gate.touch()
    waiting.join(PATIENCE_S)
    assert first
    assert first[0] != other


def test_an_ended_errand_takes_none_of_those_after_it_along(session: Session) -> None:
    told: list[Any] = []
    endless = {"errand": "command", "argv": ["sh", "-c", "echo; sleep 600"], "environment": {}}
    with pytest.raises(ProviderError, match="interrupted"):
        session.ask(endless, PATIENCE_S, told.append, lambda: bool(told))
    assert said(session, PARENT)


def test_one_that_is_killed_is_said_to_have_been(session: Session) -> None:
    kills = {"errand": "command", "argv": ["sh", "-c", "kill -9 $PPID"], "environment": {}}
    answer = session.ask(kills, PATIENCE_S)
    assert answer["error"] == "OutcomeUnknown"
    assert "signal 9" in answer["message"]
    assert said(session, PARENT)


def test_an_errand_begins_where_the_one_before_it_began(session: Session, tmp_path: Path) -> None:
    """A gateway's errands work in its folder."""
    looked = {"errand": "load", "path": "marks.json"}
    (tmp_path / "marks.json").write_text('{"a": 1}')
    gateway = {"errand": "gateway", "folder": str(tmp_path), "commands": []}
    assert session.ask(gateway, PATIENCE_S) == {"ok": []}
    assert session.ask(looked, PATIENCE_S) == {"ok": {}}
