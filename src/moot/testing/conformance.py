"""The provider contract as checks, which any provider can be put through.

    from moot.testing import conformance
    from moot.testing.trial import Bench, Inapplicable

    @pytest.mark.parametrize(("check", "type"), conformance.cases(TRIAL))
    def test_contract(check, type):
        with Bench(TRIAL) as bench, suppress(Inapplicable):
            check(bench, type)

A check raises AssertionError where the contract is broken, and Inapplicable where it has nothing to
say about a type.  Every check works with an App of its own and leaves nothing behind.  The first
group drives a provider by hand, the others through the real engine, which loses its process or
its way to the venue meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from moot.provider import CreateClass, ProviderError
from moot.testing import crashing, creating, injecting, looking, observing, promising
from moot.testing.trial import Bench, Inapplicable, Trial

Check = Callable[[Bench, str], None]
Group = Literal["contract", "crash", "fault"]
Verdict = Literal["crash-safe", "not crash-safe", "breaks the contract"]

GROUPS: dict[Group, tuple[Check, ...]] = {
    "contract": (*promising.CHECKS, *creating.CHECKS, *observing.CHECKS, *looking.CHECKS),
    "crash": crashing.CHECKS,
    "fault": injecting.CHECKS,
}
CHECKS: tuple[Check, ...] = tuple(check for checks in GROUPS.values() for check in checks)


@dataclass(frozen=True, slots=True)
class Result:
    """How one check of one type ended; `problem` is what is broken, or why it says nothing."""

    group: Group
    check: str
    type: str
    outcome: Literal["holds", "broken", "silent"]
    problem: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Class:
    """The create class of a type as declared and as observed; None where that failed."""

    type: str
    declared: CreateClass
    observed: CreateClass | None


def cases(trial: Trial, faults: Collection[str] | None = None) -> list[tuple[Check, str]]:
    """Every check with every type there is a sample of.

    Where time is short, `faults` are the only types that are put through those of the last group.
    """
    return [
        (check, type)
        for type in trial.types()
        for group, checks in GROUPS.items()
        if group != "fault" or faults is None or type in faults
        for check in checks
    ]


def results(trial: Trial, types: Collection[str] = ()) -> Iterator[Result]:
    """Run every check over these types (default: all there is a sample of), telling each end."""
    for type in types or trial.types():
        for group, checks in GROUPS.items():
            for check in checks:
                yield _result(trial, group, check, type)


def classes(trial: Trial, types: Collection[str] = ()) -> Iterator[Class]:
    """The create class of these types."""
    for type in types or trial.types():
        with Bench(trial) as bench:
            declared = bench.schema(type).create_class
            try:
                yield Class(type, declared, observing.observed_class(bench, type))
            except (AssertionError, ProviderError):
                yield Class(type, declared, None)


def verdict(results: Collection[Result], classes: Collection[Class]) -> Verdict:
    """What all of it comes to."""
    broken = {result.group for result in results if result.outcome == "broken"}
    if "contract" in broken:
        return "breaks the contract"
    if broken or any(found.declared == "BARE" for found in classes):
        return "not crash-safe"
    return "crash-safe"


def _result(trial: Trial, group: Group, check: Check, type: str) -> Result:
    begun = time.monotonic()
    outcome, problem = "holds", ""
    try:
        with Bench(trial) as bench:
            check(bench, type)
    except Inapplicable as reason:
        outcome, problem = "silent", str(reason)
    except Exception as error:
        told = isinstance(error, AssertionError)
        outcome, problem = "broken", str(error) if told else f"{error.__class__.__name__}: {error}"
    else:
        if bench.leftovers:
            outcome, problem = "broken", f"these could not be deleted: {bench.leftovers}"
    return Result(group, check.__name__, type, outcome, problem, time.monotonic() - begun)
