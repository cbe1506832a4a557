"""Microsoft's Azure Retail Prices API: pages of JSON, asked for a region at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from moot.market.download import document
from moot.market.facts import COUNTRIES
from moot.market.listed import Listed, NoPrices, PriceList, misread
from moot.market.series import shape

BASE = "https://prices.azure.com"
PATH = "/api/retail/prices"
# learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices: values are told
# apart by upper and lower case since this version.
VERSION = "2023-01-01-preview"
FILTER = "serviceName eq 'Virtual Machines' and priceType eq 'Consumption' and armRegionName eq"
MOST_PAGES = 1000
# What else is sold under the name of a type: with a licence, as a part of an older service, whole.
OTHERS = ("Windows", "Cloud Services", "CloudServices", "Dedicated Host")

Item = Mapping[str, Any]


class Azure:
    """What Microsoft says `today`; `base` is the address of its interface, or of a mirror."""

    vendor = seller = "azure"
    title = "Azure Retail Prices API"
    variable = "MOOT_PRICES_AZURE"
    keyed = False

    def __init__(self, base: str, today: str) -> None:
        self._url = base.rstrip("/") + PATH
        self.mirrored = base.rstrip("/") != BASE
        self._today = today

    def editions(self) -> Mapping[str, str]:
        """It has no list of regions, so these are the known ones; its prices are those of today."""
        return dict.fromkeys(sorted(COUNTRIES["azure"]), self._today)

    def price_list(self, region: str, edition: str) -> PriceList:
        """Of a region."""
        try:
            return PriceList(edition, _types(self._items(region)))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            reason = f"{self._url} of {region} cannot be understood: it {misread(error)}"
            raise NoPrices(reason) from None

    def _items(self, region: str) -> Iterator[Item]:
        """A page has the address of the next one, of which only the question is taken: no answer
        leads anywhere else.
        """
        wanted = quote(f"{FILTER} '{region}'")
        question = f"api-version={VERSION}&$filter={wanted}"
        for _ in range(MOST_PAGES):
            page = document(f"{self._url}?{question}")
            yield from page["Items"]
            if not page["NextPageLink"]:
                return
            question = urlsplit(page["NextPageLink"]).query
        raise NoPrices(f"{self._url} has no last page for {region}")


def _types(items: Iterable[Item]) -> dict[str, Listed]:
    """What stands twice counts once, as it is where it is sold first of all."""
    full: dict[str, tuple[bool, int]] = {}
    spot: dict[str, tuple[bool, int]] = {}
    for item in items:
        if not _is_machine(item):
            continue
        prices = spot if item["skuName"].endswith(" Spot") else full
        price = bool(item.get("isPrimaryMeterRegion")), round(item["retailPrice"] * 1_000_000)
        name = item["armSkuName"]
        prices[name] = max(price, prices.get(name, price))
    return {
        name: Listed(shape(name), hourly, spot.get(name, (False, 0))[1])
        for name, (_, hourly) in full.items()
        if hourly
    }


def _is_machine(item: Item) -> bool:
    """An hour of a machine with Linux, of the price for everybody."""
    return (
        item["unitOfMeasure"] == "1 Hour"
        and item["currencyCode"] == "USD"
        and item["armSkuName"].startswith("Standard_")
        and not item["skuName"].endswith(" Low Priority")
        and not any(other in item["productName"] for other in OTHERS)
    )
