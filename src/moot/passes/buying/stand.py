"""Estimate -> where replicas would stand, and what follows: paid traffic, and an availability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from moot.model.app import App
from moot.model.availability import Outlook
from moot.model.market import Vendor
from moot.model.placement import Assignments, Placement, Run
from moot.model.purchase import Estimate
from moot.model.venue import Venue
from moot.passes.buying.batch import sold
from moot.passes.egress import egress, total
from moot.passes.outlook import outlook


def settled(
    app: App, found: Estimate, vendors: Mapping[str, Vendor], venues: Mapping[str, Venue]
) -> Estimate:
    """With what traffic costs in addition, where it leaves somebody, and how available it is by
    what vendors promise and own `venues` state.
    """
    if found.reason:
        return found
    runs = tuple(stand(app, found, vendors))
    paid = total(egress(app, runs))
    return replace(
        found,
        hourly=found.hourly + paid,
        egress=found.egress + paid,
        outlook=_outlook(app, runs, vendors, venues, limited=False),
        priced=_oldest(found, vendors) if paid else found.priced,
    )


def blamed(
    app: App, found: Estimate, vendors: Mapping[str, Vendor], venues: Mapping[str, Venue]
) -> Estimate:
    """With what limits its availability, where that is less than is promised."""
    if found.outlook is None or found.outlook.kept:
        return found
    runs = tuple(stand(app, found, vendors))
    return replace(found, outlook=_outlook(app, runs, vendors, venues, limited=True))


def _outlook(
    app: App,
    runs: Iterable[Run],
    vendors: Mapping[str, Vendor],
    venues: Mapping[str, Venue],
    *,
    limited: bool,
) -> Outlook:
    accounts = {
        name: Venue(name=name, provider=name, sla=vendor.sla) for name, vendor in vendors.items()
    }
    placement = Placement(assignments=Assignments(runs))
    return outlook(app, placement, {**accounts, **venues}, limited)


def stand(app: App, found: Estimate, vendors: Mapping[str, Vendor]) -> Iterator[Run]:
    """Every replica: those that are kept, then those on machines that would be bought."""
    next_one: Counter[str] = Counter()
    for run in found.kept.runs if found.kept else ():
        next_one[run.component] += run.count
        yield run
    for number, site in enumerate(found.sites):
        vendor = vendors[site.vendor]
        for index, machine in enumerate(site.machines):
            name = f"{site.vendor}/{number}/{index}"
            offering = sold(vendor, site.region, site.zone, name)
            counts = Counter(c for names in machine.names for c in names.split("+"))
            for component, count in counts.items():
                yield Run(app.name, component, next_one[component], count, offering, "container")
                next_one[component] += count


def spent_on_traffic(app: App, found: Estimate, vendors: Mapping[str, Vendor]) -> Decimal:
    """What traffic between these would cost an hour."""
    return total(egress(app, stand(app, found, vendors)))


def _oldest(found: Estimate, vendors: Mapping[str, Vendor]) -> str:
    used = {site.vendor for site in found.sites}
    return min(filter(None, (found.priced, *(vendors[name].egress_day for name in used))))
