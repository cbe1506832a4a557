"""Availability: the vectors, what is seen by trying every case, and what must hold of any tree."""

from __future__ import annotations

import json
import math
from itertools import product
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moot.model.availability import Domain
from moot.passes.availability import TooLarge, availability

VECTORS = json.loads(Path(__file__).with_name("availability_vectors.json").read_text())["cases"]
CLOSE = 1e-12

shares = some.floats(0, 1, allow_subnormal=False)
replicas = some.builds(Domain, up=shares, component=some.sampled_from("ab"))
trees = some.recursive(
    replicas,
    lambda parts: some.builds(
        Domain, up=shares, parts=some.lists(parts, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=6,
)
needs = some.fixed_dictionaries({"a": some.integers(0, 3)}, optional={"b": some.integers(0, 3)})


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case):
    found = availability(domain(case["tree"]), {"": case["live_needed"]})
    assert abs(found - case["availability"]) < CLOSE


@given(trees, needs)
def test_is_the_sum_over_all_that_can_happen(tree, needed):
    assert abs(availability(tree, needed) - by_trying(tree, needed)) < CLOSE


@given(trees, needs, trees)
def test_one_more_part_never_lowers_it(tree, needed, more):
    before = availability(Domain(parts=(tree,)), needed)
    assert availability(Domain(parts=(tree, more)), needed) >= before - CLOSE


@given(some.lists(trees, min_size=1, max_size=4), needs, some.randoms())
def test_order_does_not_matter(parts, needed, chance: Random):
    shuffled = chance.sample(parts, len(parts))
    one, other = (Domain(up=0.9, parts=tuple(each)) for each in (parts, shuffled))
    assert abs(availability(one, needed) - availability(other, needed)) < CLOSE


@given(trees, needs, some.integers(0, 5))
def test_a_count_is_so_many_alike(tree, needed, count):
    counted = Domain(parts=(Domain(parts=(tree,), count=count),))
    listed = Domain(parts=(tree,) * count + (Domain(up=0.0),))
    assert abs(availability(counted, needed) - availability(listed, needed)) < CLOSE


def test_ten_thousand_hosts_are_binomial():
    hosts = Domain(parts=(Domain(up=0.99, parts=(Domain(),), count=10_000),))
    exact = sum(
        math.exp(_ln_choose(10_000, up) + up * math.log(0.99) + (10_000 - up) * math.log(0.01))
        for up in range(9_900, 10_001)
    )
    assert abs(availability(hosts, {"": 9_900}) - exact) < 1e-9


def test_what_takes_too_long_is_not_begun():
    hosts = tuple(
        Domain(up=0.9 + number / 1000, parts=(Domain(component=str(number)),))
        for number in range(20)
    )
    needed = {str(number): 1 for number in range(20)}
    with pytest.raises(TooLarge):
        availability(Domain(parts=hosts), needed, most_steps=10_000)


def domain(node) -> Domain:
    return Domain(up=node["a"], parts=tuple(domain(part) for part in node.get("children", ())))


def by_trying(tree: Domain, needed: dict[str, int]) -> float:
    """The probability of all cases, of every domain up or down, in which enough replicas are."""
    domains = list(everything(tree))
    total = 0.0
    for case in product((True, False), repeat=len(domains)):
        chance = math.prod(d.up if up else 1 - d.up for d, up in zip(domains, case, strict=True))
        live = standing(tree, iter(case))
        if all(live.count(name) >= count for name, count in needed.items()):
            total += chance
    return total


def everything(tree: Domain):
    yield tree
    for part in tree.parts:
        yield from everything(part)


def standing(tree: Domain, up, below: bool = True) -> list[str]:
    """The components of the replicas that are up, as `everything` lists the domains."""
    here = next(up) and below
    found = [tree.component] if here and not tree.parts else []
    return found + [name for part in tree.parts for name in standing(part, up, here)]


def _ln_choose(of: int, some_of: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some_of + 1) - math.lgamma(of - some_of + 1)
