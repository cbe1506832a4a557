"""Basis x Component x where it would run -> what its traffic with the others costs from there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from moot.passes.egress import Exits, exits, fees, total
from moot.passes.placing.fill import NOWHERE
from moot.passes.placing.prepare import Basis
from moot.passes.placing.stock import Stand


def toll(
    basis: Basis, component: str, choice: Iterable[Stand], placed: Mapping[str, Sequence[Stand]]
) -> Decimal:
    """An hour, whoever pays it.  Who is not placed yet is where it runs, if it does."""
    talks = basis.talks.get(component, ())
    if not talks:
        return Decimal(0)
    on = {component: _exits(basis, choice)}
    for name in {name for talk in talks for name in (talk.one, talk.other)} - {component}:
        on[name] = _exits(basis, placed[name] if name in placed else basis.stood.get(name, ()))
    return total(fees(talks, on))


def _exits(basis: Basis, stands: Iterable[Stand]) -> Exits:
    offerings = basis.stock.offerings
    there = ((offerings[number], count) for _, count, number in stands if number != NOWHERE)
    return exits(basis.stock.atlas, there)
