"""The snapshot that is shipped: where it is from, and that it holds what it should."""

from __future__ import annotations

import datetime
from decimal import Decimal

from moot.market import snapshot
from moot.market.facts import DISK, EGRESS, SLAS
from moot.market.kept import SHIPPED
from moot.model.market import VENDORS, Wish
from moot.passes.winnow import winnow

MOST_BYTES = 3_000_000


def quotes(**wish):
    return winnow(Wish(**wish), "price", snapshot(), [], {})[0]


def test_is_small_and_says_where_it_is_from():
    assert SHIPPED.stat().st_size < MOST_BYTES
    notice = SHIPPED.with_name("NOTICE").read_text()
    for vendor in snapshot():
        assert vendor.source and "apache-libcloud" in vendor.source
        assert datetime.date.fromisoformat(vendor.priced) < datetime.date(2026, 12, 31)
    assert all(word in notice for word in ("Apache License 2.0", "moto", "2020-06-30"))


def test_sells_for_those_vendors_that_the_model_names():
    assert tuple(vendor.name for vendor in snapshot()) == VENDORS
    assert {*SLAS} == {*EGRESS} == {*DISK} == {*VENDORS}


def test_traffic_and_disk_have_a_price_and_its_day_in_the_currency_of_the_machines():
    for vendor in snapshot():
        assert vendor.currency == "USD"
        assert Decimal("0.05") < vendor.disk < Decimal("0.2") and vendor.egress
        assert datetime.date.fromisoformat(vendor.disk_day)
        assert datetime.date.fromisoformat(vendor.egress_day)


def test_has_every_offering_of_the_tables():
    zones = {
        vendor.name: sum(
            max(1, bits.bit_count()) for kind in vendor.kinds for _, _, bits in kind.prices.values()
        )
        for vendor in snapshot()
    }
    assert zones["aws"] == 34_139
    assert zones["azure"] > 5_000 and zones["gcp"] > 1_900


def test_known_prices():
    """As the vendors' own pages had them on those days."""
    t3 = quotes(types=("t3.micro",), regions=("us-east-1",))[0]
    assert (t3.hourly, t3.cpu, t3.memory_mib, t3.arch) == (Decimal("0.0104"), 2, 1024, "amd64")
    g5 = quotes(types=("g5.xlarge",), regions=("us-*",))[0]
    assert (g5.hourly, g5.gpus, g5.gpu, g5.memory_mib) == (Decimal("1.006"), 1, "A10G", 16384)
    d2 = quotes(types=("Standard_D2s_v3",), regions=("eastus",))[0]
    assert (d2.hourly, d2.cpu, d2.memory_mib) == (Decimal("0.096"), 2, 8192)
    n1 = quotes(types=("n1-standard-1",), regions=("us-central1",))[0]
    assert (n1.spot, n1.cpu, n1.memory_mib) == (Decimal("0.01"), 1, 3840)
    assert round(n1.hourly, 4) == Decimal("0.0475")


def test_everything_has_a_price_a_size_and_an_architecture():
    for quote in quotes():
        assert quote.hourly and quote.hourly > 0 and quote.cpu > 0 and quote.memory_mib > 0
        assert quote.arch in ("amd64", "arm64") and quote.currency == "USD"
        assert quote.spot is None or quote.spot > 0
        assert bool(quote.gpus) == bool(quote.gpu)
