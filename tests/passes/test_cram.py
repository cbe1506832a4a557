"""As much as goes in where not everything does: sound always, and near the most on small cases."""

from __future__ import annotations

from functools import cache
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placing import BOTH

from moot.model.app import Needs
from moot.model.venue import Offering
from moot.passes.apart import apart
from moot.passes.placing.cram import cram
from moot.passes.placing.mend import mend
from moot.passes.placing.stock import demand, stock
from moot.passes.placing.stow import Ask, Bin, left_out, stow, waste, worth

PARTS = (0, 0.19, 0.25, 0.4, 0.5, 0.81, 1, 2, inf)


def machine(number: int, gpus: int, cpu: int) -> Offering:
    return Offering(venue=f"h{number}", name="m", cpu=cpu, memory_mib=64, gpus=gpus, traits=BOTH)


def asked(of, wishes, kinds=None) -> list[Ask]:
    everywhere = frozenset(range(len(of.kinds)))
    return [
        Ask(demand(Needs(gpus=gpus, cpu=cpu), f"c{n}"), kinds or everywhere, count)
        for n, (gpus, cpu, count) in enumerate(wishes)
    ]


def is_sound(of, asks: list[Ask], bins: list[Bin]) -> None:
    """Nothing is given twice, by what was asked and nothing else."""
    for number, each in enumerate(bins):
        offering, cards = of.offerings[number], [1000] * of.offerings[number].gpus
        left = [offering.cpu * 1_000_000, offering.memory_mib]
        for index, hand in each.items:
            ask = asks[index]
            assert each.kind == of.kind_of[number]
            assert each.kind in ask.kinds
            left = [left[0] - ask.demand[0], left[1] - ask.demand[1]]
            for card in set(hand):
                cards[card] -= min(1000, ask.claim.thousandths if ask.claim else 0)
            if ask.claim:
                assert len(set(hand)) == (len(cards) if ask.claim.every else ask.claim.count)
        assert min(*left, *cards, 0) >= 0
        assert each.rest[3] == tuple(cards)
        assert each.rest[0] == left[0]
    assert min(left_out(asks, bins).values(), default=0) >= 0


SIZES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 8)), min_size=1, max_size=4)
WISHES = st.lists(
    st.tuples(st.sampled_from(PARTS), st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=5
)


@given(SIZES, WISHES, st.randoms())
@settings(max_examples=150, deadline=None)
def test_nothing_is_given_twice_and_the_order_of_offerings_does_not_matter(sizes, wishes, chance):
    machines = [machine(n, *size) for n, size in enumerate(sizes)]
    of = stock(machines, apart(()))
    asks = asked(of, wishes)
    found = cram(of, asks, 20)
    is_sound(of, asks, found)
    other = stock(chance.sample(machines, len(machines)), apart(()))
    assert [each.items for each in cram(other, asked(other, wishes), 20)] == [
        each.items for each in found
    ]


@given(SIZES, WISHES, st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_mending_is_sound_and_never_gives_out_less(sizes, wishes, rounds):
    of = stock([machine(n, *size) for n, size in enumerate(sizes)], apart(()))
    asks = asked(of, wishes)
    bins = stow(of, asks, None)
    before, _ = worth(asks, bins)
    mend(asks, bins, rounds)
    is_sound(of, asks, bins)
    assert worth(asks, bins)[0] >= before


def most(sizes: tuple[int, ...], parts: tuple[int, ...]) -> int:
    """Thousandths given out at most, tried in every way."""

    @cache
    def tried(left: tuple[int, ...], rest: tuple[int, ...]) -> int:
        if not rest:
            return 0
        first, others = rest[0], rest[1:]
        found = tried(left, others)
        for n, room in enumerate(left):
            if room >= first and room not in left[:n]:
                less = tuple(sorted((*left[:n], room - first, *left[n + 1 :])))
                found = max(found, first + tried(less, others))
        return found

    return tried((1000,) * sum(sizes), parts)


@given(
    st.lists(st.integers(1, 2), min_size=1, max_size=2),
    st.lists(st.sampled_from((0.19, 0.25, 0.33, 0.4, 0.5, 0.6, 0.81)), min_size=1, max_size=8),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_parts_fill_gpus_as_far_as_any_way_does(sizes, parts):
    of = stock([machine(n, size, 99) for n, size in enumerate(sizes)], apart(()))
    asks = asked(of, [(part, 0, 1) for part in parts])
    thousandths = tuple(round(part * 1000) for part in parts)
    best = most(tuple(sizes), thousandths)
    assert best * 0.97 <= worth(asks, cram(of, asks, 200))[0] <= best


def test_what_is_short_of_cpus_is_put_where_there_are_many():
    """Two halves with many CPUs go to the machine that has them, though the whole ones that come
    first would fill it up.
    """
    of = stock([machine(0, 2, 4), machine(1, 1, 40)], apart(()))
    asks = asked(of, [(1, 1, 2), (0.5, 10, 2)])
    assert worth(asks, stow(of, asks, None))[1] < 4
    assert worth(asks, cram(of, asks, 0)) == (3000, 4)


def test_what_is_mended_often_is_sound_and_nearly_full():
    """Of parts that do not go together well there are more than go in."""
    of = stock([machine(n, 4, 30) for n in range(6)], apart(()))
    parts = (0.81, 0.65, 0.47, 0.46, 0.35, 0.32, 0.23, 0.19, 0.11)
    asks = asked(of, [(part, 1 + n % 3, 8) for n, part in enumerate(parts)])
    bins = stow(of, asks, None)
    before, _ = worth(asks, bins)
    mend(asks, bins, 500)
    is_sound(of, asks, bins)
    assert before < 23_500 <= worth(asks, bins)[0]


def test_what_fills_badly_gives_way():
    """One of 0.81 leaves what nothing else fills: two halves fill it better."""
    of = stock([machine(0, 1, 99)], apart(()))
    asks = asked(of, [(0.81, 0, 1), (0.5, 0, 2)])
    assert worth(asks, stow(of, asks, None))[0] == 810
    assert worth(asks, cram(of, asks))[0] == 1000


def test_without_gpus_as_many_go_in_as_have_room():
    of = stock([machine(0, 0, 4), machine(1, 0, 3)], apart(()))
    asks = asked(of, [(0, 2, 30), (0, 1, 1)])
    bins = cram(of, asks)
    assert left_out(asks, bins) == {0: 27, 1: 0}
    is_sound(of, asks, bins)


def test_who_may_go_to_few_places_is_not_left_without_them():
    few = machine(0, 1, 9)
    of = stock([Offering(**{**_fields(few), "traits": BOTH | {"a"}}), machine(1, 1, 9)], apart(()))
    mine = frozenset({of.kind_of[0]})
    free, bound = asked(of, [(1, 0, 1), (1, 0, 1)])
    asks = [free, Ask(bound.demand, mine, 1)]
    assert worth(asks, cram(of, asks, 0)) == (2000, 2)


def _fields(offering: Offering) -> dict[str, object]:
    return {name: getattr(offering, name) for name in Offering.__dataclass_fields__}


@pytest.mark.parametrize(
    ("parts", "total", "left"),
    [((810,), 1000, 190), ((500, 250), 1000, 0), ((300, 400), 900, 0), ((), 10, 10)],
)
def test_what_no_sum_fills(parts, total, left):
    assert waste(frozenset(parts))[total] == left
