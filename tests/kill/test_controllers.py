"""Two controllers on one PostgreSQL, one of them a zombie; and the server gone for a while."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moot.provider import Env
from moot.providers.fake import FakeProvider
from tests.kill.victims import Processes

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]

LEASE_S = 1.5
PATIENCE_S = 60.0
COMPOSE = """
name: shop
services:
  db:
    x-moot: {process: {command: [db]}}
    expose: ["5432"]
    volumes: [data:/data]
  web:
    x-moot: {process: {command: [web]}}
    deploy: {replicas: 4, update_config: {parallelism: 0}}
    ports: ["8080:80"]
    environment: {MODE: "${MODE:-a}"}
    depends_on: [db]
volumes: {data: {}}
"""
STANDING = Counter(
    {"fake.network": 1, "fake.volume": 1, "fake.gateway": 1, "fake.process": 5, "fake.backend": 4}
)


@dataclass
class Toy:
    """An App on a slow fake venue, the record in PostgreSQL, and as many controllers as wanted."""

    folder: Path
    store: str
    create_class: str = "NAME"

    def __post_init__(self) -> None:
        self.settings = {
            "world": str(self.folder / "world"),
            "latency_s": 0.15,
            "create_class": self.create_class,
            "settles_within_s": 0.5,
        }
        venues = {"toy": {"provider": "fake", **self.settings}}
        (self.folder / "venues.yaml").write_text(json.dumps({"venues": venues}))
        (self.folder / "compose.yaml").write_text(COMPOSE)
        self.environ = {
            **os.environ,
            "MOOT_HOME": str(self.folder / "home"),
            "MOOT_VENUES": str(self.folder / "venues.yaml"),
            "MOOT_STORE": self.store,
            "MOOT_TRACE": "1",
            "MOOT_LEASE_S": str(LEASE_S),
        }

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "moot", *(words or ("up", "--venue", "toy"))],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def things(self) -> list[Any]:
        provider = FakeProvider("toy", self.settings, Env(home=self.folder))
        return list(provider.world.things())

    def kinds(self) -> Counter[str]:
        return Counter(thing.type for thing in self.things())

    def ever_made(self) -> int:
        """How many things there ever were: no number is used twice."""
        return max(thing.number for thing in self.things())


@pytest.fixture
def toy(request: pytest.FixtureRequest, tmp_path: Path, postgresql: Any) -> Toy:
    return Toy(tmp_path, postgresql.database(), getattr(request, "param", "NAME"))


@pytest.fixture
def processes(tmp_path: Path, postgresql: Any) -> Iterator[Processes]:
    made = Processes(tmp_path)
    made.prepare()
    made.environ |= {"MOOT_STORE": postgresql.database(), "MOOT_LEASE_S": str(LEASE_S)}
    made.write(1)
    yield made
    ended(made.start("down", "--volumes"))


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it said."""
    _, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said


def until_call(process: subprocess.Popen[str], verb: str, number: int) -> None:
    """Return when the process has had the answer to so many calls of this kind."""
    assert process.stderr
    for line in process.stderr:
        number -= line.startswith("trace:") and line.split()[2] == verb
        if number <= 0:
            return
    raise AssertionError("it had ended by then")


def fall_asleep(zombie: subprocess.Popen[str], toy: Toy) -> None:
    """Stop it, but not while it is inside the fake venue, which would then be stopped as well, nor
    while it sends a transaction, of which PostgreSQL would wait for the rest.
    """
    while True:
        zombie.send_signal(signal.SIGSTOP)
        world = sqlite3.connect(toy.settings["world"], timeout=0.5)
        with closing(world), suppress(sqlite3.OperationalError):
            world.execute("BEGIN IMMEDIATE")
            if not is_sending(toy.store):
                return
        zombie.send_signal(signal.SIGCONT)


def is_sending(store: str) -> bool:
    """Whether the server has one part of a pipeline, and waits for the next."""
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND "
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(store) as server:
        return bool(
            server.execute(f"{asked} state = 'active' AND wait_event = 'ClientRead'").fetchall()
        )


def takes_over(start: Any) -> None:
    """Try again and again until the lease of the one that sleeps is over."""
    deadline = time.monotonic() + PATIENCE_S
    while (answer := ended(start()))[0] == 5:
        assert time.monotonic() < deadline, answer
    assert answer[0] == 0, answer


def woken(process: subprocess.Popen[str]) -> tuple[int, str]:
    """A zombie goes on from where it was stopped, knowing nothing of what happened since."""
    process.send_signal(signal.SIGCONT)
    return ended(process)


@pytest.mark.parametrize(
    ("toy", "number"), [("NAME", 2), ("NAME", 6), ("TOKEN", 5), ("TAG", 7)], indirect=["toy"]
)
def test_a_controller_that_slept_past_its_lease_does_nothing_any_more(toy: Toy, number: int):
    zombie = toy.start()
    try:
        until_call(zombie, "create", number)
        fall_asleep(zombie, toy)
        takes_over(toy.start)
        made = toy.ever_made()
        code, said = woken(zombie)
    finally:
        zombie.kill()
    assert code == 5, said
    assert "is being changed by another moot" in said
    if toy.create_class == "TAG":  # a call in flight may land twice there: the next run tidies up
        assert ended(toy.start())[0] == 0
    else:
        assert toy.ever_made() == made == STANDING.total()
    assert toy.kinds() == STANDING
    assert ended(toy.start("plan", "--venue", "toy", "--exit-code"))[0] == 0


@pytest.mark.parametrize("toy", ["NAME", "TAG"], indirect=True)
def test_a_zombie_does_not_undo_what_was_changed_meanwhile(toy: Toy):
    assert ended(toy.start())[0] == 0
    zombie = toy.start(MODE="b")
    try:
        until_call(zombie, "create", 2)
        fall_asleep(zombie, toy)
        takes_over(lambda: toy.start(MODE="c"))
        code, said = woken(zombie)
    finally:
        zombie.kill()
    assert code == 5, said
    assert ended(toy.start(MODE="c"))[0] == 0
    webs = [t for t in toy.things() if t.type == "fake.process" and "/web/" in t.name]
    assert [t.properties["environment"]["MODE"] for t in webs] == ["c"] * 4
    assert toy.kinds() == STANDING


@pytest.mark.haproxy
@pytest.mark.parametrize("number", [3, 6])
def test_a_zombie_leaves_real_processes_alone(processes: Processes, number: int):
    up = ("up", "--venue", "laptop")
    zombie = processes.start(*up)
    try:
        until_call(zombie, "create", number)
        zombie.send_signal(signal.SIGSTOP)
        takes_over(lambda: processes.start(*up))
        before = processes.running()
        code, said = woken(zombie)
    finally:
        zombie.kill()
    assert code == 5, said
    assert processes.running() == before
    assert processes.count()["web 1"] == 3
    assert processes.answer() == "1"
    assert ended(processes.start("plan", "--venue", "laptop", "--exit-code"))[0] == 0


@pytest.mark.parametrize("toy", ["NAME", "TOKEN", "TAG"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_an_up_goes_on_when_the_server_comes_back(toy: Toy, postgresql: Any, how: signal.Signals):
    process = toy.start()
    until_call(process, "create", 3)
    postgresql.stop(how)
    try:
        with suppress(subprocess.TimeoutExpired):  # it must not give up while the server is away
            process.wait(1.0)
        assert process.poll() is None
    finally:
        postgresql.start()
    code, said = ended(process)
    assert code == 0, said
    assert toy.kinds() == STANDING
    assert toy.ever_made() == STANDING.total()
    assert ended(toy.start("plan", "--venue", "toy", "--exit-code"))[0] == 0
