"""`moot provider test`: over ours, over a stranger's, and over a stranger's that is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STRANGER = '''
"""A provider from somewhere else, with a trial of its own."""

from moot.model.resource import Resource
from moot.provider import Done
from moot.providers.fake import FakeProvider
from moot.testing.trial import Trial


class Stranger(FakeProvider):
    """A venue of networks."""


class TwoOfAll(Stranger):
    """Says that names count, and makes another thing for every token."""

    def create(self, want, op):
        name = f"{want.address}~{op.token}"
        made = self.world.named(want.type, name) or [
            self.world.make(
                want.type, name, op.marks.as_labels(), want.properties, now=self.env.now()
            )
        ]
        return Done(self._handlers(None)._item(made[0]))


def trial(venue, configuration, env, provider=Stranger):
    def network(app):
        properties = {"internal": False, "options": {}}
        return [Resource(address=f"{app}@{venue}/n", type="fake.network", venue=venue,
                         properties=properties)]

    return Trial(provider=lambda: provider(venue, configuration, env), resources=network,
                 replaced={"fake.network": {"internal": True}}, patience_s=2)


def trial_of_two(venue, configuration, env):
    return trial(venue, configuration, env, TwoOfAll)
'''
POINTS = """\
[moot.providers]
stranger = strange:Stranger
twice = strange:TwoOfAll

[moot.trials]
stranger = strange:trial
twice = strange:trial_of_two
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder in which a package of somebody else is installed."""
    (tmp_path / "strange.py").write_text(STRANGER)
    about = tmp_path / "strange-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(POINTS)
    return tmp_path


def moot(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    argv = [sys.executable, "-m", "moot", "provider", "test", *words]
    return subprocess.run(argv, env=environ, cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
def test_a_stranger_is_found_and_is_crash_safe(installed: Path):
    ran = moot(installed, "stranger")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "fake.network: declared NAME, as observed too" in ran.stdout
    assert "create survives the end of the process" in ran.stdout
    assert ran.stdout.endswith("0 broken: stranger is crash-safe\n")


@pytest.mark.slow
def test_a_type_that_makes_a_second_thing_is_caught(installed: Path):
    ran = moot(installed, "twice", "--json")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    said = json.loads(ran.stdout)
    assert said["types"] == [{"type": "fake.network", "declared": "NAME", "observed": "TOKEN"}]
    assert said["verdict"] == "breaks the contract"
    broken = {c["check"]: c["problem"] for c in said["checks"] if c["outcome"] == "broken"}
    assert broken["class_is_as_declared"] == "it says NAME and behaves like TOKEN"


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        (["nobody"], "there is no trial for a provider 'nobody'"),
        (["fake", "--type", "fake.moon"], "the trial has no fake.moon"),
        (["fake", "--venue", "docker"], "'docker' is not a venue of the provider fake"),
    ],
)
def test_what_cannot_be_tried_is_said(tmp_path: Path, words: list[str], summary: str):
    ran = moot(tmp_path, *words)
    assert ran.returncode == 2, ran.stderr
    assert summary in ran.stderr
