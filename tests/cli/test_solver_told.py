"""What became of the solver is told where it may matter."""

from __future__ import annotations

from decimal import Decimal

import pytest

from moot.cli.comparison import comparison_json, remarks
from moot.model.comparison import Comparison
from moot.model.purchase import Estimate


def found(least: str) -> Estimate:
    return Estimate(
        vendors=("aws",), hourly=Decimal("1.2"), least=Decimal(least), priced="2025-03-02"
    )


@pytest.mark.parametrize(
    ("solver", "least", "told"),
    [
        ("none", "1.1", "moot[solve]"),
        ("none", "1.199", ""),
        ("stopped", "1.1", "the solver was stopped"),
        ("failed", "1.1", "the solver ended without an answer"),
        ("used", "1.1", ""),
        ("idle", "1.1", ""),
    ],
)
def test_the_solver_is_told_of(solver, least, told):
    comparison = Comparison(estimates=(found(least),), solver=solver)
    lines = [line for line in remarks(comparison) if "solver" in line]
    assert [told in line for line in lines] == ([True] if told else [])
    assert comparison_json(comparison)["solver"] == solver
