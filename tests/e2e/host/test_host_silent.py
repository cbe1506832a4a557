"""A machine that hangs while it is connected to holds up no other, and not the end of a command."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from moot.provider import Env
from moot.providers import host
from moot.providers.host import HostProvider, courier

LEAVES = """
import atexit, threading, time
atexit.register(lambda: time.sleep(0.5) or print(*pids, *(p.pid for p in UNGREETED)))  # the last
from moot.providers.host import courier as couriers
from moot.providers.host.courier import courier
from moot.providers.host.session import UNGREETED, Interpreter
from moot.shells.local import LocalShell

couriers.WIDTH = 1
for i in range(2):
    argv = ("sh", "-c", f"exec sleep 60{i}")
    silent = courier(Interpreter(LocalShell(), argv, greeted_within_s=600))
    threading.Thread(target=silent.hello, daemon=True).start()
while not UNGREETED:
    time.sleep(0.01)
pids = [p.pid for p in UNGREETED]
"""


def test_all_others_can_be_asked_while_one_hangs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hangs, over, answered = threading.Event(), threading.Event(), threading.Event()
    real = host.machine_of

    def machine_of(venue: str, *more: Any) -> Any:
        if venue == "silent":
            hangs.set()
            assert over.wait(60)
        return real(venue, *more)

    monkeypatch.setattr(host, "machine_of", machine_of)
    env = Env(home=tmp_path, environ={})
    silent, well = (HostProvider(name, {"local": True}, env) for name in ("silent", "well"))
    threading.Thread(target=lambda: silent.handlers, daemon=True).start()
    assert hangs.wait(60)
    threading.Thread(target=lambda: well.handlers and answered.set(), daemon=True).start()
    try:
        assert answered.wait(20)
    finally:
        over.set()


def test_who_leaves_waits_for_no_connection_and_leaves_none(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LEAVES], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    (pid,) = ran.stdout.split()  # nor is one made that waited for its turn
    command = Path(f"/proc/{pid}/cmdline")
    assert not command.exists() or b"sleep" not in command.read_bytes()


def test_who_hangs_at_the_door_is_not_counted_and_the_others_come_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier, "WIDTH", 2)
    door, over, came = courier.Door(), threading.Event(), list[int]()

    def enter(number: int, stays: bool) -> None:
        with door:
            came.append(number)
            assert not stays or over.wait(60)

    threads = list[threading.Thread]()

    def start(number: int, stays: bool) -> None:
        threads.append(threading.Thread(target=enter, args=(number, stays), daemon=True))
        threads[-1].start()

    for number in range(2):
        start(number, True)
    while len(came) < 2:
        time.sleep(0.001)
    monkeypatch.setattr(courier, "LONG_S", 600.0)
    for number in range(2, 9):
        start(number, False)
        while len(door._queue) < number - 1:
            time.sleep(0.001)
    assert came == [0, 1]
    monkeypatch.setattr(courier, "LONG_S", 0.0)
    door._call_next()
    for thread in threads[2:]:
        thread.join(20)
    assert came[2:] == list(range(2, 9))
    over.set()


@pytest.mark.parametrize("once", ["wait", "_call_next"])
def test_who_is_interrupted_at_the_door_keeps_nobody_out(
    once: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it was let in, and when it just was."""
    monkeypatch.setattr(courier, "WIDTH", 1)
    monkeypatch.setattr(courier, "LONG_S", 600.0)
    door, at = courier.Door(), threading.Event if once == "wait" else courier.Door
    other = threading.Thread(target=door.__enter__)
    if once == "wait":
        other.start()
        other.join()

    def interrupted(*_: object) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(at, once, interrupted)
    with pytest.raises(KeyboardInterrupt):
        door.__enter__()
    assert list(door._inside) == ([other] if once == "wait" else [])
    assert not door._queue
