"""Machines for a lot: what is bought holds it, is never below the bound, and often the cheapest."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from moot.model.purchase import NEVER, Piece, Ware
from moot.passes.buying.appraise import appraise
from moot.passes.buying.exhaust import exhaust
from moot.passes.buying.pack import pack
from moot.passes.buying.procure import procure
from moot.passes.buying.supply import supply
from tests.passes.buying.bargain import cheapest, check, kinds, lots, markets, offered, vendor

ROUNDS = 20


def unfiltered(market) -> tuple[Ware, ...]:
    """All that is sold, as it is."""
    return tuple(
        Ware(
            *(kind.name, round(kind.cpu * 1000), kind.memory_mib),
            *(max(int(kind.gpus), kind.gpus > 0), frozenset({f"arch:{kind.arch}"})),
            kind.prices["r"][0],
        )
        for kind in market
    )


@given(lots, markets)
def test_what_is_left_out_is_needless(lot, market):
    """Also where all that is sold is looked at, no way of buying is cheaper."""
    wares = supply(vendor(market), lot, {"r": ""})["r"]
    assert cheapest(lot, wares) == cheapest(lot, unfiltered(market))


@given(lots, markets)
def test_all_ways_are_tried(lot, market):
    wares = offered(lot, market)
    trays = exhaust(lot, wares)
    assert trays is not None
    assert check(lot, trays) == cheapest(lot, wares)


@given(lots, markets)
def test_the_bound_is_never_above_the_cheapest(lot, market):
    wares = supply(vendor(market), lot, {"r": ""})["r"]
    assert appraise(lot, wares).least <= cheapest(lot, wares)


@given(lots, markets)
def test_what_is_packed_has_room_and_is_not_below_the_bound(lot, market):
    wares = offered(lot, market)
    appraisal = appraise(lot, wares)
    cost = check(lot, pack(lot, wares, appraisal, ROUNDS))
    assert cost >= cheapest(lot, wares) >= appraisal.least
    assert cost <= check(lot, pack(lot, wares, appraisal, 0))


@given(lots, markets, some.randoms())
def test_the_order_of_the_market_does_not_matter(lot, market, chance):
    shuffled = chance.sample(market, len(market))
    one, other = (supply(vendor(market), lot, {"r": ""}) for market in (market, shuffled))
    assert one == other


@given(lots, markets, kinds)
def test_what_is_sold_besides_never_makes_it_dearer(lot, market, kind):
    assume(kind.name not in {other.name for other in market})
    before, after = offered(lot, market), offered(lot, [*market, kind])
    costs = [procure(lot, wares, appraise(lot, wares), 0) for wares in (before, after)]
    assert costs[1].micros <= costs[0].micros
    packed = pack(lot, before, appraise(lot, before), 0)
    assert appraise(lot, after).least <= check(lot, packed), "dearer by no more than the gap"


def test_many_replicas_are_packed_close_to_the_bound():
    """Prices are those of three families of which the largest is 16 times the smallest."""
    wares = [
        Ware(f"{name}.{size}", 2000 * size, gib * 2048 * size, 0, frozenset(), micros * size)
        for name, gib, micros in (("c", 2, 68_000), ("m", 4, 77_000), ("r", 8, 100_800))
        for size in (1, 2, 4, 8, 16)
    ]
    wares.sort(key=lambda ware: ware.micros)
    lot = tuple(
        Piece((f"c{n}",) * (2 + n % 5), 250 * (1 + n % 7), 512 * (1 + n * n % 11))
        for n in range(30)
    )
    appraisal = appraise(lot, wares)
    purchase = procure(lot, wares, appraisal, 100)
    assert appraisal.least <= purchase.micros <= 1.03 * appraisal.least
    assert purchase == procure(lot, wares, appraisal, 100)
    names = Counter(name for machine in purchase.machines for name in machine.names)
    assert names == Counter(name for piece in lot for name in piece.names)


def test_a_thousand_replicas_are_no_more_work_than_what_they_fill():
    wares = (Ware("one", 4000, 8192, 0, frozenset(), 100),)
    lot = (Piece(("web",) * 1000, 1000, 1024),)
    purchase = procure(lot, wares, appraise(lot, wares), 0)
    assert (len(purchase.machines), purchase.least) == (250, 25_000)


@pytest.mark.parametrize(
    ("most", "machines"), [(None, ["large"]), (1, ["small", "small", "small"])]
)
def test_those_that_must_be_apart_are_on_machines_of_their_own(most, machines):
    wares = (
        Ware("small", 1000, 1024, 0, frozenset(), 10),
        Ware("large", 4000, 4096, 0, frozenset(), 15),
    )
    lot = (Piece(("web",) * 3, 1000, 1024, most=most),)
    appraisal = appraise(lot, wares)
    purchase = procure(lot, wares, appraisal, 0)
    assert [machine.type for machine in purchase.machines] == machines
    assert purchase.least == purchase.micros >= appraisal.least
    assert check(lot, pack(lot, wares, appraisal, ROUNDS)) == purchase.micros


def test_what_fits_nowhere_is_never_bought():
    lot = (Piece(("web",), 9000, 1),)
    assert appraise(lot, (Ware("small", 1000, 1024, 0, frozenset(), 10),)).least == NEVER
