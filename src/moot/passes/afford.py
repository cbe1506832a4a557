"""App x Placement -> nothing, or Refused where it costs more than the App's budget."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import ROUND_CEILING, Decimal

from moot.model.app import App
from moot.model.budget import HOURS, Budget, monthly
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Placement, Run

MOST_NAMED = 3


def afford(app: App, placement: Placement) -> None:
    """Refused where the sum is above the budget, or cannot be compared with it.

    What has no price counts as nothing.  The placement is the cheapest that `place` has found.
    """
    budget = app.policy.budget
    if budget is None:
        return
    foreign = [r for r in placement.runs if r.offering.hourly and _foreign(r, budget)]
    if foreign:
        raise Refused(_incomparable(foreign[0], budget))
    if spent(placement) > budget.hourly:
        raise Refused(_too_dear(app, placement, budget))


def spent(placement: Placement) -> Decimal:
    """What it costs an hour."""
    return sum(map(_price, placement.runs), Decimal(0))


def _price(run: Run) -> Decimal:
    return (run.offering.hourly or Decimal(0)) * run.count


def _foreign(run: Run, budget: Budget) -> bool:
    return run.offering.currency != budget.currency


def _incomparable(run: Run, budget: Budget) -> Diagnostic:
    offering = run.offering
    return Diagnostic(
        summary=f"x-moot.budget is in {budget.currency}, and a price in {offering.currency}",
        detail=f"{run.component} is placed on {offering.venue}/{offering.name} for "
        f"{offering.hourly:f} {offering.currency}/hour; moot knows no rates of exchange",
        remedy=f"state the budget in {offering.currency}, or name venues with prices in "
        f"{budget.currency} under x-moot.venues",
        place=budget.place,
    )


def _too_dear(app: App, placement: Placement, budget: Budget) -> Diagnostic:
    """Which components make it so, with what is asked for one replica of them."""
    by_component: defaultdict[str, list[Run]] = defaultdict(list)
    for run in placement.runs:
        by_component[run.component].append(run)
    sums = {name: sum(map(_price, runs), Decimal(0)) for name, runs in by_component.items()}
    dearest = sorted(sums, key=lambda name: (-sums[name], name))[:MOST_NAMED]
    currency, first = budget.currency, dearest[0]
    lines = [
        f"{name}: {monthly(sums[name])} {currency}/month for {_counted(by_component[name])}"
        for name in dearest
        if sums[name]
    ]
    more = f"{_lacking(placement, budget)} {currency}/month more"
    return Diagnostic(
        summary=f"x-moot.budget allows {budget}, this placement costs "
        f"{monthly(spent(placement))} {currency}/month",
        detail="it is the cheapest that was found; the dearest components are\n" + "\n".join(lines),
        remedy=f"{first} drives it: run fewer replicas of it, let it need less or "
        f"{_loosened(app)}allow a cheaper venue, or allow {more}",
        place=budget.place,
    )


def _lacking(placement: Placement, budget: Budget) -> Decimal:
    """So much more a month is enough: rounded up."""
    allowed = budget.amount * HOURS["month"] / HOURS[budget.per]
    more = spent(placement) * HOURS["month"] - allowed
    return more.quantize(Decimal("0.01"), rounding=ROUND_CEILING)


def _counted(runs: list[Run]) -> str:
    """`2 on lab:h1, 1 on lab:h2`: where most of the money goes first."""
    counts: Counter[str] = Counter()
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for run in runs:
        counts[run.offering.venue] += run.count
        sums[run.offering.venue] += _price(run)
    ordered = sorted(counts, key=lambda venue: (-sums[venue], venue))
    named = [f"{counts[venue]} on {venue}" for venue in ordered[:MOST_NAMED]]
    rest = sum(counts[venue] for venue in ordered[MOST_NAMED:])
    return ", ".join([*named, f"{rest} elsewhere"] if rest else named)


def _loosened(app: App) -> str:
    """Domains have their price, too."""
    return "spread less, " if any(count > 1 for count in app.policy.spread.values()) else ""
