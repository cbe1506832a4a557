"""The fake provider keeps the contract, whatever kind of venue it imitates."""

from contextlib import suppress

import pytest
from fake_trial import KINDS, trial

from moot.testing import conformance
from moot.testing.trial import Bench, Inapplicable

# Through the engine everything takes longer; types that differ in nothing there are left out.
ENGINE_TYPES = {"fake.process", "fake.volume"}


def cases():
    for kind in KINDS:
        for check, type in conformance.cases(trial(kind)):
            by_hand = check in conformance.GROUPS["contract"]
            if by_hand or type in ENGINE_TYPES:
                marks = () if by_hand or kind == "name" else (pytest.mark.slow,)
                name = f"{kind}-{type}-{check.__name__}"
                yield pytest.param(kind, check, type, id=name, marks=marks)


@pytest.mark.parametrize(("kind", "check", "type"), list(cases()))
def test_contract(kind, check, type):
    with Bench(trial(kind)) as bench, suppress(Inapplicable):
        check(bench, type)
    assert not bench.leftovers, f"these could not be deleted: {bench.leftovers}"


@pytest.mark.parametrize("check", conformance.CHECKS)
def test_check_has_something_to_say_somewhere(check):
    for kind in KINDS:
        for type in trial(kind).types():
            with Bench(trial(kind)) as bench, suppress(Inapplicable):
                check(bench, type)
                return
    pytest.fail("it has nothing to say about anything")


def test_every_type_is_seen_to_be_at_least_what_it_says():
    for kind, settings in KINDS.items():
        declared = settings.get("create_class", "NAME")
        found = {c.type: (c.declared, c.observed) for c in conformance.classes(trial(kind))}
        assert found["fake.network"] == (declared, declared)


def test_a_provider_without_marks_is_not_crash_safe():
    bare = trial("bare")
    results = list(conformance.results(bare, ["fake.network"]))
    assert [r for r in results if r.outcome == "broken"] == []
    classes = list(conformance.classes(bare, ["fake.network"]))
    assert conformance.verdict(results, classes) == "not crash-safe"
