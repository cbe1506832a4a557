"""Ctrl-C on a real `moot up`: once it finishes what is in flight, twice it stops; both go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from moot.provider import Env
from moot.providers.fake import FakeProvider

SLOW = {"latency_s": 0.5, "pending": 4, "pending_s": 0.5}
NETWORKS = 40


@pytest.fixture
def house(tmp_path, monkeypatch):
    resources = {
        f"net{n}": {"type": "fake.network", "venue": "toy", "properties": {"internal": False}}
        for n in range(NETWORKS)
    }
    services = {"web": {"image": "example/web:1"}}
    compose = {"name": "shop", "services": services, "x-moot": {"resources": resources}}
    (tmp_path / "compose.yaml").write_text(json.dumps(compose))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOOT_VENUES", str(tmp_path / "venues.yaml"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return tmp_path


def venue(house: Path, **settings) -> FakeProvider:
    """The venue as it answers from now on."""
    settings = {"provider": "fake", "world": str(house / "world"), **settings}
    (house / "venues.yaml").write_text(json.dumps({"venues": {"toy": settings}}))
    settings.pop("provider")
    return FakeProvider("toy", settings, Env(home=house / "home"))


@contextmanager
def up():
    argv = [sys.executable, "-m", "moot", "--venue", "toy", "up"]
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted(times: int, world: FakeProvider) -> tuple[int, str]:
    """Exit code and words of an `up` that is interrupted once something of it stands."""
    with up() as process:
        while not world.world.things():
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        heard = process.stderr.readline()
        while "finishing what is in flight" not in heard:
            heard += process.stderr.readline()
        if times == 2:
            process.send_signal(signal.SIGINT)
        heard += process.stderr.read()
        return process.wait(60), heard


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_up_exits_with_130_and_the_next_one_makes_each_thing_once(house, times):
    code, said = interrupted(times, venue(house, **SLOW))
    assert code == 130
    assert ("goes on from here" in said) and ("stopped" in said) == (times == 2)
    quick = venue(house)
    assert 0 < len(quick.world.things("fake.network")) < NETWORKS
    with up() as process:
        assert process.wait(60) == 0, process.stderr.read()
    names = [thing.name for thing in quick.world.things("fake.network")]
    assert len(names) == len(set(names)) == NETWORKS + 1  # and the App's own
