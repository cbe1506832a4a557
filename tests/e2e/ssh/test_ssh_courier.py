"""Errands over one connection: many at once, each ended with it, and nothing left of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moot.provider import Env, ProviderError
from moot.providers.host import HostProvider

pytestmark = pytest.mark.ssh
PATIENCE_S = 30.0
ALONE = """
import json
import sys
from pathlib import Path
from moot.provider import Env
from moot.providers.host import HostProvider
provider = HostProvider("lab", json.loads(sys.argv[1]), Env(home=Path(sys.argv[2])))
provider.run(["sleep", "4711"], said=print, stop=lambda: False, timeout_s=1000)
"""


@pytest.fixture(scope="module")
def host(ssh_hosts: Any) -> Any:
    with ssh_hosts.fresh(1) as (machine,):
        yield machine


@pytest.fixture
def provider(host: Any, tmp_path: Path) -> HostProvider:
    return reached(host, tmp_path)


def reached(host: Any, home: Path, **more: Any) -> HostProvider:
    return HostProvider("lab", host.venue(**more), Env(home=home, environ=dict(os.environ)))


def run(provider: HostProvider, *argv: str, **more: Any) -> tuple[int, str]:
    """Exit code and what was written."""
    parts: list[str] = []
    settings: dict[str, Any] = {"stop": lambda: False, "timeout_s": 60.0, **more}
    code = provider.run(list(argv), said=lambda stream, text: parts.append(text), **settings)
    return code, "".join(parts)


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def runs(host: Any, words: str) -> bool:
    return words in host.run("ps", "-eo", "args")


def test_a_command_gives_its_output_and_its_exit_code(provider: HostProvider) -> None:
    assert run(provider, "sh", "-c", "echo out; echo err >&2; exit 3")[0] == 3
    assert run(provider, "printf", "a\\377b") == (0, "a\udcffb")
    assert run(provider, "no-such-program") == (127, "no-such-program: No such file or directory\n")
    assert run(provider, "sh", "-c", "kill -9 $$")[0] == 137


def test_large_output_comes_whole(provider: HostProvider) -> None:
    code, text = run(provider, "sh", "-c", "seq 1 300000")
    assert (code, text.count("\n"), text[-7:]) == (0, 300000, "300000\n")


def test_one_that_hangs_holds_up_no_other(host: Any, provider: HostProvider) -> None:
    over = threading.Event()

    def hang() -> None:
        with pytest.raises(ProviderError, match="interrupted"):
            run(provider, "sleep", "5001", stop=over.is_set)

    hanging = threading.Thread(target=hang)
    hanging.start()
    until(lambda: runs(host, "sleep 5001"))
    assert run(provider, "echo", "quick") == (0, "quick\n")
    over.set()
    hanging.join(PATIENCE_S)
    assert not hanging.is_alive()
    until(lambda: not runs(host, "sleep 5001"))


def test_what_takes_too_long_is_ended_there(host: Any, provider: HostProvider) -> None:
    with pytest.raises(ProviderError, match="it took longer than") as slow:
        run(provider, "sh", "-c", "sleep 5002; true", timeout_s=0.5)
    assert slow.value.code == "OutcomeUnknown"
    until(lambda: not runs(host, "sleep 5002"))


def test_a_killed_moot_leaves_nothing_running(ssh_hosts: Any, tmp_path: Path) -> None:
    with ssh_hosts.fresh(1) as (host,):
        before = host.run("ps", "-eo", "args")
        argv = [sys.executable, "-c", ALONE, json.dumps(host.venue(persist_s=0)), str(tmp_path)]
        alone = subprocess.Popen(argv)
        with alone:
            until(lambda: runs(host, "sleep 4711"))
            alone.send_signal(signal.SIGKILL)
        until(lambda: host.run("ps", "-eo", "args") == before)


def test_a_lost_connection_is_an_unknown_outcome_and_the_next_errand_comes_anew(
    host: Any, tmp_path: Path
) -> None:
    provider = reached(host, tmp_path, persist_s=0)
    failed: list[ProviderError] = []

    def lose() -> None:
        with pytest.raises(ProviderError) as lost:
            run(provider, "sleep", "5003")
        failed.append(lost.value)

    asking = threading.Thread(target=lose)
    asking.start()
    until(lambda: runs(host, "sleep 5003"))
    host.run("pkill", "-f", "sshd: root@notty")
    asking.join(PATIENCE_S)
    assert [error.code for error in failed] == ["OutcomeUnknown"]
    assert run(provider, "echo", "again") == (0, "again\n")
    until(lambda: not runs(host, "sleep 5003"))


def test_lists_of_all_types_share_a_survey(host: Any, tmp_path: Path) -> None:
    lines: list[str] = []
    env = Env(
        home=tmp_path,
        environ=dict(os.environ),
        trace=lambda venue, line: lines.append(line),
    )
    provider = HostProvider("lab", host.venue(), env)
    provider.offerings()
    lines.clear()
    lists = [threading.Thread(target=lambda t=t: listed(provider, t)) for t in provider.types()]
    for thread in lists:
        thread.start()
    for thread in lists:
        thread.join()
    surveys = [line for line in lines if line.startswith("errand survey")]
    assert len(surveys) == len(lines)
    assert len(surveys) < len(lists)


def listed(provider: HostProvider, type: str) -> None:
    from moot.provider import Scope

    assert provider.list(type, Scope(installation=None), None).items == ()
