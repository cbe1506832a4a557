"""The host provider keeps the contract, with real processes and a real HAProxy."""

from contextlib import suppress
from pathlib import Path

import pytest
from host_trial import HOME, trial

from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable

pytestmark = pytest.mark.haproxy
TRIAL = trial()


@pytest.mark.parametrize(("check", "type"), conformance.cases(TRIAL))
def test_contract(check, type):
    with Bench(TRIAL) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"
    left = [path for path in Path(HOME.name).rglob("*") if "lib" not in path.parts]
    assert left == []
