"""What the disk costs that components ask for, and that placing counts it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.budget import Budget
from moot.model.codec import placement_from_json, placement_to_json
from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Charge, Placement, Run
from moot.model.rehearsal import Ground, PriceChange, Trouble, key_of
from moot.model.renamed import placement_renamed
from moot.model.traffic import Traffic
from moot.model.venue import Offering
from moot.passes.afford import afford, spent
from moot.passes.disk import disk, disk_hourly, replica_hourly
from moot.passes.explaining.because import because
from moot.passes.explaining.elsewhere import elsewhere, ties_of
from moot.passes.freeze import freeze
from moot.passes.gathering.gather import gather
from moot.passes.place import place
from moot.passes.placing.prepare import prepare
from moot.passes.rehearse import rehearse
from moot.passes.spare import spare
from moot.passes.striving.stride import restored
from moot.passes.suppose import suppose

GIB = 1024
LAB = frozenset({"lab"})
TENTH = "73"  # of a GiB for a month: a tenth an hour


def machine(
    name: str, cpu: float = 4, hourly: str = "0.1", sold: str = "0", **more: object
) -> Offering:
    pool, _, host = name.rpartition(":")
    known = {"pool": pool, "machine": name, "reach": host, "memory_mib": 4096}
    known |= {"disk_mib": 99 * GIB, "hourly": Decimal(hourly), "disk": Decimal(sold)}
    known["traits"] = frozenset({"runs:process"})
    return Offering(**{"venue": name, "name": "machine", "cpu": cpu, **known, **more})


def part(name: str, replicas: int = 1, cpu: float = 1, gib: float = 0, **more: object) -> Component:
    process, needs = Process(command=("x",)), Needs(cpu=cpu, disk_mib=int(gib * GIB))
    return Component(name=name, replicas=replicas, process=process, needs=needs, **more)


def shop(*parts: Component, **policy: object) -> App:
    return App(name="shop", components=parts, policy=Policy(**policy))


def on(*stands: tuple[str, int, Offering]) -> tuple[Run, ...]:
    return tuple(Run("shop", name, 0, count, offer, "process") for name, count, offer in stands)


def stands(app: App, *runs: tuple[str, int, Offering]) -> Placement:
    return Placement(assignments=Assignments(on(*runs)), disk=disk(app, on(*runs)))


def where(placement: Placement) -> dict[str, str]:
    return {run.component: run.offering.venue for run in placement.runs}


def test_each_component_pays_for_what_its_replicas_ask_for_where_it_has_a_price():
    app = shop(part("db", 2, gib=10), part("web", 3))
    lab, rack = machine("lab", sold="0.08"), machine("rack")
    runs = on(("db", 1, lab), ("db", 1, rack), ("web", 3, lab))
    assert disk(app, runs) == (Charge("db", "lab", "EUR", Decimal("0.001096")),)
    assert Decimal("0.001096") - Decimal("0.8") / 730 < Decimal("1e-6")
    assert disk(shop(part("db"), part("web", 3)), runs) == ()


def test_a_replica_costs_the_price_of_its_place_and_of_its_disk():
    needs = Needs(disk_mib=GIB // 2)
    assert replica_hourly(machine("lab", sold=TENTH), needs) == Decimal("0.15")
    assert replica_hourly(machine("lab"), needs) == Decimal("0.1")
    assert replica_hourly(machine("lab", sold=TENTH), Needs()) == Decimal("0.1")
    assert replica_hourly(machine("lab", hourly="0", sold=TENTH), needs) == Decimal("0.05")
    assert replica_hourly(replace(machine("lab", sold=TENTH), hourly=None), needs) is None
    assert disk_hourly(machine("lab", sold="999999"), 1024**3) > 10**6


def test_the_cheapest_place_is_that_with_the_least_sum():
    offers = [machine("dear", hourly="0.2"), machine("cheap", hourly="0.1", sold=TENTH)]
    for gib, chosen, price in ((0, "cheap", "0.1"), (0.5, "cheap", "0.15"), (2, "dear", "0.2")):
        found = place(shop(part("db", gib=gib)), offers)
        assert where(found) == {"db": chosen}
        assert found.floor == spent(found) == Decimal(price)


def test_what_runs_stays_unless_it_saves_enough_with_its_disk():
    app = shop(part("db", 2, gib=1))
    offers = [machine("lab:a", sold="7.2"), machine("lab:b", sold="7.4"), machine("lab:c")]
    before = stands(app, ("db", 2, offers[0]))
    assert {run.offering.venue for run in place(app, offers, before).runs} == {"lab:a"}
    before = stands(app, ("db", 2, offers[1]))
    assert {run.offering.venue for run in place(app, offers, before).runs} == {"lab:c"}


def test_the_floor_of_what_may_be_in_several_venues_counts_it():
    app = shop(part("db", 2, gib=1), spread={"venue": 2})
    found = place(app, [machine("x", 1, sold=TENTH), machine("y", 1, sold=TENTH), machine("z", 1)])
    assert found.floor == spent(found) == Decimal("0.3")


def test_moving_who_saves_must_not_make_it_dearer_for_all():
    """Machines cost the same; what differs is the price of their disk."""
    offers = [
        machine("b:0", 5),
        machine("a:1", 3, sold="200"),
        machine("b:2", 5, sold="146"),
        machine("b:3", 6, sold=TENTH),
    ]
    before = place(shop(part("c0", 2, 1, 2), part("c1", 2, 1, 1), part("c2", 1, 2, 1)), offers)
    app = shop(part("c0", 1, 2), part("c1", 3, 3, 2), part("c2", 1, 2, 2))
    assert spent(place(app, offers, before)) == Decimal("0.9")


def test_disk_that_nobody_asks_for_has_no_currency():
    """What it costs in dollars keeps no floor from being known, unless somebody asks for it."""
    offers = [machine("lab"), machine("rack", hourly="0", sold="1", currency="USD")]
    app = shop(part("web", 1, 4), part("db", 1, 4))
    assert place(app, offers).floor == 0
    assert place(shop(part("web", 1, 4, gib=1), part("db", 1, 4)), offers).floor is None


def test_who_talks_changes_places_only_where_the_disk_costs_as_much():
    web = replace(part("web", gib=1), traffic=(Traffic("db", Decimal(9)),))
    app = shop(web, part("db", 1, 3))
    offers = [machine("lab:a", 2), machine("lab:b", 4, sold=TENTH)]
    found = place(app, offers)
    assert where(found) == {"web": "lab:a", "db": "lab:b"}
    even = [machine("lab:a", 2, "0.2"), machine("lab:b", 4, "0.1", TENTH)]
    found = place(app, even)
    assert where(found) == {"web": "lab:b", "db": "lab:b"}
    basis = prepare(app, even, None, {}, {})
    apart = stands(app, ("web", 1, even[0]), ("db", 1, even[1]))
    assert gather(basis, apart).disk == found.disk == (Charge("web", "lab", "EUR", Decimal("0.1")),)


def test_on_offerings_as_they_are_offered_it_costs_what_they_ask():
    app = shop(part("db", gib=1))
    found = stands(app, ("db", 1, machine("lab", sold="0")))
    ground = Ground(app=app, offerings=[machine("lab", sold=TENTH)])
    assert spent(restored(found, ground)) == Decimal("0.2")


def test_a_budget_counts_it_and_names_it():
    offers = [machine("lab", sold=TENTH)]
    app = shop(part("db", gib=1), budget=Budget.of("0.2 EUR/hour"))
    afford(app, place(app, offers))
    app = shop(part("db", gib=1), budget=Budget.of("0.19 EUR/hour"))
    with pytest.raises(Refused) as refused:
        afford(app, place(app, offers))
    (problem,) = refused.value.diagnostics
    assert "db: 146.00 EUR/month for 1 on lab, 73.00 of it disk" in problem.detail
    dollars = [machine("lab", hourly="0", sold=TENTH, currency="USD")]
    with pytest.raises(Refused) as refused:
        afford(app, place(app, dollars))
    assert "db pays 73.00 USD/month for its disk on lab" in refused.value.diagnostics[0].detail


def test_it_is_written_down_and_renamed_with_its_venue():
    found = place(shop(part("db", gib=1)), [machine("lab", sold="0.08")])
    kept = placement_to_json(found)
    again = placement_from_json(json.loads(json.dumps(kept)))
    assert (again, again.disk) == (found, found.disk)
    assert again.runs[0].offering.disk == Decimal("0.08")
    renamed = placement_from_json(placement_renamed(kept, "lab", "home"))
    assert [each.site for each in renamed.disk] == ["home"]
    before = {key: value for key, value in kept.items() if key != "disk"}
    assert placement_from_json(before).disk == ()


def test_what_is_supposed_of_a_venue_is_supposed_of_its_disk():
    app = shop(part("db", gib=1))
    ground = Ground(app=app, offerings=[machine("lab", sold=TENTH), machine("rack", hourly="9")])
    before = place(app, ground.offerings)
    for change, price in (
        (PriceChange(venues=LAB, factor=Decimal(2)), "0.4"),
        (PriceChange(venues=LAB, hourly=Decimal("0.3")), "0.4"),
    ):
        trouble = Trouble(prices=(change,))
        assert spent(rehearse(ground, before, trouble, _decide).placement) == Decimal(price)
    twice = Trouble(prices=(change, PriceChange(venues=LAB, factor=Decimal(3))))
    assert suppose(ground, twice).offerings[0].disk == 3 * Decimal(TENTH)


def test_why_it_is_spread_counts_the_disk_of_cheaper_places():
    """Without its disk no place were cheaper than `b`, where it is for the sake of a zone."""
    app = shop(part("db", 2, gib=1), spread={"zone": 2})
    offers = [
        machine("lab:a", zone="1"),
        machine("lab:b", zone="2", sold=TENTH),
        machine("lab:c", zone="1"),
    ]
    ground = Ground(app=app, offerings=offers)
    found = place(app, offers)
    chosen = next(each for each in found.assignments if each.offering.venue == "lab:b")
    possible, _ = elsewhere(ground, found, chosen, ties_of(ground, found, "db"))
    told = because(ground, found, chosen, possible)
    assert told.startswith("x-moot.spread wants 2 zones, and every cheaper place is in one that")


def test_headroom_moves_nobody_for_a_lower_price_of_disk():
    """After the loss of the one machine the other two have room for what was there, and `db` is to
    stay: there is cheaper disk, but no more room.
    """
    app = shop(part("db", 1, 2, gib=1), part("web", 1, 2), headroom="host")
    offers = [machine("lab:a", 2, sold=TENTH), machine("lab:b", 2), machine("lab:c", 2)]
    there = stands(app, ("db", 1, offers[0]), ("web", 1, offers[1]))
    found = spare(Ground(app=app, offerings=offers, prior=there), there)
    assert found is not None
    assert found.shortfalls == ()


def test_where_nothing_can_be_started_on_some_of_them_disk_costs_elsewhere_what_it_does():
    """What runs on the frozen one costs nothing there; else `web` would leave it."""
    app = shop(part("web", gib=1), part("db", gib=1))
    frozen = machine("frozen", hourly="0.4", sold=TENTH)
    offers = [frozen, machine("cheap", sold=TENTH), machine("dear", hourly="0.3")]
    ground = Ground(app=app, offerings=offers, prior=stands(app, ("web", 1, frozen)))
    found = freeze(_decide, {key_of(frozen)})(ground)
    assert where(found) == {"web": "frozen", "db": "cheap"}
    assert spent(found) == Decimal("0.7")


def _decide(ground: Ground) -> Placement:
    return place(ground.app, ground.offerings, ground.prior)
