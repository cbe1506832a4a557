"""Contents of whole machines: what a solver says is used, and never believed."""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import given
from hypothesis import strategies as some

from moot.model.programme import Answer
from moot.model.purchase import Bought, Lot, Piece, Purchase, Ware
from moot.passes.buying.appraise import appraise
from moot.passes.buying.choose import choose
from moot.passes.buying.combine import combine
from moot.passes.buying.maximise import maximise
from moot.passes.buying.procure import procure
from moot.passes.buying.stuff import stuff
from tests.passes.buying.bargain import cheapest, holds, lots, markets, offered

worths = some.lists(some.integers(0, 1 << 40), min_size=3, max_size=3)
numbers = some.floats(-1e14, 1e14)


def relaxed(programme, whole):
    """A solver of linear programmes only: what the rows are worth, by the simplex method."""
    if whole:
        return None
    rows = [[0.0] * len(programme.wanted) for _ in programme.columns]
    for row, column in zip(rows, programme.columns, strict=True):
        for n, has in column.parts:
            row[n] = float(has)
    wanted = [float(want) for want in programme.wanted]
    prices, amounts = maximise(wanted, rows, [float(column.cost) for column in programme.columns])
    return Answer(tuple(amounts), tuple(prices))


@given(lots, markets, worths, some.sampled_from([1, 3, 500]), some.integers(0, 1 << 41))
def test_no_content_is_worth_more(lot: Lot, market, worths, states, enough):
    for ware in offered(lot, market):
        found = stuff(lot, ware, worths[: len(lot)], states, enough)
        here = [lot[n] for n, count in found.content.items() for _ in range(count)]
        assert holds(ware, here)
        assert found.value == sum(worths[n] * count for n, count in found.content.items())
        best = max(
            sum(worths[n] * count for n, count in enumerate(counts))
            for counts in product(*(range(piece.amount + 1) for piece in lot))
            if holds(ware, [p for p, count in zip(lot, counts, strict=True) for _ in range(count)])
        )
        assert found.value <= best <= found.most
        if states == 500 and not enough:
            assert found.value == best


@given(lots, markets, some.data())
def test_the_bound_holds_whatever_the_solver_says(lot: Lot, market, data):
    """It may have gone mad: no bound is too high, and what is chosen has room."""

    def mad(programme, whole):
        def some_of(count):
            return tuple(data.draw(some.lists(numbers, min_size=count, max_size=count)))

        if data.draw(some.sampled_from([False] * 4 + [True])):
            return None
        return Answer(some_of(len(programme.columns)), some_of(len(programme.wanted)))

    wares = offered(lot, market)
    appraisal = appraise(lot, wares)
    bought = procure(lot, wares, appraisal, 0)._replace(least=appraisal.least)
    chosen = choose(lot, wares, appraisal, bought, mad)
    assert chosen.least <= cheapest(lot, wares) <= chosen.micros <= bought.micros
    kinds = {ware.type: ware for ware in wares}
    assert Counter(n for m in chosen.machines for n in m.names) == Counter(
        name for piece in lot for name in piece.names
    )
    assert all(kinds[machine.type].micros == machine.micros for machine in chosen.machines)


@given(lots, markets)
def test_the_bound_is_between_the_divisible_and_the_cheapest(lot: Lot, market):
    wares = offered(lot, market)
    appraisal = appraise(lot, wares)
    combined = combine(lot, wares, appraisal, relaxed)
    assert appraisal.least <= combined.least <= cheapest(lot, wares)


def test_machines_that_nothing_fits_beside_are_no_bargain():
    """3 CPUs each leave one of four idle: divisible ones would be on three machines, or so."""
    wares = (Ware("four", 4000, 8192, 0, frozenset(), 100),)
    lot = (Piece(("web",) * 4, 3000, 1024),)
    appraisal = appraise(lot, wares)
    assert appraisal.least == 301
    assert combine(lot, wares, appraisal, relaxed).least == 400


def test_what_the_solver_chose_is_bought_where_it_is_cheaper():
    """So many kinds that not all ways are tried.  As it chooses, everything is alone."""
    wares = (
        Ware("one", 1000, 1024, 0, frozenset(), 10),
        Ware("two", 2000, 2048, 0, frozenset(), 100),
    )
    lot = tuple(Piece((f"c{n}",) * 2, 900 + n, 1000 - n) for n in range(8))

    def solve(programme, whole):
        if not whole:
            return relaxed(programme, whole)
        single = [column.cost == 10 and len(column.parts) == 1 for column in programme.columns]
        return Answer(tuple(2.0 * it for it in single), ())

    appraisal = appraise(lot, wares)
    dear = Purchase((Bought("two", 100, ("c0", "c0")),) * 8, 0)
    purchase = choose(lot, wares, appraisal, dear, solve)
    assert purchase.micros == purchase.least == 160
    assert Counter(m.names for m in purchase.machines) == {(f"c{n}",): 2 for n in range(8)}
