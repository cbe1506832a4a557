"""Containers of a host keep the contract, on a real engine of a real machine reached over SSH.

Each call takes an engine's time.  What is told here are the checks in which a container or an image
differs from other things of a host; `moot provider test host --venue V` goes through all.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from moot.provider import Env
from moot.testing import crashing, creating
from moot.testing.trial import Bench, Inapplicable, Trial
from moot.testing.trials.host import trial
from tests.substrates.host_engines import docker

pytestmark = [pytest.mark.docker, pytest.mark.slow]
HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")


@pytest.fixture(scope="module")
def on_trial(engine_host: Any, docker_host: str) -> Iterator[Trial]:
    """The trial of a machine with an engine, its image in the engine beside us."""
    made = trial("lab", engine_host.venue(), Env(home=Path(HOME.name), environ=dict(os.environ)))
    with made.stage():
        yield made


CHECKS = [(check, "host.image") for check in creating.CHECKS]
CHECKS += [(check, "host.container") for check in creating.CHECKS]
CHECKS += [
    (crashing.create_survives_the_end_of_the_process, "host.container"),
    (crashing.delete_survives_the_end_of_the_process, "host.container"),
]


@pytest.mark.parametrize(("check", "type"), CHECKS)
def test_contract(on_trial, engine_host, check, type):
    with Bench(on_trial) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
    left = [p for p in (engine_host.root / "var/lib/moot").rglob("*") if "lib" not in p.parts]
    assert left == []
    assert docker(engine_host, "ps", "--all", "--quiet") == ""
