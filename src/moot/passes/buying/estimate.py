"""App x market x own machines -> what it would cost on each vendor, on several, or on a mix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from moot.model.app import App
from moot.model.market import Vendor
from moot.model.programme import Solve
from moot.model.purchase import Estimate
from moot.model.rehearsal import Ground
from moot.model.venue import Venue
from moot.passes.buying.batch import Estate
from moot.passes.buying.mix import mix
from moot.passes.buying.need import Needed, need
from moot.passes.buying.pair import pair
from moot.passes.buying.stand import blamed, settled
from moot.passes.buying.survey import Survey, survey
from moot.passes.buying.together import together

# What is tried one after the other for the sake of an availability: so many machines and regions.
WIDER = ({"host": 2}, {"host": 3}, {"host": 4}, {"region": 2, "host": 2}, {"region": 2, "host": 4})

Areas = Mapping[str, Mapping[str, frozenset[str]]]  # by vendor and region


def estimate(
    app: App,
    market: Sequence[Vendor],
    areas: Areas,
    rounds: int,
    top: int = 1,
    solve: Solve | None = None,
    ground: Ground | None = None,
) -> tuple[Estimate, ...]:
    """A line for every vendor and for every two of them, and where `spread` wants more vendors or
    regions for every so many vendors.

    Of each the `top` best regions, the cheapest first.  All of an App is in one region of one
    vendor, in one of its zones or another, unless `spread` wants it in more.  With own machines on
    the `ground` there is a line of each vendor with these, too.  Where an availability is promised
    that it does not keep, it is spread over more machines or regions until it does.
    """
    found = _found(app, market, areas, rounds, top, solve, ground)
    if app.policy.availability is None:
        return found
    best = _lines(found)
    for wider in WIDER:
        lacking = [line for line, estimates in best.items() if not _kept(estimates)]
        if not lacking:
            break
        vendors = {name for names, _ in lacking for name in names}
        spread = {**wider, **app.policy.spread}
        spread |= {level: max(count, spread[level]) for level, count in wider.items()}
        asked = replace(app, policy=replace(app.policy, spread=spread))
        among = [vendor for vendor in market if vendor.name in vendors]
        own = ground if any(is_mixed for _, is_mixed in lacking) else None
        tried = _lines(_found(asked, among, areas, rounds, top, solve, own))
        better = {line: tried[line] for line in lacking if line in tried}
        best |= {line: found for line, found in better.items() if found[0].keeps}
    vendors = {vendor.name: vendor for vendor in market}
    venues: Mapping[str, Venue] = ground.venues if ground else {}
    return tuple(blamed(app, e, vendors, venues) for line in best.values() for e in line)


Line = tuple[tuple[str, ...], bool]


def _lines(found: Sequence[Estimate]) -> dict[Line, list[Estimate]]:
    lines: dict[Line, list[Estimate]] = {}
    for each in found:
        lines.setdefault((each.vendors, each.is_mixed), []).append(each)
    return lines


def _kept(line: Sequence[Estimate]) -> bool:
    """Whether the best of it keeps what is promised, or there is none that might."""
    outlook = line[0].outlook
    return outlook is None or outlook.kept


def _found(
    app: App,
    market: Sequence[Vendor],
    areas: Areas,
    rounds: int,
    top: int,
    solve: Solve | None,
    ground: Ground | None,
) -> tuple[Estimate, ...]:
    needed = need(app)
    if needed.problem:
        return tuple(Estimate(vendors=(v.name,), reason=needed.problem) for v in market)
    vendors = {vendor.name: vendor for vendor in market}
    surveys = [survey(vendor, needed, areas[vendor.name], solve) for vendor in market]
    venues: Mapping[str, Venue] = ground.venues if ground else {}
    bought = [settled(app, each, vendors, venues) for each in _bought(surveys, needed, rounds, top)]
    mixed = _mixed(app, ground, surveys, areas, rounds, solve, bought) if ground else ()
    paired = _paired(app, surveys, areas, rounds, solve, bought) if needed.regions == 1 else ()
    return (*bought, *(settled(app, each, vendors, venues) for each in (*paired, *mixed)))


def _bought(surveys: Sequence[Survey], needed: Needed, rounds: int, top: int) -> Iterator[Estimate]:
    if needed.vendors > 1:
        why = f"x-moot.spread wants {needed.vendors} vendors"
        yield from (Estimate(vendors=(each.vendor.name,), reason=why) for each in surveys)
    for chosen in combinations(surveys, needed.vendors):
        yield from together(chosen, needed, rounds, top)


def _paired(
    app: App,
    surveys: Sequence[Survey],
    areas: Areas,
    rounds: int,
    solve: Solve | None,
    bought: Sequence[Estimate],
) -> Iterator[Estimate]:
    """Of vendors who sell in one currency."""
    for both in combinations(surveys, 2):
        names = {each.vendor.name for each in both}
        if len({each.vendor.currency for each in both}) == 1 and all(each.regions for each in both):
            alone = (e.hourly for e in bought if {*e.vendors} <= names and not e.reason)
            yield pair(app, both, areas, rounds, solve, min(alone, default=None))


def _mixed(
    app: App,
    ground: Ground,
    surveys: Sequence[Survey],
    areas: Areas,
    rounds: int,
    solve: Solve | None,
    bought: Sequence[Estimate],
) -> Iterator[Estimate]:
    if not any(o.reach and not o.names for o in ground.offerings):
        return
    for each in surveys:
        name, currency = each.vendor.name, each.vendor.currency
        estate = Estate.of(replace(ground, app=app), currency)
        if level := app.policy.headroom:
            why = f"x-moot.headroom: {level} was not looked at for a part of it"
            yield Estimate(vendors=(name,), is_mixed=True, reason=why)
            continue
        if estate.ground.offerings:
            alone = (e.hourly for e in bought if e.vendors == (name,) and not e.reason)
            yield mix(app, estate, each, areas[name], rounds, solve, min(alone, default=None))
            continue
        others = {o.currency for o in ground.offerings if o.hourly}
        costs = f"your venues cost {' and '.join(sorted(others))}, {name} {currency}"
        why = costs if others else "no price is known of your venues"
        yield Estimate(vendors=(name,), is_mixed=True, reason=why)
