"""Estimate -> where replicas would stand, and what follows: traffic, disk, availability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from moot.model.app import App
from moot.model.market import Vendor
from moot.model.placement import Assignments, Placement, Run
from moot.model.purchase import Estimate
from moot.model.venue import Offering, Venue
from moot.passes.disk import disk, disk_hourly
from moot.passes.egress import egress, total
from moot.passes.outlook import outlook

Sellers = Mapping[str, Vendor]


def metered(app: App, found: Estimate, sellers: Sellers) -> Estimate:
    """With what its disk costs in addition, and traffic where it leaves somebody."""
    if found.reason:
        return found
    runs = tuple(stand(app, found, sellers))
    sent, stored = total(egress(app, runs)), total(disk(app, runs))
    used = [sellers[name] for name in {site.vendor for site in found.sites}]
    days = {found.priced, *(v.egress_day for v in used if sent)}
    days |= {vendor.disk_day for vendor in used if stored}
    return replace(
        found,
        hourly=found.hourly + sent + stored,
        egress=sent,
        disk=stored,
        priced=min(filter(None, days), default=""),
    )


def stored(app: App, vendors: Iterable[Vendor]) -> Decimal:
    """What its disk costs an hour at least with these."""
    places = [sold(vendor, "") for vendor in vendors]
    return sum(
        (
            min(disk_hourly(place, c.needs.disk_mib) for place in places) * c.replicas
            for c in app.components
        ),
        Decimal(0),
    )


def viewed(
    app: App, found: Estimate, sellers: Sellers, venues: Mapping[str, Venue], *, limited: bool
) -> Estimate:
    """With how available it is by what vendors promise and own `venues` state; `limited`: with what
    limits that, where it is less than is promised.
    """
    if found.reason:
        return found
    accounts = {
        _account(vendor): Venue(name=_account(vendor), provider=vendor.name, sla=vendor.sla)
        for vendor in sellers.values()
    }
    placement = Placement(assignments=Assignments(stand(app, found, sellers)))
    return replace(found, outlook=outlook(app, placement, {**accounts, **venues}, limited))


def stand(app: App, found: Estimate, sellers: Sellers) -> Iterator[Run]:
    """Every replica: those that are kept, then those on machines that would be bought."""
    next_one: Counter[str] = Counter()
    for run in found.kept.runs if found.kept else ():
        next_one[run.component] += run.count
        yield run
    for number, site in enumerate(found.sites):
        vendor = sellers[site.vendor]
        for index, machine in enumerate(site.machines):
            name = f"{site.vendor}/{number}/{index}"
            offering = sold(vendor, site.region, site.zone, name)
            counts = Counter(c for names in machine.names for c in names.split("+"))
            for component, count in counts.items():
                yield Run(app.name, component, next_one[component], count, offering, "container")
                next_one[component] += count


def sold(vendor: Vendor, region: str, zone: str = "", machine: str = "") -> Offering:
    """What is bought there, as if it were offered: an account with a vendor is one venue."""
    return Offering(
        venue=_account(vendor),
        pool=vendor.name,
        name=machine or region,
        cpu=0,
        memory_mib=0,
        currency=vendor.currency,
        region=region,
        zone=zone,
        vendor=vendor.name,
        machine=machine,
        egress=vendor.egress,
        disk=vendor.disk,
        reach=machine or region,
        priced=vendor.egress_day,
    )


def _account(vendor: Vendor) -> str:
    """Of a name that no venue of the user's can have."""
    return f"{vendor.name}@market"
