"""What every provider makes of an App: one folder per case, one runner for all of them.

A case is `<provider>/<case>/compose.yaml` with `expected.json` beside it; a new folder is a new
case.  MOOT_REWRITE_EXPECTED=1 writes what comes out instead of comparing it; read the difference
before you commit it.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path

import pytest

from moot.model.placement import component_of
from moot.model.resource import Resource
from moot.model.value import Ref, encode, unknowns
from moot.model.venue import Offering
from moot.passes.connect import connect
from moot.passes.lower import lower
from moot.passes.place import place
from moot.passes.thin import thin
from moot.provider import Env
from moot.providers.docker.schemas import CONTAINER
from moot.reading import load

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/compose.yaml"))
ROOM = {"cpu": 64.0, "memory_mib": 65536, "disk_mib": 10**6, "gpus": 40}

# What these venues offer when nobody is asked: lowering must not touch a venue.
VENUES = {
    "fake": (
        "moot.providers.fake:FakeProvider",
        {},
        [
            Offering(
                venue="toy",
                name="room",
                **ROOM,
                traits=frozenset({"runs:process", "runs:container"}),
            )
        ],
    ),
    "host": (
        "moot.providers.host:HostProvider",
        {"local": True},
        [
            Offering(
                venue="laptop",
                name="laptop",
                **ROOM,
                traits=frozenset({"runs:process", "runs:recipe"}),
                machine="m1",
            )
        ],
    ),
    "engine": (
        "moot.providers.host:HostProvider",
        {"host": "h"},
        [
            Offering(
                venue="h",
                name="machine",
                **ROOM,
                traits=frozenset({"runs:process", "runs:container", "runs:recipe"}),
                machine="m1",
                reach="10.0.0.1",
                host_name="172.17.0.1",
                host_address="172.17.0.1",
            )
        ],
    ),
    "pool": (
        "moot.providers.host:HostProvider",
        {"host": "h"},
        [
            Offering(
                venue=f"lab:h{number}",
                name="machine",
                **ROOM,
                traits=frozenset({"runs:process", "runs:recipe"}),
                machine=f"m{number}",
                reach=f"10.0.0.{number}",
                pool="lab",
            )
            for number in (1, 2, 3)
        ],
    ),
    "docker": (
        "moot.providers.docker:DockerProvider",
        {},
        [
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
            )
        ],
    ),
    "swarm": (
        "moot.providers.docker:DockerProvider",
        {"swarm": {"constraints": ["node.labels.disk == ssd"]}},
        [
            Offering(
                venue="swarm",
                name="swarm",
                **ROOM,
                traits=frozenset({"runs:container"}),
                names=True,
                segmented=True,
            )
        ],
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_a_few_replicas_stand_for_all(case, tmp_path):
    """But where one refers to all replicas of another, it needs them all there."""
    whole = {r.address: r for r in lowered(case, tmp_path, replicas=5)}
    few = {r.address: r for r in lowered(case, tmp_path, replicas=5, shares=thin)}
    assert all(whole[address].replica for address in whole.keys() - few.keys())
    assert references(whole.values()) == references(few.values())
    for address, resource in few.items():
        assert by_itself(resource) == by_itself(whole[address])


def test_a_replica_that_writes_data_is_not_replaced_for_the_number_of_replicas(tmp_path):
    one, two = (
        {r.address: r for r in lowered(HERE / "docker" / "web-and-database", tmp_path, replicas=n)}
        for n in (1, 2)
    )
    db, beside = (found["shop/db/0@docker/container"].properties for found in (one, two))
    assert {name for name in db | beside if db.get(name) != beside.get(name)} == {"names"}
    assert (db["names"], beside["names"]) == (
        {"shop_back": ["database", "db"]},
        {"shop_back": []},
    )
    assert "names" not in CONTAINER.create_only


def references(resources: Iterable[Resource]) -> set[tuple[str, str]]:
    """Who refers to whom, by component or by what is the App's own."""
    return {
        (component_of(r.address) or r.address, component_of(target) or target)
        for r in resources
        for target in r.depends_on
    }


def by_itself(resource: Resource) -> Resource:
    """Without the properties that refer to other components."""
    own = component_of(resource.address)
    kept = {
        name: value
        for name, value in resource.properties.items()
        if not any(
            isinstance(u, Ref) and component_of(u.address) not in {own, ""} for u in unknowns(value)
        )
    }
    return replace(resource, properties=kept)


def lowered(
    case: Path, home: Path, replicas: int | None = None, shares=lambda shares: shares
) -> tuple[Resource, ...]:
    entry_point, configuration, offerings = VENUES[case.parent.name]
    module, _, name = entry_point.partition(":")
    provider = getattr(import_module(module), name)
    env = Env(home=home, environ={})
    venues = {o.venue: provider(o.venue, configuration, env).lower for o in offerings}
    environ = {"HOME": "/home/user", "PWD": str(case)}
    parsed = load([str(case / "compose.yaml")], str(case), None, (), environ, digest).parsed
    errors = [d for d in parsed.diagnostics if d.severity == "error"]
    assert parsed.app is not None, errors
    app = parsed.app
    if replicas is not None:
        more = (replace(component, replicas=replicas) for component in app.components)
        app = replace(app, components=tuple(more))
    connected = connect(app, place(app, offerings))
    return lower(app, shares(connected.shares), venues)


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
