"""Amazon's prices of spot and how often it is interrupted: two documents for all regions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from moot.market.aws import BASE as MIRRORED_AS
from moot.market.download import document
from moot.market.listed import Listed, NoPrices, PriceList, misread

# What aws.amazon.com/ec2/spot/pricing and aws.amazon.com/ec2/spot/instance-advisor load.
PRICES, PRICES_PATH = "https://website.spot.ec2.aws.a2z.com", "/spot.json"
ADVICE, ADVICE_PATH = "https://spot-bid-advisor.s3.amazonaws.com", "/spot-advisor-data.json"
PRICE = re.compile(r"\d+(\.\d+)?")  # else `N/A`, with marks
# Regions that the first of both calls otherwise.
ALIASES: Mapping[str, str] = {
    "us-east": "us-east-1",
    "us-west": "us-west-1",
    "eu-ireland": "eu-west-1",
    "apac-sin": "ap-southeast-1",
    "apac-syd": "ap-southeast-2",
    "apac-tokyo": "ap-northeast-1",
}

Spots = Mapping[str, Mapping[str, int]]  # by region and type, in millionths an hour


class AwsSpot:
    """What Amazon says `today`; `base` is the address of its price lists, or of a mirror that has
    these, too.
    """

    vendor = "aws-spot"
    seller = "aws"
    title = "list of EC2 spot prices"
    variable = "MOOT_PRICES_AWS"
    keyed = False

    def __init__(self, base: str, today: str) -> None:
        mirror = base.rstrip("/")
        self.mirrored = mirror != MIRRORED_AS
        self._prices = (mirror if self.mirrored else PRICES) + PRICES_PATH
        self._advice = (mirror if self.mirrored else ADVICE) + ADVICE_PATH
        self._today = today
        self._spots: Spots = {}
        self._interruptions: Mapping[str, Mapping[str, float]] = {}

    def editions(self) -> Mapping[str, str]:
        """Both documents are read here; their prices are those of today."""
        url = self._prices
        try:
            self._spots = {
                ALIASES.get(region["region"], region["region"]): dict(_spots(region))
                for region in document(url)["config"]["regions"]
            }
            url = self._advice
            self._interruptions = _interruptions(document(url))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise NoPrices(f"{url} cannot be understood: it {misread(error)}") from None
        return dict.fromkeys(sorted(self._spots), self._today)

    def price_list(self, region: str, edition: str) -> PriceList:
        """Of a region."""
        often = self._interruptions.get(region, {})
        types = {
            name: Listed(None, 0, micros, often.get(name))
            for name, micros in self._spots[region].items()
        }
        return PriceList(edition, types, spot_only=True)


def _spots(region: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The types of a region that have a price with Linux."""
    for family in region["instanceTypes"]:
        for size in family["sizes"]:
            for column in size["valueColumns"]:
                price = column["prices"]["USD"]
                if column["name"] == "linux" and PRICE.fullmatch(price):
                    yield size["size"], round(Decimal(price).scaleb(6))


def _interruptions(advice: Mapping[str, Any]) -> Mapping[str, Mapping[str, float]]:
    """By region and type how many of one machine at most were taken back in the last month: a
    range is named by its number, and `max` is where it ends, in percent.
    """
    most = {each["index"]: each["max"] / 100 for each in advice["ranges"]}
    return {
        region: {name: most[told["r"]] for name, told in systems.get("Linux", {}).items()}
        for region, systems in advice["spot_advisor"].items()
    }
