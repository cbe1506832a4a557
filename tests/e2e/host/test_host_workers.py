"""Errands of one courier: done by one process in turn, by others where that one is busy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hostsite import running, until

from moot.provider import ProviderError
from moot.providers.host.onhost import workers
from moot.providers.host.onhost.frames import Frames, packed
from moot.providers.host.onhost.process import prctl
from moot.providers.host.onhost.supervisor import SUBREAPER
from moot.providers.host.session import Interpreter, Session
from moot.shells.local import LocalShell

PARENT = ["sh", "-c", "echo $PPID"]
PATIENCE_S = 30.0
ONHOST = str(Path(workers.__file__).parent.parent)

# One answer is on its way already when another errand comes.
LATE = """
import json, select, sys
sys.path.append(sys.argv[1])
from onhost.workers import Workers

poll, answers = select.poll(), []
workers = Workers((), poll, answers.append)
workers.take({"id": 1, **json.loads(sys.argv[2])})
workers.begin()
((fd, _),) = poll.poll()
if sys.argv[3:]:
    workers.cancel(1)
workers.relay(fd)
workers.take({"id": 2, "errand": "load", "path": "/none"})
while len(answers) < 2:
    workers.begin()
    for fd, _ in poll.poll(100):
        workers.relay(fd)
print(*[answer[4:].decode() for answer in answers])
workers.end()
"""

# There is no process to spare but one, for a while.
SCARCE = """
import errno, os, select, sys
sys.path.append(sys.argv[1])
from onhost import workers

def refuse():
    refused.append(len(os.listdir("/proc/self/fd")))
    if len(refused) == 3:
        os.close(gate)
    raise OSError(errno.EAGAIN, "no process to spare")

poll, answers, refused = select.poll(), [], []
wait, gate = os.pipe()
os.set_inheritable(wait, True)
path, environment = f"/proc/self/fd/{wait}", {}
staff = workers.Workers((gate,), poll, answers.append)
staff.take({"id": 1, "errand": "load", "path": path})
staff.begin()
os.fork = refuse
staff.take({"id": 2, "errand": "load", "path": "/none"})
while len(answers) < 2:
    staff.begin()
    for fd, _ in poll.poll(10):
        staff.relay(fd)
print(*[answer[-8:].decode() for answer in answers], len(set(refused)))
staff.end()
"""

# It is told to leave while it is at that already.
TWICE = """
import os, signal, sys
sys.path.append(sys.argv[1])
from onhost import serve, workers

def kill(pid, by):
    workers.kill = killed
    os.kill(os.getpid(), signal.SIGTERM)
    killed(pid, by)

killed, workers.kill = workers.kill, kill
serve.serve({"data": "/none", "root": "/", "patience_s": 60.0}, [])
"""


def connected(data: Path) -> Session:
    return Session(Interpreter(LocalShell(), (sys.executable,), data=str(data)))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = connected(tmp_path)
    yield made
    made.close()


def said(session: Session, argv: list[str]) -> str:
    """What a command says."""
    told: list[Any] = []
    asked = {"errand": "command", "argv": argv, "environment": {}}
    assert session.ask(asked, PATIENCE_S, told.append) == {"ok": 0}
    return "".join(part["text"] for part in told).strip()


def interrupt(session: Session) -> int:
    """Begin a command without end and end it; its pid."""
    told: list[Any] = []
    endless = {"errand": "command", "argv": ["sh", "-c", "echo $$; sleep 600"], "environment": {}}
    with pytest.raises(ProviderError, match="interrupted"):
        session.ask(endless, PATIENCE_S, told.append, lambda: bool(told))
    return int(told[0]["text"])


def workers_of(session: Session) -> list[int]:
    """Those that have been begun and have not ended."""
    server = session._process.pid
    return list(map(int, Path(f"/proc/{server}/task/{server}/children").read_text().split()))


def test_errands_that_follow_one_another_share_a_process(session: Session, tmp_path: Path) -> None:
    ask = {"errand": "survey", "data": str(tmp_path)}
    assert session.ask(ask, PATIENCE_S) == {"ok": []}
    (before,) = workers_of(session)
    assert session.ask(ask, PATIENCE_S) == {"ok": []}
    assert workers_of(session) == [before]


def test_what_an_errand_left_running_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as what a container engine needs besides the container."""
    for name in ("docker", "podman"):
        (tmp_path / name).write_text(
            f"#!/bin/sh\nsleep 600 >/dev/null 2>&1 &\necho $! >{tmp_path}/left\n"
        )
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    session = connected(tmp_path)
    at_first = int((tmp_path / "left").read_text())
    assert "ok" in session.ask({"errand": "facts", "data": str(tmp_path)}, PATIENCE_S)
    left = int((tmp_path / "left").read_text())
    session.close()
    for pid in (at_first, left):
        assert running(pid)
        os.kill(pid, signal.SIGKILL)


def test_what_a_command_left_running_goes_on(session: Session) -> None:
    """Another that is ended takes nothing of it along, nor does the end of the connection."""
    left = int(said(session, ["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"]))
    until(lambda: not workers_of(session))
    interrupt(session)
    assert session.ask({"errand": "load", "path": "/none"}, PATIENCE_S) == {"ok": {}}
    session.close()
    assert running(left)
    os.kill(left, signal.SIGKILL)


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
    ended = interrupt(session)
    assert said(session, PARENT)
    until(lambda: not running(ended))


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


def test_what_is_left_for_a_command_is_kept_apart_from_what_is_left_for_the_next(
    session: Session, tmp_path: Path
) -> None:
    """Both are begun by others, later."""
    asked = {"errand": "prepare_entry", "folder": str(tmp_path), "data": str(tmp_path)}
    left = [session.ask({**asked, "wanted": {"n": n}}, PATIENCE_S)["ok"] for n in range(2)]
    assert [(tmp_path / name).read_text() for name in left] == ['{"n": 0}', '{"n": 1}']


@pytest.mark.parametrize(
    ("first", "cancelled"),
    [
        ({"errand": "load", "path": "/none"}, ["cancelled"]),  # and so killed
        ({"errand": "command", "argv": ["true"], "environment": {}}, []),  # it does one only
    ],
)
def test_who_is_about_to_end_is_asked_nothing_more(
    first: dict[str, Any], cancelled: list[str]
) -> None:
    argv = [sys.executable, "-c", LATE, ONHOST, json.dumps(first), *cancelled]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
    assert told.split()[1:] == ['{"end":{"ok":{}},"id":2}']


def test_where_no_process_is_to_spare_one_does_all() -> None:
    """The first waits until that has been seen a few times."""
    argv = [sys.executable, "-c", SCARCE, ONHOST]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
    assert told == ',"id":1} ,"id":2} 1\n'


def test_nothing_is_left_to_process_1_which_may_not_care(session: Session) -> None:
    assert session.ask({"errand": "load", "path": "/none"}, PATIENCE_S) == {"ok": {}}
    (worker,) = workers_of(session)
    prctl(SUBREAPER, 1, 0, 0, 0)  # we take its place
    try:
        session.close()
        assert not Path(f"/proc/{worker}").exists()
    finally:
        prctl(SUBREAPER, 0, 0, 0, 0)
        with suppress(ChildProcessError):
            os.waitpid(worker, os.WNOHANG)


def test_who_is_told_to_leave_twice_leaves_nothing_under_way() -> None:
    """The end of what it reads and a signal come at once."""
    asked = {"errand": "command", "argv": ["sh", "-c", "echo $$; exec sleep 600"]}
    with subprocess.Popen(
        [sys.executable, "-c", TWICE, ONHOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin and server.stdout
        for number in (1, 2):
            server.stdin.write(packed({**asked, "id": number, "environment": {}}))
        server.stdin.flush()
        frames, told = Frames(), list[int]()
        while len(told) < 2:
            messages = frames.messages(os.read(server.stdout.fileno(), 1 << 16))
            told += [int(each["say"]["text"]) for each in messages if "say" in each]
        server.stdin.close()
        server.wait(PATIENCE_S)
    until(lambda: not any(map(running, told)))
