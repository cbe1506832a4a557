"""A machine without room on its disk: what runs goes on, and what cannot be made leaves nothing."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hostsite import Site, always, process, running, until

from moot.provider import ProviderError
from moot.providers.host.onhost.supervisor import Log

WHOLE = {"lock", "log.1", "marks.json", "spec.json", "status.json"}


@contextmanager
def no_room_for(pid: int) -> Iterator[None]:
    """It may write nothing more, as on a full disk."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def worker_of(site: Site) -> int:
    """What does the errands there: one, as nobody has asked for anything before."""
    courier = site.provider.machine.courier
    courier.close()
    site.provider.machine.errand("load", path="/none")
    session = courier._session
    assert session
    (worker,) = children(session._process.pid)
    return worker


def test_a_replica_is_started_again_and_that_is_said_when_there_is_room(site: Site) -> None:
    item = site.wait(site.create(process(["sleep", "100"], restart=always())), "running")
    status = site.status(item.identifier)
    first, supervisor = status["child"]["pid"], status["supervisor"]["pid"]
    with no_room_for(supervisor):
        os.kill(first, signal.SIGKILL)
        until(lambda: not running(first) and children(supervisor))
        time.sleep(0.3)  # it has nothing else to do by then
        assert site.status(item.identifier) == status
        until(lambda: {path.name for path in Path(item.identifier).iterdir()} == WHOLE)
    until(lambda: site.status(item.identifier)["restarts"] == 1)
    assert {site.status(item.identifier)["child"]["pid"]} == children(supervisor)


def test_how_it_ended_is_said_when_there_is_room(site: Site, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = ["sh", "-c", f"until test -e {gate}; do sleep 0.01; done"]
    item = site.wait(site.create(process(waits)), "running")
    status = site.status(item.identifier)
    with no_room_for(status["supervisor"]["pid"]):
        gate.touch()
        until(lambda: not running(status["child"]["pid"]))
        until(lambda: not children(status["supervisor"]["pid"]))
        assert running(status["supervisor"]["pid"])
    site.wait(item, "completed")


def test_nobody_waits_for_room_in_a_folder_that_was_removed(site: Site) -> None:
    item = site.wait(site.create(process(["sleep", "100"])), "running")
    status = site.status(item.identifier)
    shutil.rmtree(site.data / "run")
    os.kill(status["child"]["pid"], signal.SIGKILL)
    until(lambda: not running(status["supervisor"]["pid"]))


def test_who_has_ended_and_cannot_say_so_can_be_stopped(site: Site, tmp_path: Path) -> None:
    item = site.wait(site.create(process(["sleep", "100"])), "running")
    status = site.status(item.identifier)
    with no_room_for(status["supervisor"]["pid"]):
        os.kill(status["child"]["pid"], signal.SIGKILL)
        until(lambda: not children(status["supervisor"]["pid"]))
        site.delete(item)
        assert not running(status["supervisor"]["pid"])
    site.standing.clear()


def test_what_cannot_be_made_leaves_nothing(site: Site) -> None:
    item = site.create(process(["sleep", "100"]))
    before = sorted(site.data.rglob("*"))
    with no_room_for(worker_of(site)), pytest.raises(ProviderError, match="File too large"):
        site.create(process(["sleep", "100"], app="other"))
    assert sorted(site.data.rglob("*")) == before
    assert site.provider.read(item)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may configure a machine")
def test_a_recipe_that_cannot_be_begun_leaves_nothing(site: Site) -> None:
    site.create(process(["sleep", "100"]))
    before = sorted(site.data.rglob("*"))
    told = {"type": "host.script", "folder": f"{site.data}/run/here/other/it.1", "wanted": {}}
    there = {"address": "", "data": str(site.data), "root": str(site.folder)}
    with no_room_for(worker_of(site)), pytest.raises(ProviderError, match="File too large"):
        site.provider.machine.errand("configure", marks={"moot.uid": "it"}, **told, **there)
    assert sorted(site.data.rglob("*")) == before


def test_a_log_that_cannot_be_begun_is_begun_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log, begin = Log({"max_size": 60, "max_files": 9}), Log.open

    def refuse(self: Log) -> None:
        raise OSError(28, "no inodes")

    log.write("stdout", [b"1" * 40])
    monkeypatch.setattr(Log, "open", refuse)
    log.write("stdout", [b"2" * 40])
    monkeypatch.setattr(Log, "open", begin)
    log.write("stdout", [b"3" * 40])
    os.close(log.fd)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {name: [line[-1] for line in text.splitlines()] for name, text in kept.items()} == {
        "log.1": ["1", "2"],
        "log.2": ["3"],
    }
