"""The host provider keeps the contract, with real processes and a real HAProxy."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from moot.provider import Env
from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable
from moot.testing.trials.host import trial

pytestmark = pytest.mark.haproxy
HOME = tempfile.TemporaryDirectory(prefix="moot-contract-")
TRIAL = trial("laptop", {}, Env(home=Path(HOME.name), environ={"PATH": os.environ["PATH"]}))


@pytest.mark.parametrize(("check", "type"), conformance.cases(TRIAL, {"host.process"}))
def test_contract(check, type):
    with Bench(TRIAL) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
    left = [path for path in Path(HOME.name).rglob("*") if "lib" not in path.parts]
    assert left == []
