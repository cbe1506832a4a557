"""App x Placement -> nothing, or Refused where it costs more than the App's budget."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, Decimal

from moot.model.app import App
from moot.model.budget import HOURS, Budget, monthly
from moot.model.day import priced
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Charge, Placement, Run
from moot.passes.egress import total

MOST_NAMED = 3


def afford(app: App, placement: Placement) -> None:
    """Refused where the sum is above the budget, or cannot be compared with it.

    What has no price counts as nothing.  The placement is the cheapest that `place` has found.
    """
    budget = app.policy.budget
    if budget is None:
        return
    if foreign := next(_foreign(placement, budget), None):
        raise Refused(_incomparable(foreign, budget))
    if spent(placement) > budget.hourly:
        raise Refused(_too_dear(app, placement, budget))


def spent(placement: Placement) -> Decimal:
    """What it costs an hour, egress, disk and all."""
    return sum(map(_price, placement.runs), total(placement.charges))


def currencies(placement: Placement) -> tuple[str, ...]:
    """Of all its prices, each once, in the order in which they occur."""
    priced = (run.offering.currency for run in placement.runs if run.offering.hourly)
    paid = (each.currency for each in placement.charges if each.hourly)
    return tuple(dict.fromkeys((*priced, *paid)))


def summed(runs: Iterable[Run], paid: Iterable[Charge], currency: str) -> Decimal | None:
    """What these cost an hour; None where a price is unknown, or in another currency."""
    sum_ = Decimal(0)
    for run in runs:
        hourly = run.offering.hourly
        if hourly is None or (hourly and run.offering.currency != currency):
            return None
        sum_ += hourly * run.count
    for each in paid:
        if each.hourly and each.currency != currency:
            return None
        sum_ += each.hourly
    return sum_


def _price(run: Run) -> Decimal:
    return (run.offering.hourly or Decimal(0)) * run.count


def _foreign(placement: Placement, budget: Budget) -> Iterator[tuple[str, str]]:
    """Prices in other currencies: what is to be paid, and the currency."""
    for run in placement.runs:
        offering = run.offering
        if offering.hourly and offering.currency != budget.currency:
            where = f"{run.component} is placed on {offering.venue}/{offering.name}"
            yield f"{where} for {offering.hourly:f} {offering.currency}/hour", offering.currency
    whats = ((placement.egress, "what it sends out of"), (placement.disk, "its disk on"))
    for each, what in ((each, what) for charges, what in whats for each in charges):
        if each.hourly and each.currency != budget.currency:
            price = f"{monthly(each.hourly)} {each.currency}/month"
            yield f"{each.component} pays {price} for {what} {each.site}", each.currency


def _incomparable(foreign: tuple[str, str], budget: Budget) -> Diagnostic:
    paid, currency = foreign
    return Diagnostic(
        summary=f"x-moot.budget is in {budget.currency}, and a price in {currency}",
        detail=f"{paid}; moot knows no rates of exchange",
        remedy=f"state the budget in {currency}, or name venues with prices in "
        f"{budget.currency} under x-moot.venues",
        place=budget.place,
    )


def _too_dear(app: App, placement: Placement, budget: Budget) -> Diagnostic:
    """Which components make it so, with what is asked for one replica of them."""
    by_component: defaultdict[str, list[Run]] = defaultdict(list)
    for run in placement.runs:
        by_component[run.component].append(run)
    sums = {name: sum(map(_price, runs), Decimal(0)) for name, runs in by_component.items()}
    sent, disk = _by_component(placement.egress), _by_component(placement.disk)
    for each in placement.charges:
        sums[each.component] += each.hourly
    dearest = sorted(sums, key=lambda name: (-sums[name], name))[:MOST_NAMED]
    currency, first = budget.currency, dearest[0]
    lines = [
        f"{name}: {monthly(sums[name])} {currency}/month for {_counted(by_component[name])}"
        + (f", {monthly(sent[name])} of it egress" if sent.get(name) else "")
        + (f", {monthly(disk[name])} of it disk" if disk.get(name) else "")
        for name in dearest
        if sums[name]
    ]
    more = f"{_lacking(placement, budget)} {currency}/month more"
    day = priced(run.offering for run in placement.runs)
    prices = f" at prices of {day}" if day else ""
    return Diagnostic(
        summary=f"x-moot.budget allows {budget}, this placement costs "
        f"{monthly(spent(placement))} {currency}/month",
        detail=f"it is the cheapest that was found{prices}; the dearest components are\n"
        + "\n".join(lines),
        remedy=f"{first} drives it: run fewer replicas of it, let it need less or "
        f"{_loosened(app)}allow a cheaper venue, or allow {more}",
        place=budget.place,
    )


def _by_component(charges: Iterable[Charge]) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in charges:
        found[each.component] += each.hourly
    return found


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
