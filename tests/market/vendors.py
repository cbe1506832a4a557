"""Vendors on this machine: a server of HTTP that answers as their interfaces are documented to."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast
from urllib.parse import parse_qs, urlsplit

Run = Callable[[str], tuple[int, str, str]]

EC2 = "/offers/v1.0/aws/AmazonEC2"
INDEX = f"{EC2}/current/region_index.json"
AZURE = "/api/retail/prices"
SPOT, ADVICE = "/spot.json", "/spot-advisor-data.json"
GCP = "/v1/services/6F81-5844-456A/skus"
KEY = "a-key-of-mine"
COLUMNS = (
    *("SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate"),
    *("StartingRange", "EndingRange", "Unit", "PricePerUnit", "Currency", "RelatedTo"),
    *("LeaseContractLength", "PurchaseOption", "OfferingClass", "Product Family", "serviceCode"),
    *("Location", "Location Type", "Instance Type", "Current Generation", "Instance Family"),
    *("vCPU", "Physical Processor", "Clock Speed", "Memory", "Storage", "Network Performance"),
    *("Processor Architecture", "Tenancy", "Operating System", "License Model", "operation"),
    *("CapacityStatus", "GPU", "Pre Installed S/W", "Region Code", "serviceName"),
)
A_LINE = {
    "OfferTermCode": "JRTCKXETXF",
    "TermType": "OnDemand",
    "PriceDescription": '$0.1 per On Demand Linux "m5.large", an hour',
    "StartingRange": "0",
    "EndingRange": "Inf",
    "Unit": "Hrs",
    "Currency": "USD",
    "Product Family": "Compute Instance",
    "serviceCode": "AmazonEC2",
    "Location Type": "AWS Region",
    "vCPU": "2",
    "Physical Processor": "Intel Xeon Platinum 8175",
    "Memory": "8 GiB",
    "Tenancy": "Shared",
    "Operating System": "Linux",
    "License Model": "No License required",
    "operation": "RunInstances",
    "CapacityStatus": "Used",
    "Pre Installed S/W": "NA",
}
RANGES = (("<5%", 5), ("5-10%", 11), ("10-15%", 16), ("15-20%", 22), (">20%", 100))
A_SKU = {
    "name": "services/6F81-5844-456A/skus/0000-0000-0000",
    "skuId": "0000-0000-0000",
    "category": {
        "serviceDisplayName": "Compute Engine",
        "resourceFamily": "Compute",
        "resourceGroup": "CPU",
        "usageType": "OnDemand",
    },
    "serviceRegions": ["europe-west1"],
    "serviceProviderName": "Google",
}
AN_ITEM = {
    "currencyCode": "USD",
    "tierMinimumUnits": 0.0,
    "location": "EU West",
    "effectiveStartDate": "2026-06-01T00:00:00Z",
    "meterName": "D2s v3",
    "productName": "Virtual Machines DSv3 Series",
    "skuName": "D2s v3",
    "serviceName": "Virtual Machines",
    "serviceFamily": "Compute",
    "unitOfMeasure": "1 Hour",
    "type": "Consumption",
    "isPrimaryMeterRegion": True,
}


@dataclass(slots=True)
class Reply:
    """What is answered: `cut` ends the connection after so many bytes, as if a cable were drawn;
    of what `drips` a byte comes at a time.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    drips: Literal["", "body", "all"] = ""


@dataclass(slots=True)
class Vendors:
    """The vendors; what is in `troubles` for a path is answered first, each once."""

    url: str
    pages: int = 2  # items of Azure on one
    lists: dict[str, bytes] = field(default_factory=dict)
    items: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    editions: dict[str, str] = field(default_factory=dict)
    skus: list[Mapping[str, Any]] = field(default_factory=list)
    spots: dict[str, dict[str, str]] = field(default_factory=dict)
    often: dict[str, dict[str, int]] = field(default_factory=dict)
    troubles: dict[str, list[Reply]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    packed: bool = True

    def aws(self, region: str, *lines: Mapping[str, str], day: str = "2026-11-20") -> str:
        """A price list of a region; answers the path of it."""
        self.lists[region] = price_list(lines, day)
        self.editions[region] = f"{day.replace('-', '')}120000"
        return f"{EC2}/{self.editions[region]}/{region}/index.csv"

    def azure(self, region: str, *items: Mapping[str, Any]) -> None:
        """Items of a region."""
        self.items[region] = [{**AN_ITEM, "armRegionName": region, **item} for item in items]

    def gcp(self, said: str, nanos: int, unit: str = "h", **more: Any) -> None:
        """An SKU that is described so, at so many billionths; usage by its description."""
        usage = "Preemptible" if said.startswith("Spot") else "OnDemand"
        price = {"currencyCode": "USD", "units": "0", "nanos": nanos}
        rates = [{"startUsageAmount": 0, "unitPrice": price}]
        pricing = {"pricingExpression": {"usageUnit": unit, "tieredRates": rates}}
        category = {**A_SKU["category"], "usageType": usage}
        info = {"description": said, "category": category, "pricingInfo": [pricing]}
        self.skus.append({**A_SKU, **info, **more})

    def reply(self, target: str, key: str = "") -> Reply:
        """The answer to a question."""
        path = urlsplit(target).path
        self.asked.append(target)
        if self.troubles.get(path):
            return self.troubles[path].pop(0)
        if path == INDEX:
            return Reply(json.dumps(self._index()).encode())
        if path == AZURE:
            return Reply(json.dumps(self._page(target)).encode())
        if path == SPOT:
            return Reply(json.dumps(self._spot()).encode())
        if path == ADVICE:
            return Reply(json.dumps(self._advice()).encode())
        if path == GCP:
            if key != KEY:
                return Reply(b'{"error": {"code": 400}}', 400)
            return Reply(json.dumps(self._some(target)).encode())
        for region, edition in self.editions.items():
            if path == f"{EC2}/{edition}/{region}/index.csv":
                return Reply(self.lists[region])
        return Reply(b"no such thing", 404)

    def _index(self) -> dict[str, Any]:
        regions = {
            region: {"regionCode": region, "currentVersionUrl": f"{EC2}/{e}/{region}/index.json"}
            for region, e in self.editions.items()
        }
        return {"formatVersion": "v1.0", "publicationDate": "2026-11-21", "regions": regions}

    def _spot(self) -> dict[str, Any]:
        """As Amazon's page of spot prices loads it: families, sizes, a price for each system."""
        regions = [
            {
                "region": region,
                "footnotes": {"*": "notAvailableForCCorCGPU"},
                "instanceTypes": [{"type": "generalCurrentGen", "sizes": _sizes(prices)}],
            }
            for region, prices in self.spots.items()
        ]
        columns = ["linux", "mswin"]
        config = {"rate": "perhr", "valueColumns": columns, "currencies": ["USD"]}
        return {"vers": 0.01, "config": {**config, "regions": regions}}

    def _advice(self) -> dict[str, Any]:
        """As Amazon's advisor of spot loads it."""
        regions = {
            region: {
                "Linux": {name: {"s": 70, "r": number} for name, number in types.items()},
                "Windows": {name: {"s": 50, "r": 4} for name in types},
            }
            for region, types in self.often.items()
        }
        return {
            "global_rate": "<10%",
            "instance_types": {"m5.large": {"emr": True, "cores": 2, "ram_gb": 8.0}},
            "ranges": [
                {"index": n, "label": label, "dots": n, "max": most}
                for n, (label, most) in enumerate(RANGES)
            ],
            "spot_advisor": regions,
        }

    def _some(self, target: str) -> dict[str, Any]:
        question = parse_qs(urlsplit(target).query)
        first = int(question.get("pageToken", ["page=0"])[0].removeprefix("page="))
        last = first + self.pages
        more = f"page={last}" if last < len(self.skus) else ""
        return {"skus": self.skus[first:last], "nextPageToken": more}

    def _page(self, target: str) -> dict[str, Any]:
        question = parse_qs(urlsplit(target).query)
        wanted = question["$filter"][0]
        assert "serviceName eq 'Virtual Machines' and priceType eq 'Consumption'" in wanted
        region = wanted.rpartition("armRegionName eq ")[2].strip("'")
        first = int(question.get("$skip", ["0"])[0])
        found = self.items.get(region, [])
        last = first + self.pages
        link = (
            f"https://prices.azure.com:443{AZURE}?api-version={question['api-version'][0]}"
            f"&$filter={wanted.replace(' ', '%20')}&$skip={last}"
        )
        return {
            "BillingCurrency": "USD",
            "Items": found[first:last],
            "NextPageLink": link if last < len(found) else None,
            "Count": len(found[first:last]),
        }


def _sizes(prices: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "size": name,
            "valueColumns": [
                {"name": "linux", "prices": {"USD": price}},
                {"name": "mswin", "prices": {"USD": "9.9999"}},
            ],
        }
        for name, price in prices.items()
    ]


def price_list(lines: Sequence[Mapping[str, str]], day: str) -> bytes:
    """As Amazon writes it: facts of the list, the names of the columns, and a line for a price."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(("FormatVersion", "v1.0"))
    writer.writerow(("Disclaimer", "This list is for information, see http://aws.amazon.com."))
    writer.writerow(("Publication Date", f"{day}T12:00:00Z"))
    writer.writerow(("Version", f"{day.replace('-', '')}120000"))
    writer.writerow(("OfferCode", "AmazonEC2"))
    writer.writerow(COLUMNS)
    for number, line in enumerate(lines):
        cells = {"SKU": f"SKU{number}", **A_LINE, **line}
        assert cells.keys() <= set(COLUMNS)
        writer.writerow(cells.get(column, "") for column in COLUMNS)
    return text.getvalue().encode()


class Dripping:
    """Where bytes go to one by one."""

    def __init__(self, to: io.BufferedIOBase) -> None:
        self._to = to

    def write(self, data: bytes) -> int:
        for byte in data:
            self._to.write(bytes([byte]))
            time.sleep(0.02)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._to, name)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asks may hang up."""


@contextmanager
def vendors() -> Iterator[Vendors]:
    """They answer as long as this lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            reply = there.reply(self.path, self.headers.get("X-Goog-Api-Key", ""))
            body, headers = reply.body, dict(reply.headers)
            if there.packed and "gzip" in self.headers.get("Accept-Encoding", ""):
                body = gzip.compress(body)
                headers["Content-Encoding"] = "gzip"
            slow = cast("io.BufferedIOBase", Dripping(self.wfile))
            if reply.drips == "all":
                self.wfile = slow
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.drips == "body":
                self.wfile = slow
            self.wfile.write(body[: reply.cut])
            self.close_connection = reply.cut is not None or bool(reply.drips)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        there = Vendors(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield there
        finally:
            server.shutdown()
            thread.join()


def quotes(told: Run, options: str) -> list[dict[str, Any]]:
    code, out, _ = told(f"offerings --json --limit all {options}")
    assert code == 0
    return json.loads(out)["offerings"]


def prices(told: Run, vendor: str, region: str) -> dict[str, tuple[str, str]]:
    found = quotes(told, f"--vendor {vendor} --region {region}")
    return {quote["type"]: (quote["hourly"], quote["priced"]) for quote in found}
