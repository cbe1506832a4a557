"""Asks vendors for their prices, and keeps those of each region as soon as they have come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from moot.market.aws import BASE as AWS
from moot.market.aws import Aws
from moot.market.aws_spot import AwsSpot
from moot.market.azure import BASE as AZURE
from moot.market.azure import Azure
from moot.market.gcp import BASE as GCP
from moot.market.gcp import Gcp
from moot.market.kept import content, keep
from moot.market.listed import NoPrices, PriceList, Source
from moot.market.merge import edition, merge, sells, usable
from moot.market.remedy import remedy
from moot.model.market import Renewal

TRIES = 3
FIRST_WAIT_S = 1.0

Answer = TypeVar("Answer")
Sleep = Callable[[float], None]
Begun = Callable[[str, str, int, int], None]  # vendor, region, its number, and of how many


def sources(environ: Mapping[str, str], now: float) -> tuple[Source, ...]:
    """The vendors that can be asked; a mirror of theirs may be named instead.  One wants a key."""
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    known: list[Source] = [
        Aws(environ.get("MOOT_PRICES_AWS") or AWS),
        AwsSpot(environ.get("MOOT_PRICES_AWS") or AWS, today),
        Azure(environ.get("MOOT_PRICES_AZURE") or AZURE, today),
    ]
    if key := environ.get("MOOT_PRICES_GCP_KEY"):
        known.append(Gcp(environ.get("MOOT_PRICES_GCP") or GCP, key, today))
    return tuple(known)


def refresh(
    among: Iterable[Source],
    wanted: Callable[[str], object],
    file: Path,
    sleep: Sleep,
    begun: Begun,
) -> Iterator[Renewal]:
    """Of every wanted region what came of it; those of which the file has the same list are not
    loaded again, so this goes on where it was ended.  Failure where the file cannot be read.
    """
    for source in among:
        try:
            editions = _tried(source.editions, sleep)
        except NoPrices as none:
            yield _failed(source, "", none)
            continue
        regions = sorted(filter(wanted, editions))
        for number, region in enumerate(regions, 1):
            begun(source.vendor, region, number, len(regions))
            renewal, cut = _renewed(source, region, editions[region], file, sleep)
            yield renewal
            if cut:
                break


def _renewed(
    source: Source, region: str, new: str, file: Path, sleep: Sleep
) -> tuple[Renewal, bool]:
    """What came of one region, and whether the way to the vendor is cut."""
    lists = "lists" if source.vendor == source.seller else "spots"
    if edition(content(file), source.seller, region, lists) == new:
        return Renewal(vendor=source.vendor, region=region, outcome="unchanged"), False
    try:
        came = _tried(partial(source.price_list, region, new), sleep)
        return _kept(source, region, new, came, file), False
    except NoPrices as none:
        return _failed(source, region, none), none.passing


def _failed(source: Source, region: str, none: NoPrices) -> Renewal:
    return Renewal(
        vendor=source.vendor,
        region=region,
        outcome="failed",
        reason=none.reason,
        remedy=remedy(none, source),
    )


def _kept(source: Source, region: str, new: str, came: PriceList, file: Path) -> Renewal:
    """The file is read again: another refresh may have kept something meanwhile."""
    market = content(file)
    types = usable(market, source.seller, region, came)
    if not types and came.spot_only and not sells(market, source.seller, region):
        return Renewal(vendor=source.vendor, region=region, outcome="unchanged")
    if not types:
        reason = f"the {source.title} has no machine with Linux in {region}"
        raise NoPrices(reason, trouble="nothing")
    keep(file, merge(market, source.seller, region, new, source.title, came))
    return Renewal(
        vendor=source.vendor, region=region, outcome="refreshed", priced=came.priced, types=types
    )


def _tried(ask: Callable[[], Answer], sleep: Sleep) -> Answer:
    """An answer, where what passes has passed at the last of a few tries."""
    for number in range(TRIES - 1):
        try:
            return ask()
        except NoPrices as none:
            if not none.passing:
                raise
            sleep(none.wait_s or FIRST_WAIT_S * 2**number)
    return ask()
