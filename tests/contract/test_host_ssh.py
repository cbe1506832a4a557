"""The host provider keeps the contract on a real machine of its own, reached over SSH."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from moot.provider import Env
from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable, Trial
from moot.testing.trials.host import trial

pytestmark = [pytest.mark.ssh, pytest.mark.slow]
HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")
ENV = Env(home=Path(HOME.name), environ={"PATH": os.environ["PATH"]})
TYPES = {"host.volume", "host.process", "host.gateway", "host.backend"}
# What late, lost and doubled calls do depends on no way to a machine: the laptop's test has them.
CASES = [
    (check, type)
    for check, type in conformance.cases(trial("laptop", {}, ENV), ())
    if type in TYPES
]


@pytest.fixture(scope="module")
def reached(ssh_hosts: Any) -> Iterator[tuple[Any, Trial]]:
    """A clean machine, and the trial of it."""
    with ssh_hosts.fresh(1) as (host,):
        yield host, trial("lab", host.venue(), ENV)


@pytest.mark.parametrize(("check", "type"), CASES)
def test_contract(reached, check, type):
    host, on_trial = reached
    with Bench(on_trial) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
    left = [path for path in (host.root / "var/lib/moot").rglob("*") if "lib" not in path.parts]
    assert left == []
