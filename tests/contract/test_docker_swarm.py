"""The Docker provider keeps the contract in swarm mode, on a real swarm with real tasks."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from moot.provider import Env
from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable, Trial, Unready
from moot.testing.trials.docker import trial
from tests.substrates.dockerd import NoEngine
from tests.substrates.swarm import swarm

pytestmark = [pytest.mark.docker, pytest.mark.slow]
HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")
ENVIRON = dict(os.environ)
SETTINGS = {"swarm": {"mesh": False}}
TRIAL = trial("swarm", SETTINGS, Env(home=Path(HOME.name), environ=ENVIRON))
TYPES = {"docker.config", "docker.secret", "docker.service", "docker.task"}


@pytest.fixture(scope="module")
def staged() -> Iterator[Trial]:
    """The trial with its image in place."""
    pytest.importorskip("docker")
    try:
        with swarm() as made:
            ENVIRON["DOCKER_HOST"] = made.host
            with TRIAL.stage():
                yield TRIAL
    except (NoEngine, Unready) as reason:
        pytest.skip(str(reason))


# What is left out takes three minutes: `moot provider test docker --venue SWARM` has all of it.
CASES = [
    (check, type)
    for check, type in conformance.cases(TRIAL, ())
    if type in TYPES and check in conformance.GROUPS["contract"]
]


@pytest.mark.parametrize(("check", "type"), CASES)
def test_contract(check, type, staged):
    with Bench(staged) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
