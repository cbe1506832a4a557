"""App x where its replicas run -> what its components pay for the disk that they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Set
from decimal import Decimal
from typing import NamedTuple

from moot.model.app import App, Component, Needs
from moot.model.budget import HOURS
from moot.model.placement import Charge, Run
from moot.model.venue import Offering

GIB = 1024  # MiB
FINEST = Decimal("1e-6")  # of an hour's price for one replica, as the solver counts money
NOTHING = Decimal(0)


class Tariff(NamedTuple):
    """What an offering costs an hour, and in a month a GiB of disk, if anybody asks for some."""

    hourly: Decimal | None
    disk: Decimal
    currency: str


def disk(app: App, runs: Iterable[Run]) -> tuple[Charge, ...]:
    """By component and venue or pool, where disk has a price there; its currency is that of the
    offering.
    """
    needs = {c.name: c.needs for c in app.components if c.needs.disk_mib}
    if not needs:
        return ()
    found: dict[tuple[str, str, str], Decimal] = {}
    for run in runs:
        offering = run.offering
        if offering.disk and run.component in needs:
            key = run.component, offering.site, offering.currency
            paid = disk_hourly(offering, needs[run.component].disk_mib) * run.count
            found[key] = found.get(key, NOTHING) + paid
    return tuple(Charge(*key, hourly) for key, hourly in sorted(found.items()) if hourly)


def disk_hourly(offering: Offering, disk_mib: int) -> Decimal:
    """What a replica pays an hour there for so much, to the millionth."""
    if not offering.disk or not disk_mib:
        return NOTHING
    return (offering.disk * disk_mib / (GIB * HOURS["month"])).quantize(FINEST)


def replica_hourly(offering: Offering, needs: Needs) -> Decimal | None:
    """What a replica costs an hour there, disk and all but its traffic; None where the price is
    unknown.
    """
    if offering.hourly is None:
        return None
    return offering.hourly + disk_hourly(offering, needs.disk_mib)


def tariffs(components: Iterable[Component], offerings: Iterable[Offering]) -> Set[Tariff]:
    """The different ones that these components pay by."""
    if any(component.needs.disk_mib for component in components):
        return {Tariff(o.hourly, o.disk, o.currency) for o in offerings}
    prices = {(offering.hourly, offering.currency) for offering in offerings}
    return {Tariff(hourly, NOTHING, currency) for hourly, currency in prices}


def is_comparable(known: Iterable[Tariff]) -> bool:
    """Whether all prices are known, and in one currency."""
    known = tuple(known)
    currencies = {each.currency for each in known if each.hourly or each.disk}
    return len(currencies) <= 1 and all(each.hourly is not None for each in known)
