"""The provider contract as checks, which any provider can be put through.

    from moot.testing import conformance
    from moot.testing.trial import Bench, Inapplicable

    @pytest.mark.parametrize(("check", "type"), conformance.cases(TRIAL))
    def test_contract(check, type):
        with Bench(TRIAL) as bench, suppress(Inapplicable):
            check(bench, type)

A check raises AssertionError where the contract is broken, and Inapplicable where it has nothing to
say about a type.  Every check works with an App of its own and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from moot.testing import creating, looking, promising
from moot.testing.trial import Bench, Inapplicable, Trial

Check = Callable[[Bench, str], None]

CHECKS: tuple[Check, ...] = (*promising.CHECKS, *creating.CHECKS, *looking.CHECKS)


@dataclass(frozen=True, slots=True)
class Breach:
    """One promise that a provider does not keep."""

    check: str
    type: str
    problem: str


def cases(trial: Trial) -> list[tuple[Check, str]]:
    """Every check with every type there is a sample of."""
    return [(check, type) for type in trial.types() for check in CHECKS]


def breaches(trial: Trial) -> Iterator[Breach]:
    """Run everything, and tell what is broken."""
    for check, type in cases(trial):
        try:
            with Bench(trial) as bench:
                check(bench, type)
        except Inapplicable:
            continue
        except Exception as error:
            yield Breach(check.__name__, type, f"{error.__class__.__name__}: {error}")
