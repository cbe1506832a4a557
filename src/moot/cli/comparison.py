"""The words of `moot compare`: rows, conclusions and what an estimate leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from moot.model.availability import Outlook, percent
from moot.model.budget import Budget, monthly
from moot.model.comparison import Comparison
from moot.model.purchase import SPOT, Bought, Estimate
from moot.model.report import Cost
from moot.model.value import JSON

HEADERS = ("ON", "REGION", "MACHINES", "PER HOUR", "PER MONTH", "PRICED", "GAP", "UP", "WHY")
EXACT = "none"
COLOURS = {EXACT: "green"}
OWN = "your venues"
SMALL = 0.01  # a gap that nobody need do anything about
SOLVERS = {
    "none": "a solver often makes GAP smaller: pip install 'moot[solve]' brings HiGHS",
    "stopped": "the solver was stopped as it took too long: asked again, GAP may be another",
    "failed": "the solver ended without an answer: GAP is what was found without it",
}


def rows(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    """A row for every estimate, and one for the user's own venues."""
    for found in comparison.estimates:
        yield _row(found, comparison.budget)
    own = comparison.own
    if own is None:
        yield (OWN, "", "", "", "", "", "", "", comparison.own_problem)
    elif comparison.own_hourly is None:
        yield (OWN, "", "", "unknown", "unknown", own.day, "", "", _unpriced(own))
    else:
        prices = _prices(comparison.own_hourly, own.currency)
        over = _over(prices[0], own, comparison.budget)
        yield (OWN, "", "", *prices, own.day, "", _up(comparison.own_outlook), over)


def conclusions(comparison: Comparison) -> Iterator[str]:
    """The free choice, and what it costs now."""
    for best in comparison.free():
        if isinstance(best, Cost):
            yield f"Free choice: {OWN}, {_month(best.hourly or Decimal(0), best.currency)}"
        else:
            regions = (f"{vendor} {region}" for vendor, region in _regions(best))
            where = " + ".join([*([OWN] if best.is_mixed else []), *regions])
            yield f"Free choice: {where}, {_month(best.hourly, best.currency)}"
    now = comparison.now
    if now and now.hourly is not None and not now.unpriced:
        day = f", at prices of {now.day}" if now.day else ""
        yield f"Now, by the record: {_month(now.hourly, now.currency)}{day}"
    elif now:
        yield "Now, by the record: not all of it has a price"


def remarks(comparison: Comparison) -> Iterator[str]:
    """What must be known to read the figures."""
    found = [estimate for estimate in comparison.estimates if not estimate.reason]
    if found:
        yield (
            "an estimate: machines, and disk and traffic between vendors and your venues as they "
            "are stated, at the prices of the day in PRICED; without addresses and taxes; nothing "
            "is bought"
        )
        yield "GAP: it is dearer than the cheapest possible by no more than that"
    days = sorted({estimate.priced for estimate in found})
    if len(days) > 1:
        yield f"prices are of {days[0]} to {days[-1]}: vendors change theirs within such a time"
    if any(estimate.outlook and estimate.outlook.known for estimate in found):
        yield "UP: by what vendors promise of machines and regions, and what venues.yaml states"
    if any(len(estimate.vendors) > 1 or estimate.is_mixed for estimate in found):
        yield "traffic that is not stated (x-moot.traffic) counts as nothing, wherever it goes"
    yield from _unknown(comparison)
    if not comparison.burstable:
        yield "burstable types are left out; --burstable takes them, with all of their CPUs"
    if comparison.solver in SOLVERS and any(estimate.gap > SMALL for estimate in found):
        yield SOLVERS[comparison.solver]
    currencies = {estimate.currency for estimate in found}
    if comparison.own and comparison.own_hourly and comparison.own.currency not in currencies:
        yield "prices in different currencies are not compared: moot knows no rate of exchange"


def _unknown(comparison: Comparison) -> Iterator[str]:
    """What is not stated of the App, or not known of the vendors, and what changes."""
    if comparison.vague:
        names = ", ".join(comparison.vague)
        yield f"CPU or memory that is not stated counts as nothing: {names}"
    if comparison.arm:
        yield (
            f"arm64 machines: {', '.join(comparison.arm)}; where an image does not run there, say "
            "`platform: linux/amd64`"
        )
    if comparison.unzoned:
        names = ", ".join(comparison.unzoned)
        yield f"the zones of {names} are not known; its regions are taken to have enough"
    if comparison.lasting:
        names = ", ".join(comparison.lasting)
        yield f"the prices of spot of {names} are not known; `moot offerings refresh` asks for them"
    sites = [site for found in comparison.estimates for site in found.sites]
    if any(machine.is_spot for site in sites for machine in site.machines):
        yield "spot may be taken back, and its prices change by the hour"


def comparison_json(comparison: Comparison) -> dict[str, JSON]:
    """All of it; amounts are strings, so that no digit is lost."""
    own = comparison.own
    return {
        "estimates": [_estimate_json(found) for found in comparison.estimates],
        "own": {
            **_amounts(comparison.own_hourly),
            "availability": _outlook_json(comparison.own_outlook),
            "currency": own.currency if own else None,
            "priced": (own.day or None) if own else None,
            "unpriced": list(own.unpriced) if own else [],
            "reason": comparison.own_problem,
        },
        "free": [_free_json(best) for best in comparison.free()],
        "now": _cost_json(comparison.now) if comparison.now else None,
        "unstated": list(comparison.vague),
        "arm64": list(comparison.arm),
        "unzoned": list(comparison.unzoned),
        "no_spot": list(comparison.lasting),
        "solver": comparison.solver,
    }


def _row(found: Estimate, budget: Budget | None) -> tuple[str, ...]:
    on = " + ".join([*([OWN] if found.is_mixed else []), *found.vendors])
    if found.reason:
        return (on, "", "", "", "", "", "", "", found.reason)
    counts: Counter[str] = Counter()
    for site in found.sites:
        counts.update(dict(site.counted))
    prices = _prices(found.hourly, found.currency)
    why: list[str] = []
    if budget and budget.currency == found.currency and found.hourly > budget.hourly:
        why.append(f"above the budget of {budget}")
    if found.outlook and not found.outlook.kept:
        why.append(_promised(found.outlook))
    return (
        on,
        " + ".join(
            f"{region} ({', '.join(zones)})" if zones else region
            for (_, region), zones in _regions(found).items()
        ),
        ", ".join([*_kept(found), *(f"{count} x {type}" for type, count in counts.items())]),
        *prices,
        found.priced,
        f"{max(found.gap, 0.001):.1%}" if found.gap else EXACT,
        _up(found.outlook),
        "; ".join(why),
    )


def _kept(found: Estimate) -> Iterator[str]:
    """What stays on the user's own venues."""
    replicas: Counter[str] = Counter()
    for run in found.kept.runs if found.kept else ():
        replicas[run.offering.site] += run.count
    for site, count in sorted(replicas.items()):
        yield f"{count} on {site}"


def _up(outlook: Outlook | None) -> str:
    if outlook is None or not outlook.known:
        return ""
    return percent(outlook.least) if outlook.least is not None else f"< {percent(outlook.most)}"


def _promised(outlook: Outlook) -> str:
    promised = percent(outlook.promised or 0.0)
    if outlook.unknown:
        return f"{promised} is promised, nothing is stated of {', '.join(outlook.unknown)}"
    return f"{promised} is promised, what limits it is {outlook.limit}"


def _regions(found: Estimate) -> dict[tuple[str, str], list[str]]:
    """By vendor and region the zones in it, as far as they are known and meant."""
    regions: dict[tuple[str, str], list[str]] = {}
    for site in found.sites:
        zones = regions.setdefault((site.vendor, site.region), [])
        if site.zone:
            zones.append(site.zone.removeprefix(site.region))
    return regions


def _over(price: str, own: Cost, budget: Budget | None) -> str:
    if budget and own.hourly and budget.currency == own.currency and own.hourly > budget.hourly:
        return f"above the budget of {budget}"
    return ""


def _unpriced(own: Cost) -> str:
    if own.unpriced:
        return f"no price is known of {', '.join(own.unpriced)}"
    return f"prices are in {' and '.join(own.currencies)}"


def _prices(hourly: Decimal, currency: str) -> tuple[str, str]:
    return f"{hourly.normalize():f} {currency}", f"{monthly(hourly)} {currency}"


def _month(hourly: Decimal, currency: str) -> str:
    return f"{monthly(hourly)} {currency}/month"


def _amounts(hourly: Decimal | None) -> dict[str, JSON]:
    if hourly is None:
        return {"hourly": None, "monthly": None}
    return {"hourly": f"{hourly.normalize():f}", "monthly": f"{monthly(hourly):f}"}


def _estimate_json(found: Estimate) -> JSON:
    if found.reason:
        mixed: dict[str, JSON] = {"vendors": list(found.vendors), "own": found.is_mixed}
        return {**mixed, "reason": found.reason}
    return {
        "vendors": list(found.vendors),
        "own": found.is_mixed,
        **_amounts(found.hourly),
        "egress_hourly": f"{found.egress.normalize():f}",
        "disk_hourly": f"{found.disk.normalize():f}",
        "availability": _outlook_json(found.outlook),
        "kept": list(_kept_json(found)),
        "least_hourly": f"{found.least.normalize():f}",
        "gap": round(found.gap, 6),
        "currency": found.currency,
        "priced": found.priced,
        "sites": [
            {
                "vendor": site.vendor,
                "region": site.region,
                "zone": site.zone,
                "machines": list(_machines_json(site.machines)),
            }
            for site in found.sites
        ],
    }


def _outlook_json(outlook: Outlook | None) -> JSON:
    if outlook is None or not outlook.known:
        return None
    return {
        "promised": outlook.promised,
        "least": outlook.least,
        "most": outlook.most,
        "kept": outlook.kept,
        "limit": outlook.limit or None,
        "unknown": list(outlook.unknown),
    }


def _kept_json(found: Estimate) -> Iterator[JSON]:
    for run in found.kept.runs if found.kept else ():
        yield {
            "component": run.component,
            "venue": run.offering.venue,
            "replicas": run.count,
            "hourly": f"{((run.offering.hourly or Decimal(0)) * run.count).normalize():f}",
        }


def _machines_json(machines: Iterable[Bought]) -> Iterator[JSON]:
    for machine, count in Counter(machines).items():
        components = Counter(name for names in machine.names for name in names.split("+"))
        yield {
            "type": machine.type.removesuffix(SPOT),
            "spot": machine.is_spot,
            "count": count,
            "hourly": f"{Decimal(machine.micros).scaleb(-6).normalize():f}",
            "replicas": dict(components),
        }


def _free_json(best: Estimate | Cost) -> JSON:
    if isinstance(best, Cost):
        return {"own": True, "vendors": [], **_cost_json(best)}
    where: JSON = [{"vendor": vendor, "region": region} for vendor, region in _regions(best)]
    amounts = _amounts(best.hourly)
    return {
        "own": best.is_mixed,
        "vendors": list(best.vendors),
        "sites": where,
        **amounts,
        "currency": best.currency,
        "priced": best.priced,
    }


def _cost_json(cost: Cost) -> dict[str, JSON]:
    return {**_amounts(cost.hourly), "currency": cost.currency, "priced": cost.day or None}
