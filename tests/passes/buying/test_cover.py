"""Whole machines with enough of everything: the cheapest, and never a bound that is too high."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from moot.model.purchase import NEVER, Piece, Ware
from moot.passes.buying.appraise import Appraisal, appraise
from moot.passes.buying.cover import cover
from moot.passes.buying.require import Demand
from tests.passes.buying.bargain import cheapest, lots, markets, offered

MANY = 5_000
MOST = 6  # machines of a kind, where every way is tried

counts = some.integers(0, 9)
tasks = some.integers(1, 3).flatmap(
    lambda width: some.tuples(
        some.lists(
            some.tuples(some.integers(1, 50), some.lists(counts, min_size=width, max_size=width)),
            min_size=1,
            max_size=4,
        ),
        some.lists(counts, min_size=width, max_size=width),
        some.lists(some.floats(0, 9), min_size=width, max_size=width),
    )
)


def posed(sold, wanted, prices) -> tuple[Appraisal, list[Ware]]:
    """Wares with a price and what they have of each demand; how much is wanted of them."""
    wares = [Ware(f"t{n}", 0, 0, 0, frozenset(), micros) for n, (micros, _) in enumerate(sold)]
    demands = [
        Demand(tuple(rooms[n] for _, rooms in sold), (), want) for n, want in enumerate(wanted)
    ]
    return Appraisal((), 0, (), tuple(demands), tuple(prices)), wares


def enough(sold, wanted) -> int:
    """What the cheapest machines cost that have as much as is wanted, every way tried."""
    return min(
        (
            sum(count * micros for count, (micros, _) in zip(way, sold, strict=True))
            for way in product(range(max(wanted) + 1), repeat=len(sold))
            if all(
                sum(count * rooms[n] for count, (_, rooms) in zip(way, sold, strict=True)) >= want
                for n, want in enumerate(wanted)
            )
        ),
        default=NEVER,
    )


@given(tasks)
@example(([(3, [2]), (5, [4])], [6], [9.0]))
def test_the_machines_are_the_cheapest_at_whatever_prices_of_their_parts(task):
    sold, wanted, prices = task
    appraisal, wares = posed(sold, wanted, prices)
    found = cover(appraisal, wares, MANY)
    assert found.least == enough(sold, wanted)
    if found.machines is None:
        assert found.least == NEVER
    else:
        assert sum(ware.micros for ware in found.machines) == found.least


@given(tasks, some.integers(0, 30))
def test_a_search_that_is_cut_short_has_a_lower_bound(task, nodes):
    sold, wanted, prices = task
    appraisal, wares = posed(sold, wanted, prices)
    assert cover(appraisal, wares, nodes).least <= enough(sold, wanted)


@given(tasks, some.integers(1, 99))
def test_only_what_is_cheaper_is_found(task, below):
    sold, wanted, prices = task
    appraisal, wares = posed(sold, wanted, prices)
    least = enough(sold, wanted)
    found = cover(appraisal, wares, MANY, below=below)
    assert found.least == min(least, below)
    assert (found.machines is not None) == (least < below)


@given(tasks, some.sampled_from([1, 5, 50]))
def test_in_haste_they_have_enough_as_well(task, haste):
    sold, wanted, prices = task
    appraisal, wares = posed(sold, wanted, prices)
    machines = cover(appraisal, wares, MANY, haste=haste).machines
    least = enough(sold, wanted)
    assert (machines is None) == (least == NEVER)
    if machines is not None:
        index = [int(ware.type[1:]) for ware in machines]
        assert all(sum(sold[n][1][m] for n in index) >= want for m, want in enumerate(wanted))
        assert sum(ware.micros for ware in machines) >= least


@given(lots, markets, some.lists(some.floats(0, 1e6), min_size=30, max_size=30))
def test_the_bound_is_never_above_the_cheapest_purchase(lot, market, prices):
    """Neither at the prices of the linear programme, nor at any others."""
    wares = offered(lot, market)
    appraisal = appraise(lot, wares)
    least = cheapest(lot, wares)
    assert appraisal.least <= least
    for nodes in (0, 7, MANY):
        assert cover(appraisal, wares, nodes).least <= least
        wild = appraisal._replace(prices=tuple(prices[: len(appraisal.demands)]))
        assert cover(wild, wares, nodes).least <= least


@pytest.mark.parametrize(("amount", "machines"), [(4, 1), (5, 2), (8, 2), (9, 3)])
def test_machines_come_whole(amount, machines):
    wares = (Ware("one", 4000, 8192, 0, frozenset(), 100),)
    lot = (Piece(("web",) * amount, 1000, 1024),)
    found = cover(appraise(lot, wares), wares, MANY)
    assert (found.least, found.machines) == (100 * machines, wares * machines)


def test_no_more_is_counted_than_may_be_on_one_machine():
    wares = (Ware("large", 64_000, 65_536, 0, frozenset(), 100),)
    lot = (Piece(("web",) * 3, 1000, 1024, most=1),)
    assert cover(appraise(lot, wares), wares, MANY).least == 300
