"""Placement x Ground -> the cheapest way to run a component without what it runs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from moot.model.alternative import Alternative
from moot.model.diagnostic import Refused
from moot.model.placement import Placement, Run
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.beside import beside
from moot.passes.explaining.elsewhere import ties_of
from moot.passes.place import place
from moot.passes.suppose import keepers


def alternative(
    ground: Ground,
    placement: Placement,
    component: str,
    without: str,
    is_out: Callable[[Offering], bool],
) -> Alternative:
    """All its replicas placed anew in the room beside the other components, which stay.

    `without` says in words what `is_out`.
    """
    others = [run for run in placement.runs if run.component != component]
    chosen = tuple(c for c in ground.app.components if c.name == component)
    ties = ties_of(ground, placement, component)
    offered = [o for o in beside(others, ground) if not is_out(o) and not ties.against(o)]
    offered = [o for o in offered if ties.joins(o)] or offered
    homes = {**_homes(ground, others), **ground.homes}
    app = replace(ground.app, components=chosen)
    try:
        runs = place(app, offered, None, homes, ground.absent).runs
    except Refused as refused:
        return Alternative(without=without, refusal=refused.diagnostics[0].summary)
    if alone := ties.leaves(run.offering for run in runs):
        return Alternative(without=without, refusal=alone)
    counts: Counter[str] = Counter()
    for run in runs:
        counts[f"{run.offering.venue}/{run.offering.name}"] += run.count
    before = [run for run in placement.runs if run.component == component]
    hourly, currency = _price(runs)
    now, same = _price(before)
    known = hourly is not None and now is not None and (same == currency or not now)
    return Alternative(
        without=without,
        places=tuple(counts.items()),
        hourly=hourly,
        currency=currency,
        more=hourly - now if known and hourly is not None and now is not None else None,
    )


def _homes(ground: Ground, others: Iterable[Run]) -> dict[str, str]:
    """Where the volumes are, or will be, that the others keep."""
    keeping = keepers(ground.app)
    return {
        volume: run.offering.venue for run in others for volume in keeping.get(run.component, ())
    }


def _price(runs: Iterable[Run]) -> tuple[Decimal | None, str]:
    """Of all of them an hour; None where a price is unknown or in another currency."""
    runs = tuple(runs)
    currencies = sorted({run.offering.currency for run in runs if run.offering.hourly})
    currency = currencies[0] if currencies else "EUR"
    total = Decimal(0)
    for run in runs:
        if run.offering.hourly is None or len(currencies) > 1:
            return None, currency
        total += run.offering.hourly * run.count
    return total, currency
