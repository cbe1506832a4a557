"""Market, what venues offer, and a Wish -> the Quotes that grant it, the best first."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from fnmatch import translate
from heapq import nsmallest

from moot.model.market import Kind, Order, Quote, Standing, Vendor, Wish
from moot.model.venue import Offering, Venue

Rank = tuple[object, ...]

_PRICES: Mapping[str, Callable[[Quote], Decimal | None]] = {
    "price": lambda quote: quote.hourly,
    "spot": lambda quote: quote.spot,
    "per-cpu": lambda quote: quote.per_cpu,
    "per-gib": lambda quote: quote.per_gib,
}
_SIZES: Mapping[str, Callable[[Quote], float]] = {
    "cpu": lambda quote: quote.cpu,
    "memory": lambda quote: quote.memory_mib,
}


def winnow(
    wish: Wish,
    order: Order,
    market: Iterable[Vendor],
    offerings: Iterable[Offering],
    venues: Mapping[str, Venue],
    limit: int | None = None,
) -> tuple[list[Quote], int]:
    """The first `limit` of them (None: all), and how many there are.

    Prices and prices per unit ascend, sizes descend; what has no such price comes last.

    Prices in different currencies are compared as numbers: no rate of exchange is known here.
    `venues` are all that are configured.
    """
    kinds = frozenset(venue.provider for venue in venues.values())
    found = [
        *_offered(wish, offerings, venues),
        *(quote for vendor in market for quote in _sold(wish, vendor, kinds)),
    ]
    rank = _by_size(_SIZES[order]) if order in _SIZES else _by(_PRICES[order])
    return nsmallest(len(found) if limit is None else limit, found, key=rank), len(found)


def matcher(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """Whether a name matches any of the patterns; upper and lower case are one."""
    if not patterns:
        return lambda name: True
    return re.compile("|".join(map(translate, patterns)), re.IGNORECASE).match


def _by(price: Callable[[Quote], Decimal | None]) -> Callable[[Quote], Rank]:
    def rank(quote: Quote) -> Rank:
        known = price(quote)
        return known is None, known or 0, -quote.cpu, *_name(quote)

    return rank


def _by_size(size: Callable[[Quote], float]) -> Callable[[Quote], Rank]:
    return lambda quote: (-size(quote), quote.hourly is None, quote.hourly or 0, *_name(quote))


def _name(quote: Quote) -> tuple[str, ...]:
    return quote.vendor, quote.venue, quote.type, quote.region


def _offered(
    wish: Wish, offerings: Iterable[Offering], venues: Mapping[str, Venue]
) -> Iterator[Quote]:
    """What the configured venues offer now."""
    vendors, regions, types = _matchers(wish)
    for offering in offerings:
        quote = _quote(offering, venues[offering.venue].provider)
        named = vendors(quote.vendor) and regions(quote.region) and types(quote.type)
        priced = quote.spot is not None or not wish.spot
        if named and priced and _enough(wish, quote):
            yield quote


def _quote(offering: Offering, vendor: str) -> Quote:
    traits = sorted(offering.traits)
    gpu = next((trait.removeprefix("gpu:") for trait in traits if trait.startswith("gpu:")), "")
    return Quote(
        vendor=vendor,
        venue=offering.venue,
        standing="offered",
        region=offering.region,
        zones=(offering.zone,) if offering.zone else (),
        type=offering.name,
        cpu=offering.cpu,
        memory_mib=offering.memory_mib,
        arch=next((trait[5:] for trait in traits if trait.startswith("arch:")), ""),
        gpus=float(offering.gpus or bool(gpu or "gpu" in traits)),
        gpu=gpu,
        hourly=offering.hourly,
        spot=offering.hourly if offering.spot else None,
        currency=offering.currency,
        priced=offering.priced,
        own_cpu=offering.own_cpu,
        own_memory_mib=offering.own_memory_mib,
        interruptions=offering.spot.interruptions if offering.spot else None,
        spot_priced=offering.priced if offering.spot else "",
    )


def _sold(wish: Wish, vendor: Vendor, kinds: Collection[str]) -> Iterator[Quote]:
    """What a vendor sells: types are told apart first, as there are few of them."""
    vendors, regions, types = _matchers(wish)
    if not vendors(vendor.name):
        return
    standing: Standing = "obtainable" if vendor.name in kinds else "not configured"
    here = {region for region in vendor.regions if regions(region)}
    zones: dict[tuple[str, int], tuple[str, ...]] = {}
    often = vendor.interruptions
    for kind in vendor.kinds:
        if not _enough(wish, kind) or not types(kind.name):
            continue
        name, cpu, memory_mib, arch, gpus, gpu, prices = kind
        for region, (hourly, spot, bits) in prices.items():
            if region in here and (spot or not wish.spot):
                at = region, bits
                if at not in zones:
                    zones[at] = vendor.zones(region, bits)
                yield Quote(
                    *(vendor.name, "", standing, region, zones[at], name),
                    *(cpu, memory_mib, arch, gpus, gpu),
                    *(Decimal(hourly).scaleb(-6), Decimal(spot).scaleb(-6) if spot else None),
                    *(vendor.currency, vendor.day(region)),
                    interruptions=often[region].get(name) if region in often else None,
                    spot_priced=vendor.spot_day(region) if spot else "",
                )


def _enough(wish: Wish, of: Quote | Kind) -> bool:
    return (
        of.cpu >= wish.cpu
        and of.memory_mib >= wish.memory_mib
        and (of.gpus > 0 or not wish.gpu)
        and wish.arch in ("", of.arch)
    )


def _matchers(wish: Wish) -> tuple[Callable[[str], object], ...]:
    return tuple(matcher(patterns) for patterns in (wish.vendors, wish.regions, wish.types))
