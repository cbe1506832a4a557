"""Surveys x what is Needed -> what machines for it would cost, on all of these vendors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

from moot.model.market import Vendor
from moot.model.purchase import NEVER, Estimate, Site
from moot.passes.buying.limit import limit
from moot.passes.buying.survey import ANYWHERE, Bundle, Survey

# In how many regions machines are packed, those first that may be cheapest; and in how many of
# them with all rounds.
MOST_LOOKED_AT, MOST_POLISHED = 16, 2


class _Way(NamedTuple):
    """What is bought in one region."""

    micros: int
    region: str
    survey: Survey
    sites: tuple[Site, ...]


def together(surveys: Sequence[Survey], rounds: int, top: int) -> Iterator[Estimate]:
    """On all of these vendors, the first lot with one of them after the other; the `top` best."""
    ways = [way for main in surveys for way in _around(main, surveys, rounds, top)]
    vendors = tuple(survey.vendor.name for survey in surveys)
    if not ways:
        lacks = [lack for survey in surveys if (lack := survey.lacks())]
        reason = "; ".join(lacks) or "no region has all of it"
        yield Estimate(vendors=vendors, reason=reason)
        return
    least = limit(surveys, rounds)
    sellers = {survey.vendor.name: survey.vendor for survey in surveys}
    for way in _unlike(ways)[:top]:
        yield Estimate(
            vendors=vendors,
            sites=tuple(sorted(way.sites, key=lambda site: vendors.index(site.vendor))),
            hourly=Decimal(way.micros).scaleb(-6),
            least=Decimal(least).scaleb(-6),
            currency=surveys[0].vendor.currency,
            priced=min(_day(sellers[site.vendor], site) for site in way.sites),
        )


def _day(vendor: Vendor, site: Site) -> str:
    """Of the oldest price there."""
    spot = {machine.is_spot for machine in site.machines} or {False}
    days = {False: vendor.day, True: vendor.spot_day}
    return min(days[each](site.region) for each in spot)


def _unlike(ways: Iterable[_Way]) -> list[_Way]:
    """The cheapest first, and of those in the same places only the cheapest."""
    best: dict[tuple[tuple[str, str, str], ...], _Way] = {}
    for way in sorted(ways, key=lambda way: (way.micros, way.region)):
        places = sorted((site.vendor, site.region, site.zone) for site in way.sites)
        best.setdefault(tuple(places), way)
    return list(best.values())


def _around(main: Survey, surveys: Sequence[Survey], rounds: int, top: int) -> list[_Way]:
    """The first lot in the best regions of `main`, with the zones that are wanted beside it; the
    others where they are cheapest, one for every other vendor and further region.
    """
    needed = main.needed
    others = [survey for survey in surveys if survey is not main]
    wide = top + needed.regions - 1  # several may turn out to be in the same regions
    zones = range(needed.regions, len(needed.lots))
    bundle = [(0, 0 if zones else ANYWHERE), *((n, rank) for rank, n in enumerate(zones, 1))]
    ways = _best([main], bundle, rounds, wide)
    for lot in range(1, needed.regions):
        among = [others[lot - 1]] if lot < needed.vendors else surveys
        best = _best(among, [(lot, ANYWHERE)], rounds, top + lot)
        ways = _unlike(_both(way, more) for way in ways for more in _free(best, way, top))[:wide]
    return ways


def _free(best: Iterable[_Way], way: _Way, top: int) -> Iterator[_Way]:
    """The first of them that are not in a region that is used already."""
    used = {(site.vendor, site.region) for site in way.sites}
    free = (more for more in best if (more.survey.vendor.name, more.region) not in used)
    return islice(free, top)


def _both(way: _Way, more: _Way) -> _Way:
    return way._replace(micros=way.micros + more.micros, sites=way.sites + more.sites)


def _best(surveys: Iterable[Survey], bundle: Bundle, rounds: int, top: int) -> list[_Way]:
    """The cheapest regions for these lots together, as far as they can be told apart.

    A region whose bound is above what was found is not looked at.
    """
    zones = len(bundle)
    places = sorted(
        (survey.least(region, bundle), survey.vendor.name, region, survey)
        for survey in surveys
        for region in survey.regions
        if survey.has_zones(region, zones)
    )
    quick: list[_Way] = []
    for least, _, region, found in places[: max(MOST_LOOKED_AT, top)]:
        if least >= min([NEVER, *nsmallest(top, (way.micros for way in quick))[top - 1 :]]):
            break
        quick.append(_bought(found, region, bundle, 0))
    quick.sort(key=lambda way: (way.micros, way.region))
    few = quick[: max(MOST_POLISHED, top)]
    polished = [_bought(way.survey, way.region, bundle, rounds) for way in few]
    polished.sort(key=lambda way: (way.micros, way.region))
    solved = [_solved(way, bundle, rounds) for way in polished[:top]]
    return sorted(solved, key=lambda way: (way.micros, way.region))


def _solved(way: _Way, bundle: Bundle, rounds: int) -> _Way:
    for lot, rank in bundle:
        way.survey.solve(way.region, lot, rank, rounds)
    return _bought(way.survey, way.region, bundle, rounds)


def _bought(survey: Survey, region: str, bundle: Bundle, rounds: int) -> _Way:
    sites = tuple(
        Site(
            survey.vendor.name,
            region,
            survey.zone(region, rank),
            survey.purchase(region, lot, rank, rounds).machines,
        )
        for lot, rank in bundle
    )
    micros = sum(machine.micros for site in sites for machine in site.machines)
    return _Way(micros, region, survey, sites)
