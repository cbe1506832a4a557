"""The supervisor: restarts, stops with grace, and leaves nothing of a replica alive."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from hostsite import Site, always, process, running, until

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(1000)
    os._exit(0)
os.wait()
"""


def policy(condition: str, attempts: int | None = None) -> dict[str, Any]:
    return {"condition": condition, "attempts": attempts, "delay_s": 0.0, "window_s": 0.0}


def supervisor(site: Site, identifier: str) -> int:
    return int(site.status(identifier)["supervisor"]["pid"])


def test_a_killed_process_comes_back(site: Site) -> None:
    item = site.wait(site.create(process(["sleep", "100"], restart=always())), "running")
    os.kill(item.properties["pid"], signal.SIGKILL)
    until(lambda: site.wait(item, "running").properties["restarts"] == 1)
    again = site.wait(item, "running")
    assert again.properties["pid"] != item.properties["pid"]
    assert again.properties["ports"] == item.properties["ports"]


def test_without_a_policy_it_has_failed_and_says_why(site: Site) -> None:
    item = site.create(process(["sh", "-c", "echo the last word >&2; exit 3"]))
    failed = site.wait(item, "failed")
    assert failed.properties["exit_code"] == 3
    assert "the last word" in str(failed.private["detail"])
    until(lambda: not running(supervisor(site, item.identifier)))


def test_a_signal_is_an_exit_code(site: Site) -> None:
    item = site.wait(site.create(process(["sleep", "100"])), "running")
    os.kill(item.properties["pid"], signal.SIGKILL)
    assert site.wait(item, "failed").properties["exit_code"] == 137


def test_a_one_shot_completes(site: Site) -> None:
    item = site.wait(site.create(process(["true"], restart=policy("on-failure"))), "completed")
    assert item.has_reached("completed")
    assert item.properties["restarts"] == 0


def test_attempts_are_counted(site: Site) -> None:
    item = site.create(process(["sh", "-c", "echo run; exit 1"], restart=policy("on-failure", 2)))
    failed = site.wait(item, "failed")
    assert failed.properties["restarts"] == 2
    assert site.log(item) == ["run"] * 3


def test_always_means_after_success_too(site: Site) -> None:
    item = site.create(process(["sh", "-c", "echo run; exit 0"], restart=always()))
    until(lambda: len(site.log(item)) >= 3)
    assert site.provider.read(item)


def test_the_stop_signal_goes_to_the_process(site: Site) -> None:
    script = "trap 'echo told; exit 0' USR1; trap '' TERM; echo up; while :; do sleep 0.05; done"
    item = site.create(process(["sh", "-c", script], stop_signal="SIGUSR1"))
    until(lambda: site.log(item) == ["up"])
    follow = site.provider.logs(item, follow=True, tail=0, since=None, stop=lambda: False)
    site.delete(item)
    assert not running(item.properties["pid"] or 0)
    assert [line.text for line in follow] == []


def test_after_its_grace_it_is_killed(site: Site) -> None:
    script = "trap '' TERM; echo up; while :; do sleep 0.05; done"
    item = site.create(process(["sh", "-c", script], stop_grace_s=0.3))
    until(lambda: site.log(item) == ["up"])
    pid = site.wait(item, "running").properties["pid"]
    site.delete(item)
    assert not running(pid)


def test_a_daemon_that_left_its_session_ends_with_it(site: Site) -> None:
    script = f"python3 -c '{DAEMON}'; exec sleep 100"
    item = site.create(process(["sh", "-c", script]))
    until(lambda: site.log(item))
    daemon = int(site.log(item)[0])
    assert running(daemon)
    site.delete(item)
    assert not running(daemon)


def test_what_a_run_left_ends_before_the_next(site: Site) -> None:
    script = f"python3 -c '{DAEMON}'; sleep 0.2; exit 1"
    item = site.create(process(["sh", "-c", script], restart=always()))
    until(lambda: len(site.log(item)) >= 2)
    assert not running(int(site.log(item)[0]))


def test_a_killed_supervisor_is_noticed(site: Site) -> None:
    script = f"python3 -c '{DAEMON}'; exec sleep 100"
    item = site.create(process(["sh", "-c", script], restart=always()))
    until(lambda: site.log(item))
    daemon = int(site.log(item)[0])
    child = site.wait(item, "running").properties["pid"]
    os.kill(supervisor(site, item.identifier), signal.SIGKILL)
    failed = site.wait(item, "failed")
    assert "supervisor was killed" in str(failed.private["detail"])
    until(lambda: not running(child))
    site.delete(item)
    assert not running(daemon)


def test_a_pid_of_somebody_else_is_not_ours(site: Site) -> None:
    item = site.wait(site.create(process(["sleep", "100"])), "running")
    path = Path(item.identifier) / "status.json"
    seen = site.status(item.identifier)
    kept = path.read_text()
    stranger = {"pid": os.getpid(), "start": seen["supervisor"]["start"]}
    path.write_text(kept.replace(str(seen["supervisor"]), str(stranger)).replace("'", '"'))
    changed = {**seen, "supervisor": stranger}
    path.write_text(__import__("json").dumps(changed))
    lost = site.provider.read(item)
    assert lost is not None
    assert lost.status == "failed"
    path.write_text(kept)


def test_starting_twice_makes_one(site: Site) -> None:
    want = process(["sleep", "100"], targets=[80])
    one = site.wait(site.create(want), "running")
    other = site.create(want)
    assert other.properties["pid"] == one.properties["pid"]
    assert other.properties["ports"] == one.properties["ports"]
    site.standing.pop()
