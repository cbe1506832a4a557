"""The fake provider keeps the contract, whatever kind of venue it imitates."""

from contextlib import suppress

import pytest
from fake_trial import KINDS, trial

from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable

CASES = [
    pytest.param(kind, check, type, id=f"{kind}-{type}-{check.__name__}")
    for kind in KINDS
    for check, type in conformance.cases(trial(kind))
]


@pytest.mark.parametrize(("kind", "check", "type"), CASES)
def test_contract(kind, check, type):
    with Bench(trial(kind)) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"


def test_every_check_has_something_to_say_somewhere():
    silent = {check.__name__ for check in conformance.CHECKS}
    for kind in KINDS:
        for check, type in conformance.cases(trial(kind)):
            with Bench(trial(kind)) as bench, suppress(Inapplicable):
                check(bench, type)
                silent.discard(check.__name__)
    assert not silent
