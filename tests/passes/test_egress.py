"""What traffic costs that leaves a venue, and that placing counts it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.budget import Budget
from moot.model.codec import placement_from_json, placement_to_json
from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.renamed import placement_renamed
from moot.model.traffic import Traffic
from moot.model.venue import Offering
from moot.passes.afford import afford, spent
from moot.passes.egress import egress
from moot.passes.place import place
from moot.passes.placing import search

ROUNDING = Decimal("1e-8")


def machine(
    name: str, cpu: float = 4, hourly: str = "0", out: str = "0", **more: object
) -> Offering:
    pool, _, host = name.rpartition(":")
    known = {"pool": pool, "machine": name, "reach": host, "memory_mib": 4096}
    known |= {"hourly": Decimal(hourly), "egress": Decimal(out)}
    known["traits"] = frozenset({"runs:process"})
    return Offering(**{"venue": name, "name": "machine", "cpu": cpu, **known, **more})


def part(name: str, replicas: int = 1, cpu: float = 1, **traffic: int) -> Component:
    """With so many GB a month."""
    return Component(
        name=name,
        replicas=replicas,
        process=Process(command=("x",)),
        needs=Needs(cpu=cpu),
        traffic=tuple(Traffic(to, Decimal(gb)) for to, gb in traffic.items()),
    )


def shop(*parts: Component, **policy: object) -> App:
    return App(name="shop", components=parts, policy=Policy(**policy))


def on(*stands: tuple[str, int, Offering]) -> tuple[Run, ...]:
    return tuple(Run("shop", name, 0, count, offer, "process") for name, count, offer in stands)


def where(placement: Placement) -> dict[str, str]:
    return {run.component: run.offering.venue for run in placement.runs}


def monthly(app: App, runs: Sequence[Run]) -> dict[tuple[str, str], Decimal]:
    return {
        (each.component, each.site): (each.hourly * 730).quantize(Decimal("0.0001"))
        for each in egress(app, runs)
    }


def test_who_sends_pays_for_half_of_it():
    app = shop(part("web", db=100), part("db"))
    lab, rack = machine("lab", out="0.09"), machine("rack", out="0.01")
    assert monthly(app, on(("web", 1, lab), ("db", 1, rack))) == {
        ("web", "lab"): Decimal("4.5"),
        ("db", "rack"): Decimal("0.5"),
    }
    assert not egress(app, on(("web", 1, lab), ("db", 1, lab)))
    assert not egress(app, on(("web", 1, lab)))


def test_replicas_talk_evenly():
    """Three of the four pairs are in two venues."""
    app = shop(part("web", 2, db=100), part("db", 2))
    lab, rack = machine("lab", out="0.08"), machine("rack")
    stands = on(("web", 1, lab), ("web", 1, rack), ("db", 2, rack))
    assert monthly(app, stands) == {("web", "lab"): Decimal(2), ("db", "rack"): Decimal(0)}


def test_machines_of_a_pool_are_one_venue_and_so_are_two_venues_on_one_machine():
    app = shop(part("web", db=100), part("db"))
    pool = [machine(f"lab:{n}", out="1") for n in "ab"]
    assert not egress(app, on(("web", 1, pool[0]), ("db", 1, pool[1])))
    both = [machine(name, out="1", machine="m") for name in ("laptop", "docker")]
    assert not egress(app, on(("web", 1, both[0]), ("db", 1, both[1])))


def test_the_one_that_can_move_follows_the_one_that_cannot():
    """Only `rack` has room for `db`: that is known only once `web` is placed."""
    offers = [machine("lab", 4, "0.01", "0.1"), machine("rack", 9, "0.02")]
    app = shop(part("web", db=730), part("db", cpu=8))
    assert where(place(app, offers)) == {"web": "rack", "db": "rack"}
    little = shop(part("web", db=73), part("db", cpu=8))
    found = place(little, offers)
    assert where(found) == {"web": "lab", "db": "rack"}
    assert spent(found) == Decimal("0.03") + Decimal("0.005")
    assert found.floor == Decimal("0.03")


@pytest.mark.parametrize("order", [("db", "web"), ("web", "db")])
def test_it_is_counted_also_where_an_app_is_too_large_to_search(
    monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
):
    """Who comes first sees where the other one went when all is looked at once more."""
    monkeypatch.setattr(search, "LOOKS", 0)
    offers = [machine("lab", 4, "0.01", "0.1"), machine("rack", 9, "0.02")]
    parts = {"web": part("web", db=730), "db": part("db", cpu=8)}
    found = place(shop(*(parts[name] for name in order)), offers)
    assert where(found) == {"web": "rack", "db": "rack"}


def test_two_go_together_where_neither_would_go_alone():
    """Each has a cheap place of its own; both have room in a third one only."""
    offers = [
        machine("a", 1, "0.01", "0.1"),
        machine("b", 1, "0.01", "0.1"),
        machine("c", 2, "0.02", "0.1"),
    ]
    app = shop(part("web", db=7300), part("db"))
    assert where(place(app, offers)) == {"web": "c", "db": "c"}


def test_a_budget_counts_it_and_names_it():
    offers = [machine("lab", 1, "0.01", "0.1"), machine("rack", 1, "0.01", "0.1")]
    parts = part("web", db=730), part("db")
    app = shop(*parts, budget=Budget.of("0.12 EUR/hour"))
    found = place(app, offers)
    assert spent(found) == Decimal("0.12")
    afford(app, found)
    app = shop(*parts, budget=Budget.of("0.11 EUR/hour"))
    with pytest.raises(Refused) as refused:
        afford(app, place(app, offers))
    (problem,) = refused.value.diagnostics
    assert "web: 43.80 EUR/month for 1 on lab, 36.50 of it egress" in problem.detail
    dollars = [replace(offer, currency="USD") for offer in offers]
    with pytest.raises(Refused) as refused:
        afford(app, place(app, dollars))
    assert "a price in USD" in refused.value.diagnostics[0].summary
    free = [replace(offer, hourly=Decimal(0)) for offer in dollars]
    with pytest.raises(Refused) as refused:
        afford(app, place(app, free))
    assert "pays 36.50 USD/month for what it sends out of" in refused.value.diagnostics[0].detail


def test_what_runs_moves_for_what_is_saved_by_it():
    offers = [machine("lab", 4, "0.01", "0.1"), machine("rack", 4, "0.01", "0.1")]
    app = shop(part("web"), part("db"))
    apart = on(("web", 1, offers[0]), ("db", 1, offers[1]))
    prior = Placement(assignments=Assignments(apart))
    assert where(place(app, offers, prior)) == {"web": "lab", "db": "rack"}
    little, much = (shop(part("web", db=gb), part("db")) for gb in (7, 730))
    assert where(place(little, offers, prior)) == {"web": "lab", "db": "rack"}
    assert len({*where(place(much, offers, prior)).values()}) == 1


def test_it_is_written_down_and_renamed_with_its_venue():
    offers = [machine("lab", 1, "0.01", "0.1", latency=(("rack", Decimal(9)),)), machine("rack", 1)]
    found = place(shop(part("web", db=73), part("db")), offers)
    assert {each.site for each in found.egress} == {"lab", "rack"}
    kept = placement_to_json(found)
    again = placement_from_json(json.loads(json.dumps(kept)))
    assert (again, again.egress) == (found, found.egress)
    renamed = placement_from_json(placement_renamed(kept, "lab", "home"))
    assert {each.site for each in renamed.egress} == {"home", "rack"}
    before = {key: value for key, value in kept.items() if key != "egress"}
    assert placement_from_json(before).egress == ()


@given(some.data())
@settings(max_examples=80, deadline=None)
def test_what_is_found_costs_what_it_says_and_stays(data: some.DataObject):
    """Never less than the floor, nor is the cheapest way; the same for shuffled offerings, and when
    it is placed again.
    """
    app, offers = _estate(lambda least, most: data.draw(some.integers(least, most)))
    costs = [_cost(app, way) for way in _ways(app, offers)]
    try:
        found = place(app, offers)
    except Refused:
        return
    asked = _cost(app, {run.component: run.offering for run in found.runs})
    assert abs(asked - spent(found)) < ROUNDING
    assert found.floor is not None
    assert found.floor <= min(costs) <= asked + ROUNDING
    assert place(app, offers, found).assignments == found.assignments
    shuffled = data.draw(some.permutations(offers))
    assert place(app, shuffled).assignments == found.assignments


def test_it_is_nearly_always_the_cheapest_in_small():
    chance = Random(1)
    placed = cheapest = 0
    for _ in range(100):
        app, offers = _estate(chance.randint)
        costs = [_cost(app, way) for way in _ways(app, offers)]
        with suppress(Refused):
            asked = spent(place(app, offers))
            placed += 1
            cheapest += asked <= min(costs) + ROUNDING
    assert placed > 70
    assert cheapest >= 0.9 * placed


def _estate(chosen: Callable[[int, int], int]) -> tuple[App, Sequence[Offering]]:
    """Two to four components that send one another much or little, and as many venues."""
    names, gbs = "abcd"[: chosen(2, 4)], (0, 73, 730, 7300)
    prices = ("0", "0.05", "0.2", "1")
    parts = [
        part(
            name,
            chosen(1, 2),
            chosen(1, 3),
            **{other: gbs[chosen(0, 3)] for other in names if other < name},
        )
        for name in names
    ]
    offers = [
        machine(name, chosen(1, 9), prices[chosen(0, 3)], prices[chosen(0, 3)])
        for name in "wxyz"[: chosen(2, 4)]
    ]
    return shop(*parts), offers


Way = Mapping[str, Offering]


def _ways(app: App, offers: Sequence[Offering]) -> Iterator[Way]:
    """Every way in which all have room; replicas of a component are in one venue."""
    for way in product(offers, repeat=len(app.components)):
        left = {offer.venue: offer.cpu for offer in offers}
        for component, offer in zip(app.components, way, strict=True):
            left[offer.venue] -= component.needs.cpu * component.replicas
        if min(left.values()) >= 0:
            yield {c.name: offer for c, offer in zip(app.components, way, strict=True)}


def _cost(app: App, way: Way) -> Decimal:
    """An hour; written down once more, pair by pair."""
    total = Decimal(0)
    for component in app.components:
        here = way[component.name]
        total += (here.hourly or 0) * component.replicas
        for traffic in component.traffic:
            there = way[traffic.to]
            if here.venue != there.venue:
                total += traffic.gb_monthly / 730 * (here.egress + there.egress) / 2
    return total
