"""Components that stand in one another's way: other orders are tried, and the cheapest is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Mount, Needs, Policy, Process, Volume
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.place import place
from moot.passes.placing import search


def machine(name: str, cpu: float = 4, hourly: float | None = 0, **more: object) -> Offering:
    pool, _, host = name.rpartition(":")
    price = None if hourly is None else Decimal(str(hourly))
    known = {"pool": pool, "machine": name, "reach": host, "memory_mib": 4096, "hourly": price}
    known["disk_mib"] = 10_000
    known["traits"] = frozenset({"runs:process"})
    return Offering(**{"venue": name, "name": "machine", "cpu": cpu, **known, **more})


def part(name: str, replicas: int, cpu: float, disk_mib: int = 0, **more: object) -> Component:
    process, needs = Process(command=("x",)), Needs(cpu=cpu, disk_mib=disk_mib)
    return Component(name=name, replicas=replicas, process=process, needs=needs, **more)


def shop(*parts: Component) -> App:
    return App(name="shop", components=parts)


def where(placement: Placement) -> dict[str, str]:
    return {a.replica.partition("/")[2]: a.offering.venue for a in placement.assignments}


def test_what_needs_a_whole_machine_is_placed_although_it_comes_last():
    found = place(shop(part("web", 2, 1), part("db", 1, 4)), [machine("lab:a"), machine("lab:b")])
    at = where(found)
    assert at["web/0"] == at["web/1"] != at["db/0"]
    assert [run.component for run in found.runs] == ["web", "db"]


def test_what_only_one_venue_can_take_goes_there_before_others_fill_it():
    """All would rather have the large one, which is the cheap one, too."""
    rooms = [machine("large", 8, 0.1), machine("small", 4, 0.2)]
    found = place(shop(part("log", 1, 2), part("web", 1, 2), part("db", 1, 7)), rooms)
    assert where(found) == {"log/0": "small", "web/0": "small", "db/0": "large"}


def test_what_has_no_place_even_alone_is_refused_as_the_file_has_it():
    with pytest.raises(Refused) as refused:
        place(shop(part("web", 3, 1), part("db", 1, 5)), [machine("a"), machine("b")])
    assert [each.component for each in refused.value.diagnostics] == ["db"]


def test_where_no_order_helps_the_refusal_is_that_of_the_file():
    with pytest.raises(Refused) as refused:
        place(shop(part("a", 1, 3), part("b", 1, 3), part("c", 1, 3)), [machine("x"), machine("y")])
    assert [each.component for each in refused.value.diagnostics] == ["c"]


def test_the_cheap_room_goes_to_whom_it_saves_most():
    rooms = [machine("cheap", 4, 0.1), machine("dear", 8, 0.5)]
    found = place(shop(part("small", 1, 1), part("many", 4, 1)), rooms)
    assert where(found)["many/0"] == "cheap"
    assert where(found)["small/0"] == "dear"
    assert spent(found) == Decimal("0.9")
    assert found.floor == Decimal("0.5")


def test_what_runs_moves_only_if_that_saves_more_than_a_move_is_worth():
    def rooms(dear: float) -> list[Offering]:
        return [machine("cheap", 4, 0.1), machine("dear", 8, dear)]

    app = shop(part("small", 1, 1), part("many", 4, 1))
    prior = place(shop(part("small", 1, 1), part("many", 0, 1)), rooms(0.5))
    assert where(prior) == {"small/0": "cheap"}
    assert where(place(app, rooms(0.102), prior))["small/0"] == "cheap"
    assert where(place(app, rooms(0.5), prior))["small/0"] == "dear"


def test_a_floor_is_known_only_where_prices_are():
    known, unknown = machine("lab:a", 4, 0.1), machine("lab:b", 4, None)
    assert place(shop(part("web", 4, 1)), [known]).floor == Decimal("0.4")
    assert place(shop(part("web", 2, 3)), [known, unknown]).floor is None
    assert place(shop(part("web", 4, 1)), [known, machine("lab:b", 8, 0.2)]).floor == Decimal("0.4")
    assert place(shop(part("web", 1, 1)), [known, unknown]).floor is None
    dollars = machine("lab:b", 4, 0.1, currency="USD")
    assert place(shop(part("web", 1, 1)), [known, dollars]).floor is None


def test_what_may_be_in_several_pools_may_cost_less_than_in_one():
    """By itself it is in one; others may send it where it is cheaper."""
    app = replace(shop(part("web", 2, 1)), policy=Policy(spread={"zone": 2}))
    zones = [machine(f"dear:h{n}", hourly=0.3, zone=f"z{n}") for n in (1, 2)]
    cheap = [machine(f"cheap{n}", hourly=0.01, zone="z") for n in (1, 2)]
    placement = place(app, [*zones, *cheap])
    assert {run.offering.pool for run in placement.runs} == {"dear"}
    assert placement.floor == Decimal("0.02")


def test_a_price_that_nobody_knows_is_no_saving():
    """Two orders: one pays 9 for `many`, the other nothing that is known."""
    rooms = [machine("cheap", 4, 1), machine("dear", 4, 2), machine("unknown", 8, None)]
    found = place(shop(part("many", 3, 1), part("small", 1, 2)), rooms)
    assert "unknown" not in where(found).values()


def test_what_shares_a_volume_goes_where_all_have_room():
    shared = {"mounts": (Mount(kind="volume", target="/d", source="data"),)}
    parts = part("x", 1, 1, **shared), part("y", 1, 2, **shared)
    app = App(name="shop", components=parts, volumes=(Volume(name="data"),))
    found = place(app, [machine("a", 2, 0.1), machine("b", 4, 0.2)])
    assert where(found) == {"x/0": "b", "y/0": "b"}


def test_what_shares_a_volume_is_together_in_every_order():
    shared = {"mounts": (Mount(kind="volume", target="/d", source="data"),)}
    app = App(
        name="shop",
        components=(part("web", 2, 1), part("db", 1, 3, **shared), part("job", 1, 1, **shared)),
        volumes=(Volume(name="data"),),
    )
    found = where(place(app, [machine("lab:a"), machine("lab:b")]))
    assert found["db/0"] == found["job/0"] != found["web/0"] == found["web/1"]


def test_machines_are_filled_up_where_no_order_helps_with_all_of_them_evenly():
    """Three of three CPUs: two of them must share a machine, so that four are left on another."""
    rooms = [machine("lab:a", 6), machine("lab:b", 5), machine("lab:c", 5)]
    at = where(place(shop(part("web", 3, 3), part("log", 1, 2), part("db", 1, 4)), rooms))
    assert sorted(at[f"web/{n}"] for n in range(3)).count("lab:a") == 2


def test_attempts_are_counted(monkeypatch: pytest.MonkeyPatch):
    """With a single one the order of the file decides what is paid, and nobody knows the least."""
    rooms = [machine("cheap", 4, 0.1), machine("dear", 8, 0.5)]
    app = shop(part("small", 1, 1), part("many", 4, 1))
    monkeypatch.setattr(search, "LEAST", 1)
    monkeypatch.setattr(search, "LOOKS", 0)
    found = place(app, rooms)
    assert where(found)["small/0"] == "cheap"
    assert found.floor is None


@given(
    parts=some.lists(
        some.tuples(some.integers(1, 3), some.integers(1, 4), some.sampled_from([0, 100, 777])),
        min_size=1,
        max_size=3,
    ),
    rooms=some.lists(
        some.tuples(some.integers(1, 8), some.integers(0, 3), some.sampled_from([0, 100, 333])),
        min_size=1,
        max_size=3,
    ),
)
@settings(max_examples=300, deadline=None)
def test_nothing_is_cheaper_than_the_floor_and_no_machine_is_overcommitted(
    parts: Sequence[tuple[int, int, int]], rooms: Sequence[tuple[int, int, int]]
):
    app = shop(*(part(f"c{n}", *each) for n, each in enumerate(parts)))
    offers = [
        machine(f"lab:{n}", cpu, price / 10, disk=Decimal(disk))
        for n, (cpu, price, disk) in enumerate(rooms)
    ]
    costs = [_cost(app, way, offers) for way in _ways(app, offers)]
    try:
        found = place(app, offers)
    except Refused:
        return
    assert all(used <= offers[n].cpu for n, used in enumerate(_used(found, app, offers)))
    assert found.floor is not None
    assert found.floor <= min(costs) <= spent(found)


def _ways(app: App, offers: Sequence[Offering]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every way in which all have room: for each component on which machines its replicas are."""
    machines = range(len(offers))
    each = [combinations_with_replacement(machines, c.replicas) for c in app.components]
    for way in product(*each):
        left = [offer.cpu for offer in offers]
        for component, taken in zip(app.components, way, strict=True):
            for n in taken:
                left[n] -= component.needs.cpu
        if min(left) >= 0:
            yield way


def _cost(app: App, way: Sequence[Sequence[int]], offers: Sequence[Offering]) -> Decimal:
    """An hour, disk and all; written down once more."""
    total = Decimal(0)
    for component, taken in zip(app.components, way, strict=True):
        for offer in (offers[n] for n in taken):
            disk = offer.disk * component.needs.disk_mib / 1024 / 730
            total += (offer.hourly or 0) + round(disk, 6)
    return total


def _used(found: Placement, app: App, offers: Sequence[Offering]) -> list[float]:
    """CPUs taken of each."""
    needs = {component.name: component.needs.cpu for component in app.components}
    used = dict.fromkeys((offer.venue for offer in offers), 0.0)
    for run in found.runs:
        used[run.offering.venue] += run.count * needs[run.component]
    return list(used.values())
