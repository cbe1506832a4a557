"""A session lives as long as both ends do: neither much talk nor none at all may end or keep it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

import pytest

from moot.provider import ProviderError
from moot.providers.host import session
from moot.providers.host.session import Interpreter, Session
from moot.shell import ShellError
from moot.shells.local import LocalShell

# The process that an errand was forked by, which takes what we write.
SERVER = "read -r _ _ _ parent _ < /proc/$PPID/stat; echo $parent; sleep 60"
DEAF = r"""printf 'Welcome.\nmoot: a courier is here\n\0\0\0\021{"lacks": "none"}'; exec sleep 60"""
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


def test_scripts_are_sent_until_a_change_has_left_them_there(
    connected: Callable[[], Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sent: list[str] = []

    def scripts(magic: str) -> bytes:
        sent.append(magic)
        return packed(magic)

    packed = session.scripts
    monkeypatch.setattr(session, "scripts", scripts)
    for _ in range(2):  # looking leaves nothing
        assert "ok" in connected().ask({"errand": "survey", "data": str(tmp_path)}, 9.0)
    assert len(sent) == 2
    _make_volume(connected(), tmp_path)
    assert len(sent) == 3
    for lib in tmp_path.glob("lib/*"):
        assert {file.name for file in lib.iterdir()} > {"run.py", "texts"}
    standing = connected()
    assert len(sent) == 3
    shutil.rmtree(tmp_path / "lib")  # somebody else's `down`
    _make_volume(standing, tmp_path)
    assert len(sent) == 3
    assert list(tmp_path.glob("lib/*/run.py"))


def test_a_python_unlike_ours_compiles_the_scripts_itself(
    connected: Callable[[], Session], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(session, "MAGIC_NUMBER", b"none")
    assert session.scripts(MAGIC_NUMBER.hex()).endswith(bytes(4))  # nothing that is compiled
    _make_volume(connected(), tmp_path)
    assert list(tmp_path.glob("lib/*/run.py"))


def test_nobody_waits_long_for_a_machine_that_takes_no_scripts() -> None:
    """More is to be sent than fits into a pipe."""
    assert len(session.scripts(MAGIC_NUMBER.hex())) > 1 << 16
    deaf = Interpreter(LocalShell(), ("sh", "-c", DEAF), greeted_within_s=1.0)
    with pytest.raises(ShellError, match="did not greet us in time"):
        Session(deaf)


def _make_volume(standing: Session, data: Path) -> None:
    asked = {"errand": "make_volume", "folder": str(data / "volume"), "data": str(data)}
    assert "ok" in standing.ask({**asked, "marks": {}}, 9.0)
