"""Puts the prices of one region into the market, in the place of those that it has of there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moot.market.listed import Listed, PriceList, Shape

# How a type stands in the file: name, CPUs, MiB, architecture, GPUs, name of these, prices.
Entry = list[Any]


def merge(
    market: Mapping[str, Any], vendor: str, region: str, edition: str, title: str, came: PriceList
) -> dict[str, Any]:
    """The market with this price list.

    A type that is known keeps its shape and its zones.  What has no price any more is left out.
    """
    merged = _with_spot if came.spot_only else _merged
    vendors = [
        merged(entry, region, edition, title, came) if entry["vendor"] == vendor else entry
        for entry in market["vendors"]
    ]
    return {**market, "vendors": vendors}


def usable(market: Mapping[str, Any], vendor: str, region: str, came: PriceList) -> int:
    """How many types of a list have a known shape, or have a price there beside that of spot."""
    kinds = _entry(market, vendor)["types"]
    known = {kind[0] for kind in kinds if not came.spot_only or region in kind[-1]}
    return sum(name in known or listed.shape is not None for name, listed in came.types.items())


def sells(market: Mapping[str, Any], vendor: str, region: str) -> bool:
    """Whether anything there has a price."""
    return any(region in kind[-1] for kind in _entry(market, vendor)["types"])


def edition(market: Mapping[str, Any], vendor: str, region: str, lists: str) -> str:
    """Which price list of a region is in the market, of `lists` or of `spots`; "" for what was
    shipped.
    """
    return _entry(market, vendor).get(lists, {}).get(region, ("", ""))[1]


def _entry(market: Mapping[str, Any], vendor: str) -> Mapping[str, Any]:
    return next(entry for entry in market["vendors"] if entry["vendor"] == vendor)


def _merged(
    entry: Mapping[str, Any], region: str, edition: str, title: str, came: PriceList
) -> dict[str, Any]:
    lists = {**entry.get("lists", {}), region: [came.priced, edition]}
    regions = {**entry["regions"], region: entry["regions"].get(region, [])}
    whole = all(name in lists for name in regions)
    return {
        **entry,
        "priced": min(day for day, _ in lists.values()) if whole else entry["priced"],
        "source": _sources(entry["source"], title),
        "regions": dict(sorted(regions.items())),
        "types": sorted(_types(entry, region, came), key=lambda kind: kind[0]),
        "lists": dict(sorted(lists.items())),
    }


def _with_spot(
    entry: Mapping[str, Any], region: str, edition: str, title: str, came: PriceList
) -> dict[str, Any]:
    """The prices of spot that come by themselves, of what has a price there."""
    types: list[Entry] = []
    for *shape, prices in entry["types"]:
        if region in prices:
            hourly, _, bits = prices[region]
            spot = came.types[shape[0]].spot if shape[0] in came.types else 0
            prices = {**prices, region: [hourly, spot, bits]}
        types.append([*shape, prices])
    told = {name: listed.interruptions for name, listed in came.types.items()}
    often = {name: most for name, most in told.items() if most is not None}
    return {
        **entry,
        "source": _sources(entry["source"], title),
        "types": types,
        "spots": {**entry.get("spots", {}), region: [came.priced, edition]},
        "interruptions": {**entry.get("interruptions", {}), region: often},
    }


def _sources(source: str, title: str) -> str:
    return source if title in source else f"{title}; {source}"


def _types(entry: Mapping[str, Any], region: str, came: PriceList) -> Iterator[Entry]:
    """Where prices of spot come by themselves, those that are there stay."""
    left = dict(came.types)
    apart = region in entry.get("spots", {})
    known: list[Entry] = entry["types"]
    for *shape, prices in known:
        there = {name: price for name, price in prices.items() if name != region}
        if listed := left.pop(shape[0], None):
            _, spot, bits = prices.get(region, (0, 0, 0))
            there[region] = [listed.hourly, spot if apart else listed.spot, bits]
        if there:
            yield [*shape, dict(sorted(there.items()))]
    for name, listed in left.items():
        if listed.shape:
            yield _new(name, listed.shape, region, listed)


def _new(name: str, shape: Shape, region: str, listed: Listed) -> Entry:
    return [name, *shape, {region: [listed.hourly, listed.spot, 0]}]
