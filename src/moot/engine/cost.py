"""What a placement costs, where prices are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from moot.model.budget import Budget
from moot.model.day import priced
from moot.model.placement import Charge, Placement, Run
from moot.model.report import Cost
from moot.passes.afford import currencies, spent, summed


def cost(
    placement: Placement, before: Placement | None = None, budget: Budget | None = None
) -> Cost:
    """Per hour, in the currency of the offerings; None where any price in a sum is unknown, or in
    another currency than the first.

    `before` is the placement on record, for the difference.
    """
    known = currencies(placement)
    currency = next(iter(known), budget.currency if budget else "EUR")
    runs: dict[str, list[Run]] = {}
    for run in placement.runs:
        runs.setdefault(run.component, []).append(run)
    paid, sent, disk = (
        _by_component(charges) for charges in (placement.charges, placement.egress, placement.disk)
    )
    return Cost(
        hourly=summed(placement.runs, placement.charges, currency),
        currency=currency,
        components=tuple((name, summed(runs[name], paid[name], currency)) for name in runs),
        egress=tuple((name, summed((), sent[name], currency)) for name in runs if sent[name]),
        disk=tuple((name, summed((), disk[name], currency)) for name in runs if disk[name]),
        spot=tuple(
            (name, summed(on, (), currency))
            for name in runs
            if (on := [run for run in runs[name] if run.offering.spot])
        ),
        currencies=known,
        floor=placement.floor,
        priced=spent(placement),
        unpriced=tuple(sorted({r.offering.site for r in placement.runs if not _priced(r)})),
        unmetered=tuple(sorted({each.site for each in placement.egress if not each.hourly})),
        before=cost(before) if before else None,
        budget=budget,
        day=priced(run.offering for run in placement.runs),
    )


def _by_component(charges: Iterable[Charge]) -> Mapping[str, Sequence[Charge]]:
    found: defaultdict[str, list[Charge]] = defaultdict(list)
    for each in charges:
        found[each.component].append(each)
    return found


def _priced(run: Run) -> bool:
    """Whether anybody says what it costs: of what costs nothing nobody may have said it, unless its
    disk has a price.
    """
    offering = run.offering
    return offering.hourly is not None and bool(offering.hourly or offering.disk)
