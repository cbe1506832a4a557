"""The Docker provider keeps the contract, on a real Engine with real containers."""

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

pytestmark = pytest.mark.docker
HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")
ENVIRON = dict(os.environ)
TRIAL = trial("dock", {}, Env(home=Path(HOME.name), environ=ENVIRON))


@pytest.fixture(scope="module")
def staged(docker_host: str) -> Iterator[Trial]:
    """The trial with its image in place."""
    pytest.importorskip("docker")
    ENVIRON["DOCKER_HOST"] = docker_host
    try:
        with TRIAL.stage():
            yield TRIAL
    except Unready as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(("check", "type"), conformance.cases(TRIAL, {"docker.container"}))
def test_contract(check, type, staged):
    with Bench(staged) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
