"""The counting behind `make kill`: a kill that costs nothing, and losses that must be seen."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.kills import Killer
from tests.kill.victims import BUSYBOX, Processes

pytestmark = [pytest.mark.haproxy, pytest.mark.slow]


@pytest.fixture
def killer(tmp_path: Path) -> Iterator[Killer]:
    if not Path(BUSYBOX).exists():
        pytest.skip("busybox is not installed")
    victim = Processes(tmp_path)
    victim.prepare()
    made = Killer(victim, seed=1)
    made.rehearse()
    yield made
    assert not made.clear()


def test_after_a_kill_one_more_run_ends_with_exactly_what_was_asked(killer: Killer):
    kills = [killer.kill(number) for number in range(3)]
    assert [kill.problems for kill in kills] == [(), (), ()]
    assert [kill.phase for kill in kills if kill.hit] == ["up", "update", "down"]


def test_what_is_there_twice_and_what_is_lacking_is_seen(killer: Killer):
    killer.lead_up(1)
    ran = killer.run("up")
    assert list(killer.problems("up", ran)) == []
    pages = str(killer.victim.folder / "www" / "1")
    stray = subprocess.Popen([BUSYBOX, "httpd", "-f", "-p", "127.0.0.1:0", "-h", pages])
    try:
        while not Path(f"/proc/{stray.pid}/cmdline").read_bytes():
            time.sleep(0.01)  # it was started, but cannot be told from others yet
        assert list(killer.problems("up", ran)) == ["too much: {'web 1': 1}"]
    finally:
        stray.kill()
        stray.wait()
    lacking = list(killer.problems("update", ran))
    assert any("lacking: {'web 2': 3}" in problem for problem in lacking), lacking
    assert any("the App says '1', not 2" in problem for problem in lacking), lacking
