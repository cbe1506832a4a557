"""Google's Cloud Billing Catalog API, for who has a key: prices of a vCPU and of a GiB."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from moot.market.download import document
from moot.market.listed import Listed, NoPrices, PriceList, misread
from moot.market.machine_types import NEWER, SERIES

BASE = "https://cloudbilling.googleapis.com"
COMPUTE = "/v1/services/6F81-5844-456A/skus"  # cloud.google.com/billing/v1/how-tos/catalog-api
MOST_PAGES = 1000
KEY = re.compile(r"[A-Za-z0-9_-]+")
REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")  # some prices are of continents
DESCRIPTION = re.compile(r"(?:Spot Preemptible )?(.+?)(?: Instance)? (Core|Ram) running in .+")
# How descriptions name the families: those of other prices, such as of reserved or sole machines,
# have more words.
FAMILIES: Mapping[str, str] = {
    "C3": "c3",
    "Compute optimized": "c2",
    "E2": "e2",
    "N1 Predefined": "n1",
    "N2": "n2",
    "N2D AMD": "n2d",
    "N4": "n4",
    "T2A Arm": "t2a",
    "T2D AMD": "t2d",
}
UNITS: Mapping[str, str] = {"Core": "h", "Ram": "GiBy.h"}

Sku = Mapping[str, Any]


class _Part(NamedTuple):
    """What has a price: a vCPU ("Core") or a GiB ("Ram") of a family in a region."""

    family: str
    of: str
    usage: str
    region: str


Rates = Mapping[_Part, Decimal]


class Gcp:
    """What Google says `today` to who has this key; `base` is the address, or of a mirror."""

    vendor = seller = "gcp"
    title = "Cloud Billing Catalog API"
    variable = "MOOT_PRICES_GCP"
    keyed = True

    def __init__(self, base: str, key: str, today: str) -> None:
        self._url = base.rstrip("/") + COMPUTE
        self.mirrored = base.rstrip("/") != BASE
        self._key = key
        self._today = today
        self._rates: Rates = {}

    def editions(self) -> Mapping[str, str]:
        """One list has all regions: it is read here, and its prices are those of today."""
        try:
            self._rates = _rates(self._skus())
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise NoPrices(f"{self._url} cannot be understood: it {misread(error)}") from None
        return dict.fromkeys(sorted({part.region for part in self._rates}), self._today)

    def price_list(self, region: str, edition: str) -> PriceList:
        """Of a region: of every predefined type of which both parts have a price there."""
        types: dict[str, Listed] = {}
        for series in (*SERIES, *NEWER):
            for name, shape in series.types():
                gib = Decimal(str(series.gib_per_cpu)) * int(shape.cpu)
                hourly, spot = (
                    self._sum(series.family, usage, region, Decimal(shape.cpu), gib)
                    for usage in ("OnDemand", "Preemptible")
                )
                if hourly:
                    types[name] = Listed(shape, hourly, spot)
        return PriceList(edition, types)

    def _sum(self, family: str, usage: str, region: str, cpu: Decimal, gib: Decimal) -> int:
        per_cpu, per_gib = (
            self._rates.get(_Part(family, of, usage, region), Decimal(0)) for of in UNITS
        )
        return round((cpu * per_cpu + gib * per_gib).scaleb(6)) if per_cpu and per_gib else 0

    def _skus(self) -> Iterator[Sku]:
        if not KEY.fullmatch(self._key):
            raise NoPrices("what stands in MOOT_PRICES_GCP_KEY is no key", trouble="key")
        question = "pageSize=5000&currencyCode=USD"
        headers = {"X-Goog-Api-Key": self._key}  # addresses are told in errors, headers are not
        token = ""
        for _ in range(MOST_PAGES):
            page = document(f"{self._url}?{question}{token}", headers)
            yield from page["skus"]
            if not page.get("nextPageToken"):
                return
            token = f"&pageToken={quote(page['nextPageToken'])}"
        raise NoPrices(f"{self._url} has no last page")


def _rates(skus: Iterable[Sku]) -> Rates:
    """By the hour; of what stands twice the dearer counts."""
    found: dict[_Part, Decimal] = {}
    for sku in skus:
        named = DESCRIPTION.fullmatch(sku["description"])
        family = FAMILIES.get(named[1]) if named else None
        usage = sku["category"]["usageType"]
        if not named or not family or usage not in ("OnDemand", "Preemptible"):
            continue
        if (hourly := _hourly(sku, UNITS[named[2]])) <= 0:
            continue
        for region in filter(REGION.fullmatch, sku["serviceRegions"]):
            part = _Part(family, named[2], usage, region)
            found[part] = max(hourly, found.get(part, hourly))
    return found


def _hourly(sku: Sku, unit: str) -> Decimal:
    """Of one unit; 0 where it is counted in another one."""
    expression = sku["pricingInfo"][-1]["pricingExpression"]
    if expression["usageUnit"] != unit:
        return Decimal(0)
    price = expression["tieredRates"][-1]["unitPrice"]
    return int(price.get("units", 0)) + Decimal(price.get("nanos", 0)).scaleb(-9)
