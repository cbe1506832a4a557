"""What has room on machines that are there: all of it on them, or nothing is said."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moot.model.purchase import Piece, Ware
from moot.passes.buying.exhaust import exhaust
from moot.passes.buying.squeeze import squeeze
from moot.passes.chance import Chance
from tests.passes.buying.bargain import check, lots, markets, offered

MOVES = 5_000


@given(lots, markets, some.integers(0, 200))
def test_what_is_squeezed_has_room(lot, market, moves):
    wares = offered(lot, market)
    machines = [ware for ware, _ in exhaust(lot, wares) or ()]
    trays = squeeze(lot, machines, moves, Chance())
    if trays is not None:
        check(lot, trays)
        assert Counter(ware for ware, _ in trays) <= Counter(machines)


@given(lots, markets)
def test_where_there_is_a_way_it_is_mostly_found(lot, market):
    """On such small ones always."""
    wares = offered(lot, market)
    machines = [ware for ware, _ in exhaust(lot, wares) or ()]
    assert squeeze(lot, machines, MOVES, Chance()) is not None


def ware(name: str, cpu: int, gib: int) -> Ware:
    return Ware(name, cpu * 1000, gib * 1024, 0, frozenset(), 1)


def test_nothing_is_left_over_where_all_of_a_machine_is_needed():
    """Every largest one at its best place first does not do: 5 + 4 + 3 of 7 + 5."""
    lot = tuple(Piece((f"c{cpu}",), cpu * 1000, 1024) for cpu in (3, 4, 5))
    trays = squeeze(lot, [ware("seven", 7, 8), ware("five", 5, 8)], MOVES, Chance())
    assert trays == [(ware("seven", 7, 8), {0: 1, 1: 1}), (ware("five", 5, 8), {2: 1})]


@pytest.mark.parametrize(
    ("lot", "machines"),
    [
        ((Piece(("web",) * 3, 1000, 1024, most=1),), [ware("large", 8, 8)] * 2),
        ((Piece(("web",) * 3, 1000, 1024),), [ware("small", 1, 8), ware("small", 1, 8)]),
        ((Piece(("ml",), 1000, 1024, 1),), [ware("large", 8, 8)]),
        ((Piece(("web",), 1000, 1024, 0, frozenset({"arch:arm64"})),), [ware("large", 8, 8)]),
    ],
)
def test_nothing_is_squeezed_in_that_has_no_room(lot, machines):
    assert squeeze(lot, machines, MOVES, Chance()) is None
