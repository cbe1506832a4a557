"""App x where its replicas run -> what its components pay for traffic that leaves a venue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from moot.model.app import App
from moot.model.budget import HOURS
from moot.model.placement import Charge, Run
from moot.model.venue import Offering
from moot.passes.apart import Atlas, Path, apart

FINEST = Decimal("1e-9")  # of an hour's price: sums of such are exact, whatever comes first


@dataclass(frozen=True, slots=True)
class Talk:
    """So much two components send each other an hour, half of it in each direction."""

    one: str
    other: str
    gb_hourly: Decimal


@dataclass(frozen=True, slots=True)
class Exit:
    """Where a replica's traffic leaves `within`, a venue or pool, and the price of a GB there."""

    within: Path
    site: str
    price: Decimal
    currency: str


Exits = Mapping[Exit, int]  # with how many replicas are there


def egress(app: App, runs: Iterable[Run]) -> tuple[Charge, ...]:
    """By component and venue, where traffic leaves one; nothing where no venue has a price of it.

    Replicas of two components talk evenly: each pair of them has the same share.  Who sends pays.
    """
    among = tuple(runs)
    if not any(run.offering.egress for run in among) or not (talks := talk(app)):
        return ()
    atlas = apart(run.offering for run in among)
    placed: dict[str, list[tuple[Offering, int]]] = {}
    for run in among:
        placed.setdefault(run.component, []).append((run.offering, run.count))
    return fees(talks, {name: exits(atlas, there) for name, there in placed.items()})


def talk(app: App) -> tuple[Talk, ...]:
    """Who talks with whom, as it is stated."""
    return tuple(
        Talk(component.name, traffic.to, traffic.gb_monthly / HOURS["month"])
        for component in app.components
        for traffic in component.traffic
    )


def exits(atlas: Atlas, placed: Iterable[tuple[Offering, int]]) -> Exits:
    """Those of some replicas."""
    found: Counter[Exit] = Counter()
    for offering, count in placed:
        within = atlas.domain(offering, "venue")
        found[Exit(within, offering.site, offering.egress, offering.currency)] += count
    return found


def fees(talks: Iterable[Talk], on: Mapping[str, Exits]) -> tuple[Charge, ...]:
    """What is paid for these, of components that are on something."""
    found: dict[tuple[str, str, str], Decimal] = {}
    for talk in talks:
        if talk.one in on and talk.other in on:
            for name, other in ((talk.one, talk.other), (talk.other, talk.one)):
                for site, currency, hourly in _sent(talk, on[name], on[other]):
                    key = name, site, currency
                    found[key] = found.get(key, Decimal(0)) + hourly
    return tuple(Charge(*key, hourly) for key, hourly in sorted(found.items()))


def _sent(talk: Talk, mine: Exits, theirs: Exits) -> Iterator[tuple[str, str, Decimal]]:
    """What the one side pays.  Divided once and rounded, so that the order of sums is no matter."""
    pairs = sum(mine.values()) * sum(theirs.values())
    inside: Counter[Path] = Counter()
    for exit, count in theirs.items():
        inside[exit.within] += count
    paid: dict[tuple[str, str], Decimal] = {}
    for exit, count in mine.items():
        outside = inside.total() - inside[exit.within]
        if count and outside:
            key = exit.site, exit.currency
            paid[key] = paid.get(key, Decimal(0)) + exit.price * count * outside
    for (site, currency), price in paid.items():
        yield site, currency, (price * talk.gb_hourly / (2 * pairs)).quantize(FINEST)


def total(paid: Iterable[Charge]) -> Decimal:
    """All of it, an hour, whatever the currency."""
    return sum((each.hourly for each in paid), Decimal(0))
