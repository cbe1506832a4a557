"""untangle: a sequence that keeps every hard edge, and as many soft ones as do no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moot.model.diagnostic import Refused
from moot.passes.untangle import Edges, untangle


def sorted_out(hard, soft=None):
    nodes = dict.fromkeys((*hard, *(soft or {})))
    return untangle(Edges({n: hard.get(n, []) for n in nodes}, [soft or {}]))


def test_ties_keep_the_given_order():
    assert sorted_out({"c": [], "a": [], "b": []}) == (["c", "a", "b"], set())


def test_what_is_waited_for_comes_first():
    assert sorted_out({"a": ["b"], "b": ["c"], "c": []}) == (["c", "b", "a"], set())


def test_a_soft_edge_orders_as_long_as_it_can():
    assert sorted_out({"a": [], "b": []}, {"a": ["b"]}) == (["b", "a"], set())


def test_a_soft_edge_yields_to_a_hard_one():
    assert sorted_out({"a": [], "b": ["a"]}, {"a": ["b"]}) == (["a", "b"], {("a", "b")})


def test_a_soft_edge_elsewhere_stays():
    sequence, dropped = sorted_out({"a": [], "b": ["a"], "c": []}, {"a": ["b", "c"]})
    assert dropped == {("a", "b")}
    assert sequence == ["c", "a", "b"]


def test_the_softest_edges_yield_first():
    hard = {"a": [], "b": ["a"], "c": []}
    soft = [{"a": ["c"]}, {"c": ["b"]}]
    assert untangle(Edges(hard, soft)) == (["a", "b", "c"], {("a", "c")})
    assert untangle(Edges(hard, soft[::-1])) == (["c", "a", "b"], {("c", "b")})


def test_an_edge_that_is_both_is_hard():
    with pytest.raises(Refused):
        sorted_out({"a": ["b"], "b": ["a"]}, {"a": ["b"]})


def test_hard_edges_in_a_circle_are_refused_by_name():
    with pytest.raises(Refused) as refused:
        sorted_out({"a": ["b"], "b": ["a"], "c": []})
    assert refused.value.diagnostics[0].detail == "a, b"


def test_a_long_chain_needs_no_deep_stack():
    chain = {str(n): [str(n - 1)] if n else [] for n in range(20_000)}
    sequence, dropped = sorted_out(chain, {"0": ["19999"]})
    assert (sequence[0], sequence[-1], dropped) == ("0", "19999", {("0", "19999")})


NAMES = "abcdefgh"
EDGES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20)


@given(EDGES, EDGES)
def test_whatever_the_edges(hard_edges, soft_edges):
    hard = {n: [b for a, b in hard_edges if a == n and b < n] for n in NAMES}  # no circles
    soft = {n: [b for a, b in soft_edges if a == n and b != n] for n in NAMES}
    sequence, dropped = untangle(Edges(hard, [soft]))
    position = {name: index for index, name in enumerate(sequence)}
    assert sorted(sequence) == list(NAMES)
    assert all(position[b] < position[a] for a in NAMES for b in hard[a])
    assert dropped <= {(a, b) for a in NAMES for b in soft[a] if b not in hard[a]}
    kept = {(a, b) for a in NAMES for b in soft[a]} - dropped
    assert all(position[b] < position[a] for a, b in kept)
    if all(b < a for a in NAMES for b in soft[a]):
        assert not dropped
