"""A session lives as long as both ends do: neither much talk nor none at all may end or keep it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moot.provider import ProviderError
from moot.providers.host import session
from moot.providers.host.session import Interpreter, Session
from moot.shells.local import LocalShell

# The process that an errand was forked by, which takes what we write.
SERVER = "read -r _ _ _ parent _ < /proc/$PPID/stat; echo $parent; sleep 60"
TALK = "i=0; while [ $i -lt 30 ]; do echo $i; i=$((i+1)); sleep 0.1; done"


@pytest.fixture
def connected(tmp_path: Path) -> Iterator[Callable[[], Session]]:
    made: list[Session] = []

    def connect() -> Session:
        made.append(Session(Interpreter(LocalShell(), (sys.executable,), data=str(tmp_path))))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def test_a_command_that_keeps_talking_is_not_taken_for_dead(
    connected: Callable[[], Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It talks for longer than the other end has patience, and more often than we would ask."""
    monkeypatch.setattr(session, "PATIENCE_S", 2.0)
    monkeypatch.setattr(session, "PING_S", 0.25)
    said: list[Any] = []
    asked = {"errand": "command", "argv": ["sh", "-c", TALK], "environment": {}}
    assert connected().ask(asked, 60.0, said.append) == {"ok": 0}
    assert "".join(part["text"] for part in said).split() == [str(i) for i in range(30)]


def test_who_writes_to_a_dead_machine_is_freed(
    connected: Callable[[], Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes nothing any more, as over a cut network: the writer waits, the listener does not."""
    monkeypatch.setattr(session, "DEAD_S", 1.0)
    monkeypatch.setattr(session, "PING_S", 0.25)
    standing = connected()
    asked: dict[str, Any] = {"errand": "command", "argv": ["sh", "-c", SERVER]}
    told: list[Any] = []
    with pytest.raises(ProviderError, match="interrupted"):
        standing.ask({**asked, "environment": {}}, 60.0, told.append, lambda: bool(told))
    os.kill(int(told[0]["text"]), signal.SIGSTOP)
    with pytest.raises(ProviderError, match="the connection was lost"):
        standing.ask({**asked, "environment": {"LONG": "x" * (1 << 20)}}, 60.0)
    assert not standing.alive
