"""Which quotes grant a wish, and in which order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moot.model.market import ORDERS, Kind, Vendor, Wish
from moot.model.venue import Offering, Venue
from moot.passes.winnow import winnow

CLOUD = Vendor(
    name="cloud",
    currency="USD",
    priced="2025-03-02",
    source="a table",
    regions={"eu-1": ["eu-1a", "eu-1b"], "us-1": []},
    kinds=[
        Kind("small", 1, 1024, "amd64", 0, "", {"eu-1": (10_000, 0, 1), "us-1": (8_000, 3_000, 0)}),
        Kind("arm", 4, 8192, "arm64", 0, "", {"eu-1": (90_000, 0, 3)}),
        Kind("gpu", 4, 16384, "amd64", 0.5, "T4", {"us-1": (500_000, 100_000, 0)}),
    ],
)
LAPTOP = Offering(
    venue="laptop",
    name="local",
    cpu=8,
    memory_mib=16384,
    traits=frozenset({"arch:amd64", "os:linux", "gpu", "gpu:nvidia"}),
    priced="2026-11-22",
)
VENUES = {"laptop": Venue(name="laptop", provider="host")}


def found(order="price", venues=VENUES, **wish):
    quotes, total = winnow(Wish(**wish), order, [CLOUD], [LAPTOP], venues)
    assert total == len(quotes)
    return [f"{quote.venue or quote.region}/{quote.type}" for quote in quotes]


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        ({}, ["laptop/local", "us-1/small", "eu-1/small", "eu-1/arm", "us-1/gpu"]),
        ({"cpu": 4}, ["laptop/local", "eu-1/arm", "us-1/gpu"]),
        ({"memory_mib": 8193}, ["laptop/local", "us-1/gpu"]),
        ({"arch": "arm64"}, ["eu-1/arm"]),
        ({"gpu": True}, ["laptop/local", "us-1/gpu"]),
        ({"regions": ("eu-*",)}, ["eu-1/small", "eu-1/arm"]),
        ({"regions": ("EU-1", "us-?"), "cpu": 2}, ["eu-1/arm", "us-1/gpu"]),
        ({"vendors": ("host",)}, ["laptop/local"]),
        ({"vendors": ("cloud",), "types": ("s*",)}, ["us-1/small", "eu-1/small"]),
        ({"types": ("*.large",)}, []),
        ({"spot": True}, ["us-1/small", "us-1/gpu"]),
    ],
)
def test_a_wish_is_granted(wish, left):
    assert found(**wish) == left


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("price", ["us-1/small", "eu-1/small", "eu-1/arm", "us-1/gpu"]),
        ("spot", ["us-1/small", "us-1/gpu", "eu-1/arm", "eu-1/small"]),
        ("per-cpu", ["us-1/small", "eu-1/small", "eu-1/arm", "us-1/gpu"]),
        ("per-gib", ["us-1/small", "eu-1/small", "eu-1/arm", "us-1/gpu"]),
        ("cpu", ["eu-1/arm", "us-1/gpu", "us-1/small", "eu-1/small"]),
        ("memory", ["us-1/gpu", "eu-1/arm", "us-1/small", "eu-1/small"]),
    ],
)
def test_order(order, first):
    assert found(order, vendors=("cloud",)) == first


def test_a_quote_of_the_market():
    quote = winnow(Wish(types=("arm",)), "price", [CLOUD], [], VENUES)[0][0]
    assert (quote.hourly, quote.currency, quote.priced) == (Decimal("0.09"), "USD", "2025-03-02")
    assert (quote.zones, quote.spot) == (("eu-1a", "eu-1b"), None)
    assert quote.standing == "not configured"


def test_what_a_configured_provider_sells_can_be_had():
    venues = {"mine": Venue(name="mine", provider="cloud")}
    quote = winnow(Wish(types=("arm",)), "price", [CLOUD], [], venues)[0][0]
    assert quote.standing == "obtainable"


def test_a_quote_of_a_venue():
    quote = winnow(Wish(), "price", [], [LAPTOP], VENUES)[0][0]
    assert (quote.vendor, quote.venue, quote.standing) == ("host", "laptop", "offered")
    assert (quote.arch, quote.gpus, quote.gpu) == ("amd64", 1, "nvidia")
    assert (quote.hourly, quote.priced) == (0, "2026-11-22")


def test_an_unknown_price_is_last():
    unknown = Offering(venue="laptop", name="later", cpu=64, memory_mib=1, hourly=None)
    for order in ("price", "per-cpu", "per-gib", "spot"):
        last, _ = winnow(Wish(), order, [CLOUD], [unknown], VENUES)
        assert last[-1].type == "later" or order == "spot"
        assert [quote.type for quote in last].count("later") == 1


@given(some.permutations(CLOUD.kinds), some.sampled_from(ORDERS))
def test_the_order_of_the_table_does_not_matter(kinds, order):
    shuffled = Vendor(**{name: getattr(CLOUD, name) for name in CLOUD.__slots__} | {"kinds": kinds})
    one, other = (winnow(Wish(), order, [v], [], VENUES) for v in (CLOUD, shuffled))
    assert one == other


@given(some.sampled_from(ORDERS), some.integers(0, 6))
def test_a_limit_takes_the_first(order, limit):
    every, total = winnow(Wish(), order, [CLOUD], [LAPTOP], VENUES)
    assert winnow(Wish(), order, [CLOUD], [LAPTOP], VENUES, limit) == (
        every[:limit],
        total,
    )
