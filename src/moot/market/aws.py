"""Amazon's Price List Bulk API: a text of comma-separated lines for each region of EC2."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urlsplit

from moot.market.download import document, lines
from moot.market.listed import Listed, NoPrices, PriceList, Shape, misread

BASE = "https://pricing.us-east-1.amazonaws.com"
INDEX = "/offers/v1.0/aws/AmazonEC2/current/region_index.json"
GIB = 1024

# What an hour of a shared machine with Linux alone, without a term, is called in the columns of
# docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/bulk-api-reading-price-list-files.html;
# each type has some hundred other prices.
WANTED: Mapping[str, tuple[str, ...]] = {
    "TermType": ("OnDemand",),
    "Unit": ("Hrs",),
    "Currency": ("USD",),
    "Product Family": ("Compute Instance", "Compute Instance (bare metal)"),
    "Location Type": ("AWS Region",),
    "Tenancy": ("Shared",),
    "Operating System": ("Linux",),
    "Pre Installed S/W": ("NA", ""),
    "CapacityStatus": ("Used",),
}
TOLD = ("Instance Type", "vCPU", "Memory", "Physical Processor", "PricePerUnit")
ALSO = ("GPU",)  # not in every list


class _Line(NamedTuple):
    """The columns in TOLD and ALSO."""

    type: str
    cpu: str
    memory: str
    processor: str
    price: str
    gpus: str = ""


class Aws:
    """What Amazon says; `base` is the address of its interface, or of a mirror."""

    vendor = seller = "aws"
    title = "AWS Price List Bulk API"
    variable = "MOOT_PRICES_AWS"
    keyed = False

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        self.mirrored = self._base != BASE

    def editions(self) -> Mapping[str, str]:
        """The address of each region's list has the time at which that was made."""
        index = document(self._base + INDEX)
        try:
            regions = index["regions"].values()
            return {
                each["regionCode"]: urlsplit(each["currentVersionUrl"]).path for each in regions
            }
        except (AttributeError, LookupError, TypeError, ValueError):
            raise NoPrices(f"{self._base}{INDEX} is no index of regions") from None

    def price_list(self, region: str, edition: str) -> PriceList:
        """Of a region; the list of the largest has some hundred megabytes."""
        url = self._base + edition.removesuffix(".json") + ".csv"
        text = lines(url)
        try:
            return _read(text)
        except (LookupError, ArithmeticError) as error:
            raise NoPrices(f"{url} cannot be understood: it {misread(error)}") from None
        except (ValueError, csv.Error) as error:
            raise NoPrices(f"{url} cannot be understood: {error}") from None


def _read(text: Iterator[str]) -> PriceList:
    """Before the line with the names of the columns stand some with facts of the whole list."""
    priced, columns = "", list[str]()
    for row in csv.reader(text):
        if row[:1] == ["Publication Date"]:
            priced = date.fromisoformat(row[1][:10]).isoformat()
        if row[:1] == ["SKU"]:
            columns = row
            break
    if not priced or not columns:
        raise ValueError("it does not begin as a price list does")
    found: dict[str, Listed] = {}
    for line in _chosen(text, columns):
        listed = _listed(line)
        if listed and listed.hourly > getattr(found.get(line.type), "hourly", 0):
            found[line.type] = listed
    return PriceList(priced, found)


def _chosen(text: Iterable[str], columns: Sequence[str]) -> Iterator[_Line]:
    """Most lines are of other terms: they are passed over before they are taken apart."""
    lacking = [name for name in (*WANTED, *TOLD) if name not in columns]
    if lacking:
        raise ValueError(f"it has no column {lacking[0]}")
    wanted = [(columns.index(name), values) for name, values in WANTED.items()]
    told = [columns.index(name) for name in (*TOLD, *ALSO) if name in columns]
    for row in csv.reader(line for line in text if "OnDemand" in line):
        if len(row) != len(columns):
            raise ValueError(f"a line has {len(row)} columns in place of {len(columns)}")
        if all(row[at] in values for at, values in wanted):
            yield _Line(*(row[at] for at in told))


def _listed(line: _Line) -> Listed | None:
    hourly = round(Decimal(line.price).scaleb(6))
    size = re.fullmatch(r"([0-9.,]+) GiB", line.memory)
    if not size or not line.cpu.isdecimal() or line.type.startswith("mac"):
        return None
    shape = Shape(
        cpu=int(line.cpu),
        memory_mib=round(Decimal(size[1].replace(",", "")) * GIB),
        arch="arm64" if "Graviton" in line.processor else "amd64",
        gpus=float(line.gpus) if line.gpus.isdecimal() else 0.0,
    )
    return Listed(shape, hourly)
