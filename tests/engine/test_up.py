"""`moot up` as a process of its own: killed, twice at once, side by side, and with secrets."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from moot.provider import Env
from moot.providers.fake import FakeProvider

SRC = Path(__file__).parents[2] / "src"
PASSWORD = "correct-horse-battery-staple"
ENVIRONMENT = "only-for-the-web-to-know"

COMPOSE = f"""
services:
  db:
    x-moot: {{process: {{command: [db]}}}}
    expose: ["5432"]
    environment: {{PASSWORD: {PASSWORD}}}
    volumes: [data:/data]
    secrets: [token]
  web:
    x-moot: {{process: {{command: [web]}}}}
    deploy: {{replicas: 3}}
    ports: ["8080:80"]
    environment: {{WHISPER: "{ENVIRONMENT}", MODE: "${{MODE:-a}}"}}
    depends_on: [db]
secrets: {{token: {{file: ./token}}}}
volumes: {{data: {{}}}}
"""


@dataclass
class House:
    """One user with one fake venue, and a folder per App."""

    folder: Path
    latency_s: float = 0.0

    def __post_init__(self):
        self.settings = {"world": str(self.folder / "world"), "latency_s": self.latency_s}
        toy = {"provider": "fake", **self.settings}
        (self.folder / "venues.yaml").write_text(json.dumps({"venues": {"toy": toy}}))

    def app(self, name: str, text: str = COMPOSE) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "compose.yaml").write_text(text)
        (folder / "token").write_text(PASSWORD)
        return folder

    def start(self, app: str, *arguments: str, **environ: str) -> subprocess.Popen:
        # Each start has its own venue in view: nothing of this machine is used.
        return subprocess.Popen(
            [sys.executable, "-m", "moot", *arguments],
            cwd=self.folder / app,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(SRC),
                "MOOT_HOME": str(self.folder / "home"),
                "MOOT_VENUES": str(self.folder / "venues.yaml"),
                **environ,
            },
        )

    def up(self, app: str, **environ: str) -> tuple[int, str]:
        process = self.start(app, "up", "--venue", "toy", **environ)
        _, err = process.communicate(timeout=120)
        return process.returncode, err

    def things(self, app: str | None = None):
        provider = FakeProvider("toy", {**self.settings}, Env(home=self.folder))
        things = provider.world.things()
        return [t for t in things if app in {None, t.tags["moot.app"]}]

    def kinds(self, app: str) -> dict[str, int]:
        count: dict[str, int] = {}
        for thing in self.things(app):
            count[thing.type] = count.get(thing.type, 0) + 1
        return count


STANDING = {
    "fake.network": 1, "fake.volume": 1, "fake.gateway": 1, "fake.process": 4, "fake.backend": 3,
}  # fmt: skip


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_nothing_sensitive_is_in_any_file_moot_keeps(house):
    house.app("shop")
    code, err = house.up("shop", MODE="a-mode-of-its-own")
    assert code == 0, err
    assert house.kinds("shop") == STANDING
    kept = [p for p in (house.folder / "home").rglob("*") if p.is_file()]
    assert any(p.name.startswith("moot.db") for p in kept)
    for path in kept:
        content = path.read_bytes()
        for secret in (PASSWORD, ENVIRONMENT, "a-mode-of-its-own"):
            assert secret.encode() not in content, f"{secret} is in {path.name}"


def test_a_second_up_has_nothing_to_do(house):
    house.app("shop")
    house.up("shop")
    before = house.things()
    process = house.start("shop", "plan", "--venue", "toy", "--exit-code", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err + out
    assert house.up("shop")[0] == 0
    assert house.things() == before


def test_two_apps_side_by_side_never_touch_each_other(house):
    house.app("shop")
    house.app("blog", COMPOSE.replace("8080:80", "9090:80"))
    assert house.up("shop")[0] == 0
    shop = house.things("shop")
    assert house.up("blog")[0] == 0
    assert house.up("blog", MODE="b")[0] == 0
    down = house.start("blog", "down", "--volumes")
    down.communicate(timeout=60)
    assert down.returncode == 0
    assert house.things() == shop


def test_two_at_once_on_one_app_one_does_it_and_the_other_says_who(tmp_path):
    house = House(tmp_path, latency_s=0.1)
    house.app("shop")
    processes = [house.start("shop", "up", "--venue", "toy") for _ in range(2)]
    ends = [(*p.communicate(timeout=120), p.returncode) for p in processes]
    codes = sorted(code for _, _, code in ends)
    assert codes == [0, 5], ends
    assert "is being changed by another moot" in next(err for _, err, code in ends if code == 5)
    assert house.kinds("shop") == STANDING


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_killed_anywhere_one_more_up_makes_it_exactly_so(tmp_path, seed):
    house = House(tmp_path, latency_s=0.05)
    house.app("shop")
    chance = random.Random(seed)
    for mode in "ab":
        process = house.start("shop", "up", "--venue", "toy", MODE=mode)
        time.sleep(chance.uniform(0.3, 2.0))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    code, err = house.up("shop", MODE="b")
    assert code == 0, err
    assert house.kinds("shop") == STANDING
    webs = [t for t in house.things() if t.type == "fake.process" and "/web/" in t.name]
    assert {t.properties["environment"]["MODE"] for t in webs} == {"b"}
    plan = house.start("shop", "plan", "--venue", "toy", "--exit-code", MODE="b")
    plan.communicate(timeout=60)
    assert plan.returncode == 0
