"""What every provider makes of an App: one folder per case, one runner for all of them.

A case is `<provider>/<case>/compose.yaml` with `expected.json` beside it; a new folder is a new
case.  MOOT_REWRITE_EXPECTED=1 writes what comes out instead of comparing it; read the difference
before you commit it.
"""

import hashlib
import json
import os
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from moot.model.resource import Resource
from moot.model.value import encode
from moot.model.venue import Offering
from moot.passes.connect import connect
from moot.passes.lower import lower
from moot.passes.place import place
from moot.provider import Env
from moot.reading import load

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/compose.yaml"))
ROOM = {"cpu": 64.0, "memory_mib": 65536, "disk_mib": 10**6}

# What these venues offer when nobody is asked: lowering must not touch a venue.
VENUES = {
    "fake": (
        "moot.providers.fake:FakeProvider",
        {},
        Offering(
            venue="toy", name="room", **ROOM, traits=frozenset({"runs:process", "runs:container"})
        ),
    ),
    "host": (
        "moot.providers.host:HostProvider",
        {"local": True},
        Offering(
            venue="laptop", name="laptop", **ROOM, traits=frozenset({"runs:process"}), machine="m1"
        ),
    ),
    "docker": (
        "moot.providers.docker:DockerProvider",
        {},
        Offering(
            venue="docker",
            name="docker",
            **ROOM,
            traits=frozenset({"runs:container"}),
            machine="m1",
            names=True,
            host_name="host.docker.internal",
            host_address="172.17.0.1",
            segmented=True,
        ),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_lower(case, tmp_path):
    got = [described(resource, case) for resource in lowered(case, tmp_path)]
    expected = case / "expected.json"
    if os.environ.get("MOOT_REWRITE_EXPECTED"):
        expected.write_text(json.dumps(got, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    assert got == json.loads(expected.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_lower_is_the_same_every_time(case, tmp_path):
    assert lowered(case, tmp_path) == lowered(case, tmp_path)


def lowered(case: Path, home: Path) -> tuple[Resource, ...]:
    entry_point, configuration, offering = VENUES[case.parent.name]
    module, _, name = entry_point.partition(":")
    provider = getattr(import_module(module), name)
    maker = provider(offering.venue, configuration, Env(home=home, environ={}))
    environ = {"HOME": "/home/user", "PWD": str(case)}
    parsed = load([str(case / "compose.yaml")], str(case), None, (), environ, digest)
    errors = [d for d in parsed.diagnostics if d.severity == "error"]
    assert parsed.app is not None, errors
    placement = place(parsed.app, [offering])
    connected = connect(parsed.app, placement)
    return lower(parsed.app, connected.shares, {offering.venue: maker.lower})


def digest(content: bytes) -> str:
    return hashlib.sha256(b"test" + content).hexdigest()[:16]


def described(resource: Resource, case: Path) -> dict:
    """The resource without what is as it is by default; the case's folder reads `<case>`."""
    shown = {}
    for field in fields(resource):
        value = getattr(resource, field.name)
        if field.name in {"address", "type", "venue", "properties"} or value != _default(field):
            shown[field.name] = _plain(value)
    text = json.dumps(shown, ensure_ascii=False).replace(str(case), "<case>")
    return json.loads(text)


def _default(field):
    return field.default_factory() if callable(field.default_factory) else field.default


def _plain(value):
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple) and all(hasattr(entry, "target") for entry in value):
        return [[entry.target, entry.condition] for entry in value]
    if hasattr(value, "parallelism"):
        return {"parallelism": value.parallelism, "delay_s": value.delay_s}
    return encode(value)
