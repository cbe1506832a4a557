"""Machines that may be taken back among those that are bought: who is on them, at what price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from moot.model.app import App, Component, Mount, Needs, Policy, Volume
from moot.model.market import Kind
from moot.model.purchase import NEVER, Piece, Ware
from moot.passes.buying.appraise import appraise
from moot.passes.buying.procure import procure
from moot.passes.buying.supply import LASTING, TAKEN_BACK, abilities, supply
from tests.passes.buying.bargain import cheapest, estimated, kinds, lots, vendor

ASKED = [frozenset(), frozenset({LASTING}), frozenset({TAKEN_BACK})]
DATA = (Mount(kind="volume", source="d", target="/d"),)
AREAS = {"cloud": {"r": frozenset[str](), "q": frozenset[str]()}}


def discounted(kind: Kind, parts: int) -> Kind:
    """With so many tenths of its price as spot."""
    micros, _, bits = kind.prices["r"]
    return kind._replace(prices={"r": (micros, micros * parts // 10, bits)})


markets = some.lists(
    some.builds(discounted, kinds, some.sampled_from([0, 2, 9, 12])),
    min_size=1, max_size=5, unique_by=lambda kind: kind.name,
)  # fmt: skip


def leased(lot: tuple[Piece, ...], leases: list[frozenset[str]]) -> tuple[Piece, ...]:
    asked = zip(lot, leases, strict=False)
    return tuple(piece._replace(traits=piece.traits | lease) for piece, lease in asked)


def sold(market: list[Kind]) -> list[Ware]:
    """Everything, whichever way, with nothing left out."""
    found: list[Ware] = []
    for kind in market:
        lasting, spot, _ = kind.prices["r"]
        for lease, micros in ((LASTING, lasting), (TAKEN_BACK, spot)):
            if micros:
                traits = (abilities(kind) - {LASTING, TAKEN_BACK}) | {lease}
                gpus = int(max(kind.gpus, kind.gpus > 0))
                millicpu = int(kind.cpu * 1000)
                found.append(Ware(kind.name, millicpu, kind.memory_mib, gpus, traits, micros))
    return found


@given(lots, markets, some.lists(some.sampled_from(ASKED), min_size=3, max_size=3))
def test_no_way_is_lost_and_the_bound_is_one(lot, market, leases):
    lot = leased(lot, leases)
    wares = supply(vendor(market), lot, {"r": ""})["r"]
    best = cheapest(lot, sold(market))
    assert cheapest(lot, wares) == best
    assume(best < NEVER)
    appraisal = appraise(lot, wares)
    bought = procure(lot, wares, appraisal, 5)
    assert appraisal.least <= bought.least <= best <= bought.micros
    assert sum(len(machine.names) for machine in bought.machines) == sum(p.amount for p in lot)


def cloud(**spot: int):
    """A small and a large type in two regions; spot is so many thousandths in the first."""
    shapes = (("s", 2, 4, 20), ("l", 8, 16, 70))
    return vendor(
        [
            Kind(name, cpu, gib * 1024, "amd64", 0.0, "", {
                "r": (price * 1000, spot.get(name, 0) * 1000, 0), "q": (price * 900, 0, 0),
            })
            for name, cpu, gib, price in shapes
        ],
        r=[],
        q=[],
    )  # fmt: skip


def part(name: str = "web", replicas: int = 1, **more) -> Component:
    needs = Needs(cpu=2, memory_mib=4096)
    return Component(name=name, replicas=replicas, needs=needs, **more)


def bought(*components: Component, spot: str | None, **prices: int) -> str:
    volumes = (Volume(name="d"),)
    app = App(name="shop", components=components, volumes=volumes, policy=Policy(spot=spot))
    (found,) = estimated(app, (cloud(**prices),), AREAS, 20)
    assert found.reason or (found.least <= found.hourly and found.gap >= 0)
    if found.reason:
        return found.reason
    return ", ".join(
        f"{machine.type} for {'+'.join(machine.names)}"
        for site in found.sites
        for machine in site.machines
    )


@pytest.mark.parametrize(
    ("policy", "own", "found"),
    [
        (None, None, "s for web"),
        ("never", None, "s for web"),
        ("allowed", None, "s spot for web"),
        ("only", None, "s spot for web"),
        ("only", "never", "s for web"),
        (None, "allowed", "s spot for web"),
    ],
)
def test_what_is_allowed_is_bought_where_it_is_cheaper(policy, own, found):
    assert bought(part(spot=own), spot=policy, s=5, l=60) == found


def test_a_price_of_spot_above_the_other_is_not_taken():
    assert bought(part(), spot="allowed", s=25) == "s for web"
    assert bought(part(), spot="only", s=25) == "s spot for web"


def test_what_may_not_be_on_spot_is_on_a_machine_of_its_own():
    kept = part("db", mounts=DATA)
    assert bought(part(), kept, spot="allowed", s=5) == "s for db, s spot for web"
    own = part("db", mounts=DATA, spot="allowed")
    assert bought(part(), own, spot="allowed", s=5) == "s spot for db, s spot for web"
    assert bought(part(), own, spot="allowed", s=50, l=5) == "l spot for db+web"


def test_the_bound_counts_the_price_of_spot_only_where_it_is_allowed():
    def least(**more) -> Decimal:
        app = App(name="shop", components=(part(replicas=4, **more),))
        return estimated(app, (cloud(s=5),), AREAS, 20)[0].least

    assert (least(), least(spot="allowed"), least(spot="never")) == (
        Decimal("0.063"),
        Decimal("0.02"),
        Decimal("0.063"),
    )


def test_why_it_cannot_be_bought():
    assert bought(part(), spot="only") == "web needs a price of spot, which cloud does not have"
    one, other = part("db", mounts=DATA, spot="only"), part("backup", mounts=DATA)
    assert bought(one, other, spot=None, s=5) == (
        "db and backup keep data on one machine, and x-moot.spot is only of one, never of one"
    )
