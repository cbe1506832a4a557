"""Looking only for the cheapest of all: it is the same, and no line goes on that cannot be it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Container, Needs, Policy
from moot.model.market import Kind, Vendor
from moot.model.purchase import Estimate
from moot.model.rehearsal import Ground
from moot.model.venue import Offering
from moot.passes.buying.procure import procure
from tests.passes.buying.bargain import estimated, vendor

RUNS = frozenset({"os:linux", "runs:container", "arch:amd64"})
ROUNDS = 20


def app(parts: Sequence[tuple[int, int, int]]) -> App:
    """Of each component how many replicas, with how many CPUs and GiB."""
    components = (
        Component(
            name=f"c{n}",
            replicas=count,
            needs=Needs(cpu=cpu, memory_mib=gib * 1024),
            container=Container(image="it"),
        )
        for n, (count, cpu, gib) in enumerate(parts)
    )
    return App(name="shop", components=tuple(components), policy=Policy())


def cloud(name: str, micros: Sequence[int], currency: str = "USD") -> Vendor:
    kinds = [
        Kind(f"{name}{cpu}", cpu, cpu * 2048, "amd64", 0, "", {name: (price * 100, 0, 0)})
        for cpu, price in zip((1, 2, 4, 8), micros, strict=False)
    ]
    return replace(vendor(kinds, name, **{name: []}), currency=currency)


def host(name: str, cpu: int, thousandths: int) -> Offering:
    return Offering(
        venue=name,
        name="machine",
        machine=name,
        pool="lab",
        cpu=cpu,
        memory_mib=cpu * 2048,
        disk_mib=10**6,
        hourly=Decimal(thousandths) / 1000,
        currency="USD",
        reach=name,
        traits=RUNS,
    )


def asked(shop: App, market: Sequence[Vendor], *hosts: Offering, **more: Any):
    areas = {v.name: dict.fromkeys(v.regions, frozenset[str]()) for v in market}
    ground = Ground(app=shop, offerings=hosts) if hosts else None
    return estimated(shop, market, areas, ROUNDS, ground=ground, **more)


def best(found: Sequence[Estimate]) -> dict[str, Decimal]:
    """By currency the cheapest."""
    able = sorted((e.currency, e.hourly) for e in found if e.keeps)
    return dict(reversed(able))


prices = some.tuples(*(some.integers(low, 4 * low) for low in (100, 150, 250, 400)))
parts = some.lists(
    some.tuples(some.integers(1, 2), some.integers(1, 3), some.integers(1, 4)),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=25)
@given(parts, prices, prices, some.sampled_from(["USD", "EUR"]), some.integers(0, 8))
def test_it_is_the_cheapest_of_all_lines(parts, one, other, currency, cpu):
    market = [cloud("one", one), cloud("other", other, currency)]
    hosts = [host("h1", cpu, 2), host("h2", 2, 0)] if cpu else []
    every = asked(app(parts), market, *hosts)
    free = asked(app(parts), market, *hosts, only_free=True)
    assert best(free) == best(every)
    assert [(e.vendors, e.is_mixed) for e in free] == [(e.vendors, e.is_mixed) for e in every]


def test_what_cannot_be_it_is_not_packed(monkeypatch: pytest.MonkeyPatch):
    packed: list[str] = []

    def procured(lot, wares, *others):
        packed.extend(ware.type for ware in wares)
        return procure(lot, wares, *others)

    monkeypatch.setattr("moot.passes.buying.survey.procure", procured)
    shop = app([(3, 1, 1), (3, 2, 1), (2, 3, 1), (1, 1, 2), (1, 2, 2)])
    market = [cloud("dear", (900, 1700, 3300, 6400)), cloud("fair", (100, 190, 360, 700))]
    alone, fair, both = asked(shop, market, only_free=True)
    assert fair.keeps and {type[:-1] for type in packed} == {"fair"}
    assert {alone.reason, both.reason} == {"no cheaper than the free choice"}
    packed.clear()
    assert not asked(shop, market)[0].reason
    assert {type[:-1] for type in packed} == {"dear", "fair"}


def test_why_a_vendor_cannot_run_it_is_told():
    large = app([(1, 6, 1), (2, 1, 1)])
    market = [cloud("fair", (100, 190, 360, 700))]
    small = cloud("small", (90, 170))
    fair, none, _ = asked(large, [*market, small], only_free=True)
    assert fair.keeps
    assert none.reason == "c0 needs 6 CPUs on one machine, the largest has 2"
