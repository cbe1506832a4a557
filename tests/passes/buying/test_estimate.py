"""What an App would cost where: regions, spread, residency, data, and why a vendor cannot."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Container, Mount, Needs, Policy, Volume
from moot.model.market import Kind, Vendor
from moot.model.traffic import Traffic
from tests.passes.buying.bargain import estimated, vendor


def kind(name: str, cpu: float, gib: float, arch: str = "amd64", gpu: str = "", **prices: int):
    """Prices are in thousandths; by region, where `eu_1` is `eu-1`, in the zones a and b."""
    micros = {region.replace("_", "-"): (p * 1000, 0, 3) for region, p in prices.items()}
    return Kind(name, cpu, int(gib * 1024), arch, float(bool(gpu)), gpu, micros)


ALPHA = vendor(
    [
        kind("s", 2, 4, eu_1=20, us_1=16),
        kind("l", 8, 16, eu_1=70, us_1=60),
        kind("arm", 2, 4, "arm64", eu_1=15, us_1=18),
        kind("g", 4, 16, gpu="T4", us_1=300),
    ],
    name="alpha",
    **{"eu-1": ["eu-1a", "eu-1b"], "us-1": ["us-1a", "us-1b"]},
)
BETA = vendor([kind("x", 4, 8, eu=50)], name="beta", eu=[])
ALONE = "no cheaper than one of them alone"
AREAS = {
    "alpha": {"eu-1": frozenset({"eu", "ie"}), "us-1": frozenset({"us"})},
    "beta": {"eu": frozenset({"eu"})},
}


def part(
    name: str = "web", replicas: int = 1, cpu: float = 2, gib: float = 4, *traits: str, **more
):
    needs = Needs(cpu=cpu, memory_mib=int(gib * 1024), traits=frozenset(traits))
    return Component(name=name, replicas=replicas, needs=needs, **more)


def app(*components: Component, **policy: object) -> App:
    return App(
        name="shop", components=components, volumes=(Volume(name="d"),), policy=Policy(**policy)
    )


def bought(shop: App, *market: Vendor, top: int = 1) -> list[str]:
    """Per estimate where what is bought and for how many thousandths, or why nothing is."""
    found = estimated(shop, market or (ALPHA, BETA), AREAS, 20, top=top)
    for one in found:
        assert one.least <= one.hourly and one.gap >= 0
        assert one.reason or set(Counter(site.vendor for site in one.sites)) == set(one.vendors)
    told = (one.reason or f"{_where(one.sites)}: {float(one.hourly) * 1000:g}" for one in found)
    return [line for line in told if line != ALONE]


def _where(sites) -> str:
    return " + ".join(
        f"{site.zone or site.region} {','.join(f'{n}{type}' for type, n in site.counted)}"
        for site in sites
    )


def test_what_only_one_of_two_vendors_has_is_bought_there():
    shop = app(part("ml", 1, 4, 16, "gpu"), part("big", 1, 4, 8))
    dear = vendor([kind("y", 4, 8, eu=20)], name="beta", eu=[])
    assert bought(shop, ALPHA, dear) == [
        "us-1 1g,1l: 360",
        "ml needs gpu, which beta does not have",
        "us-1 1g + eu 1y: 320",
    ]
    near = app(part("ml", 1, 4, 16, "gpu"), part("big", 1, 4, 8, near=("ml",)))
    assert bought(near, ALPHA, dear)[2:] == []


def test_two_vendors_are_no_cheaper_where_their_traffic_costs_more():
    def shop(gb: int) -> App:
        talk = (Traffic(to="ml", gb_monthly=Decimal(gb)),)
        return app(part("ml", 1, 4, 16, "gpu"), part("big", 1, 4, 8, traffic=talk))

    metered = replace(ALPHA, egress=Decimal("0.1"))
    dear = vendor([kind("y", 4, 8, eu=20)], name="beta", eu=[])
    assert bought(shop(73), metered, dear)[-1] == "us-1 1g + eu 1y: 325"
    assert len(bought(shop(730), metered, dear)) == 2


@pytest.mark.parametrize(
    ("shop", "found"),
    [
        (app(part()), ["eu-1 1arm: 15", "eu 1x: 50"]),
        (app(part(replicas=4)), ["eu-1 4arm: 60", "eu 2x: 100"]),
        (app(part(replicas=5, container=Container(platform="linux/amd64"))),
         ["us-1 1l,1s: 76", "eu 3x: 150"]),
        (app(part(cpu=0.5, gib=1), part("db", 1, 1.5, 3)), ["eu-1 1arm: 15", "eu 1x: 50"]),
        (app(part(), residency=("us",)),
         ["us-1 1s: 16", "no region of beta is known to be us"]),
        (app(part(), residency=("us", "jp")),
         ["us-1 1s: 16", "no region of beta is known to be jp or us"]),
        (app(part(), part("db", 1, 1, 1, "eu", "arch:amd64")), ["eu-1 1s,1arm: 35", "eu 1x: 50"]),
        (app(part("ml", 1, 1, 1, "gpu:nvidia")),
         ["us-1 1g: 300", "ml needs gpu:nvidia, which beta does not have"]),
        (app(part("ml", 2, 1, 1, "gpu")),
         ["us-1 2g: 600", "ml needs gpu, which beta does not have"]),
        (app(part(cpu=5)), ["us-1 1l: 60", "web needs 5 CPUs on one machine, the largest has 4"]),
        (app(part(gib=20)), ["web needs 20 GiB on one machine, the largest has 16",
                             "web needs 20 GiB on one machine, the largest has 8"]),
        (app(part(isolation="vm")), ["web wants to be isolated as a vm"] * 2),
        (app(part(cpu=0, gib=0)), ["eu-1 1arm: 15", "eu 1x: 50"]),
        (app(), ["eu-1 : 0", "eu : 0"]),
        (app(part(replicas=0)), ["eu-1 : 0", "eu : 0"]),
    ],
)  # fmt: skip
def test_one_region(shop: App, found: list[str]):
    assert bought(shop) == found


@pytest.mark.parametrize(
    ("spread", "found"),
    [
        ({"host": 3}, ["eu-1 3arm: 45", "eu 3x: 150"]),
        ({"host": 9}, ["eu-1 4arm: 60", "eu 4x: 200"]),
        ({"zone": 2}, ["eu-1a 1arm + eu-1b 1arm: 30", "eu 1x + eu 1x: 100"]),
        ({"zone": 3}, ["no region has all of it", "eu 1x + eu 1x + eu 1x: 150"]),
        ({"region": 2}, ["eu-1 1arm + us-1 1s: 31", "x-moot.spread wants 2 regions, it has 1"]),
        ({"vendor": 2}, ["x-moot.spread wants 2 vendors"] * 2 + ["eu-1 1arm + eu 1x: 65"]),
        ({"venue": 2}, ["x-moot.spread wants 2 vendors"] * 2 + ["eu-1 1arm + eu 1x: 65"]),
        ({"vendor": 2, "region": 3, "host": 4},
         ["x-moot.spread wants 2 vendors"] * 2 + ["eu-1 2arm + us-1 1s + eu 1x: 96"]),
    ],
)  # fmt: skip
def test_spread(spread, found):
    assert bought(app(part(replicas=4, cpu=0.25, gib=0.5), spread=spread)) == found


def test_the_bound_of_several_regions_is_of_the_cheapest():
    prices = {"eu_1": 20, "us_1": 16, "ap_1": 90}
    market = vendor(
        [kind("s", 2, 4, **prices)], "alpha", **{r.replace("_", "-"): [] for r in prices}
    )
    areas = {"alpha": dict.fromkeys(market.regions, frozenset())}
    (found,) = estimated(app(part(replicas=3), spread={"region": 2}), (market,), areas, 0)
    assert (found.hourly, found.least) == (Decimal("0.052"), Decimal("0.052"))


def test_components_with_fewer_replicas_are_spread_as_far_as_they_go():
    shop = app(part(replicas=2), part("db"), spread={"zone": 2})
    assert bought(shop, ALPHA) == ["eu-1a 2arm + eu-1b 1arm: 45"]


def test_what_shares_data_is_on_one_machine():
    mount = (Mount(kind="volume", source="d", target="/d"),)
    kept = app(part("db", mounts=mount), part("backup", mounts=mount), part(cpu=8, gib=16))
    (found,) = estimated(kept, (ALPHA,), AREAS, 20)
    machines = found.sites[0].machines
    assert [(m.type, m.names) for m in machines] == [("l", ("backup+db",)), ("l", ("web",))]
    spread = app(part("db", 2, mounts=mount), spread={"host": 2})
    assert bought(spread, ALPHA) == [
        "db keeps data on one machine, and x-moot.spread wants several"
    ]


def test_the_best_regions_of_each():
    assert bought(app(part()), ALPHA, top=3) == ["eu-1 1arm: 15", "us-1 1s: 16"]


def test_the_second_best_is_not_the_best_in_another_order():
    """Much is cheap in one region only, so it is in all of the best ways."""
    market = vendor(
        [kind("l", 8, 16, a=60, b=600, c=600, d=600), kind("s", 2, 4, a=20, b=10, c=11, d=12)],
        **{region: [] for region in "abcd"},
    )
    areas = {"cloud": dict.fromkeys("abcd", frozenset[str]())}
    shop = app(part("big", 1, 8, 16), part(replicas=2), spread={"region": 2})
    found = estimated(shop, (market,), areas, 0, top=3)
    assert [(_where(one.sites), float(one.hourly)) for one in found] == [
        ("a 1l,1s + b 1s", 0.090),
        ("a 1l,1s + c 1s", 0.091),
        ("a 1l,1s + d 1s", 0.092),
    ]


def test_regions_that_are_not_looked_at_are_to_blame():
    beside = {**AREAS, "beta": {"eu": frozenset({"eu"}), "us": frozenset({"us"})}}

    def reason(wanted: App) -> str:
        return estimated(wanted, (BETA,), beside, 0)[0].reason

    assert reason(app(part(), residency=("us",))) == (
        "--region leaves no region of beta that is known to be us"
    )
    assert reason(app(part(), residency=("jp",))) == "no region of beta is known to be jp"
    assert reason(app(part(replicas=2), spread={"region": 2})) == (
        "x-moot.spread wants 2 regions, --region leaves 1"
    )
    none = replace(BETA, regions={})
    (found,) = estimated(app(part()), (none,), beside, 0)
    assert found.reason == "--region leaves no region of beta"


def test_money_has_the_currency_and_the_day_of_its_vendor():
    (found,) = estimated(app(part()), (ALPHA,), AREAS, 20)
    assert (found.hourly, found.least) == (Decimal("0.015"), Decimal("0.015"))
    assert (found.currency, found.priced, found.gap) == ("USD", "2025-03-02", 0)


COMPONENTS = [
    part(f"c{n}", 1 + n % 3, 0.25 * (1 + n % 5), 0.5 * (1 + n * n % 7)) for n in range(14)
]


@settings(max_examples=20)
@given(some.permutations(COMPONENTS), some.permutations(ALPHA.kinds))
def test_the_order_of_things_does_not_matter(components, kinds):
    """Also where there is too much for all ways to be tried."""
    market = replace(ALPHA, kinds=kinds), BETA
    shuffled = estimated(app(*components, spread={"host": 2}), market, AREAS, 8)
    assert shuffled == estimated(app(*COMPONENTS, spread={"host": 2}), (ALPHA, BETA), AREAS, 8)
    assert all(each.sites or each.reason == ALONE for each in shuffled)
    assert all(each.least <= each.hourly for each in shuffled)


@settings(max_examples=20)
@given(some.sampled_from(ALPHA.kinds), some.integers(0, 100))
def test_a_lower_price_makes_it_dearer_by_no_more_than_the_gap(cheaper, percent):
    prices = {r: (max(1, p * percent // 100), s, z) for r, (p, s, z) in cheaper.prices.items()}
    kinds = [cheaper._replace(prices=prices) if k is cheaper else k for k in ALPHA.kinds]
    shop = app(*COMPONENTS)
    (before,), (after,) = (
        estimated(shop, (market,), AREAS, 8) for market in (ALPHA, replace(ALPHA, kinds=kinds))
    )
    assert after.least <= before.hourly
