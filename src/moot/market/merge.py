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
    vendors = [
        _merged(entry, region, edition, title, came) if entry["vendor"] == vendor else entry
        for entry in market["vendors"]
    ]
    return {**market, "vendors": vendors}


def usable(market: Mapping[str, Any], vendor: str, came: PriceList) -> int:
    """How many types of a list have a known shape."""
    known = {kind[0] for kind in _entry(market, vendor)["types"]}
    return sum(name in known or listed.shape is not None for name, listed in came.types.items())


def edition(market: Mapping[str, Any], vendor: str, region: str) -> str:
    """Which price list of a region is in the market; "" for what was shipped."""
    return _entry(market, vendor).get("lists", {}).get(region, ("", ""))[1]


def _entry(market: Mapping[str, Any], vendor: str) -> Mapping[str, Any]:
    return next(entry for entry in market["vendors"] if entry["vendor"] == vendor)


def _merged(
    entry: Mapping[str, Any], region: str, edition: str, title: str, came: PriceList
) -> dict[str, Any]:
    lists = {**entry.get("lists", {}), region: [came.priced, edition]}
    regions = {**entry["regions"], region: entry["regions"].get(region, [])}
    whole = all(name in lists for name in regions)
    source = entry["source"]
    return {
        **entry,
        "priced": min(day for day, _ in lists.values()) if whole else entry["priced"],
        "source": source if title in source else f"{title}; {source}",
        "regions": dict(sorted(regions.items())),
        "types": sorted(_types(entry["types"], region, came), key=lambda kind: kind[0]),
        "lists": dict(sorted(lists.items())),
    }


def _types(known: list[Entry], region: str, came: PriceList) -> Iterator[Entry]:
    left = dict(came.types)
    for *shape, prices in known:
        there = {name: price for name, price in prices.items() if name != region}
        if listed := left.pop(shape[0], None):
            bits = prices.get(region, (0, 0, 0))[2]
            there[region] = [listed.hourly, listed.spot, bits]
        if there:
            yield [*shape, dict(sorted(there.items()))]
    for name, listed in left.items():
        if listed.shape:
            yield _new(name, listed.shape, region, listed)


def _new(name: str, shape: Shape, region: str, listed: Listed) -> Entry:
    return [name, *shape, {region: [listed.hourly, listed.spot, 0]}]
