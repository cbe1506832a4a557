"""GPUs are counted: none is promised twice, and who runs keeps those it has."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placing import DATA, part, placed, reasons, room, where

from moot.model.app import App, Component, Needs
from moot.model.codec import placement_from_json, placement_to_json
from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Placement
from moot.model.rehearsal import Ground
from moot.passes.beside import beside
from moot.passes.buying.need import need
from moot.passes.explaining.elsewhere import elsewhere, ties_of
from moot.passes.placing.cards import Cards, claim
from moot.passes.placing.cards import room as room_for

ASKED = (0.1, 0.25, 0.4, 0.5, 0.9, 1, 2, 3, inf)


def rig(venue: str, gpus: int, **more):
    return room(venue, gpus=gpus, pool="lab", reach=venue, machine=venue, **more)


def needy(name: str, gpus: float, replicas: int = 1, **more) -> Component:
    return part(name, replicas=replicas, needs=Needs(gpus=gpus, **more))


def hands(placement: Placement) -> dict[str, tuple[int, ...]]:
    return {a.replica.removeprefix("shop/"): a.gpus for a in placement.assignments}


def used(components, placement: Placement) -> dict[tuple[str, int], list[float]]:
    """By venue and GPU what was asked of it."""
    asked = {component.name: component.needs.gpus for component in components}
    found = defaultdict(list)
    for each in placement.assignments:
        for card in each.gpus:
            found[each.offering.venue, card].append(asked[each.component])
    return found


def obeys(components, rigs, placement: Placement) -> None:
    """Everybody has what it asks for, and no GPU more than there is of it."""
    size = {offering.venue: offering.gpus for offering in rigs}
    asked = {component.name: component.needs.gpus for component in components}
    for each in placement.assignments:
        wanted = asked[each.component]
        count = size[each.offering.venue] if wanted == inf else max(1, wanted)
        assert len(set(each.gpus)) == len(each.gpus) == (count if wanted else 0)
        assert all(card < size[each.offering.venue] for card in each.gpus)
    for shares in used(components, placement).values():
        assert sum(shares) <= 1 or len(shares) == 1


def is_possible(asked: list[float], sizes: list[int]) -> bool:
    """Tried in every way: each on some machine, and there on some of its GPUs."""
    return _tries(sorted(asked, reverse=True), [[1000] * size for size in sizes])


def _tries(asked: list[float], left: list[list[int]]) -> bool:
    if not asked:
        return True
    wanted, *rest = asked
    for machine, cards in enumerate(left):
        for taken in _ways(wanted, cards):
            if _tries(rest, [*left[:machine], taken, *left[machine + 1 :]]):
                return True
    return False


def _ways(wanted: float, cards: list[int]):
    if wanted == inf:
        if cards and min(cards) == 1000:
            yield [0] * len(cards)
    elif wanted >= 1:
        free = [n for n, rest in enumerate(cards) if rest == 1000]
        if len(free) >= wanted:
            yield [0 if n in free[: int(wanted)] else rest for n, rest in enumerate(cards)]
    else:
        share = round(wanted * 1000)
        for rest in {rest for rest in cards if rest >= share}:
            index = cards.index(rest)
            yield [*cards[:index], rest - share, *cards[index + 1 :]]


SIZES = st.lists(st.integers(0, 4), min_size=1, max_size=3)
WISHES = st.lists(st.sampled_from(ASKED), min_size=1, max_size=6)


@given(SIZES, WISHES, st.randoms())
@settings(max_examples=100, deadline=None)
def test_no_gpu_is_promised_twice_and_the_order_of_what_is_given_does_not_matter(
    sizes, asked, chance
):
    rigs = [rig(f"lab:h{n}", size) for n, size in enumerate(sizes)]
    parts = [needy(f"c{n}", wanted) for n, wanted in enumerate(asked)]
    shuffled = chance.sample(rigs, len(rigs))
    try:
        found = placed(*parts, offerings=rigs)
    except Refused:
        with pytest.raises(Refused):
            placed(*parts, offerings=shuffled)
        return
    assert is_possible(asked, sizes)
    obeys(parts, rigs, found)
    assert placed(*parts, offerings=shuffled) == found
    again = placed(*parts, offerings=shuffled, prior=found)
    assert again == found
    kept = placement_from_json(placement_to_json(found))
    assert placed(*parts, offerings=rigs, prior=kept) == found


@given(SIZES, SIZES, WISHES, WISHES)
@settings(max_examples=150, deadline=None)
def test_what_runs_and_machines_that_change_are_no_excuse(sizes, others, asked, wishes):
    """Machines get and lose GPUs, components come, go and ask for something else."""
    rigs = [rig(f"lab:h{n}", size) for n, size in enumerate(sizes)]
    parts = [needy(f"c{n}", wanted) for n, wanted in enumerate(asked)]
    try:
        before = placed(*parts, offerings=rigs)
    except Refused:
        before = None
    rigs = [rig(f"lab:h{n}", size) for n, size in enumerate(others)]
    parts = [needy(f"c{n}", wanted) for n, wanted in enumerate(wishes)]
    try:
        found = placed(*parts, offerings=rigs, prior=before)
    except Refused:
        return
    obeys(parts, rigs, found)
    assert placed(*parts, offerings=rigs, prior=found) == found


def test_whoever_loses_its_gpu_is_refused_with_the_number():
    web = needy("web", 1, 2)
    before = placed(web, offerings=[rig("lab:h0", 2)])
    with pytest.raises(Refused) as refused:
        placed(web, offerings=[rig("lab:h0", 1)], prior=before)
    assert "has GPUs for 1 of all 2" in refused.value.diagnostics[0].detail


def test_what_is_possible_is_nearly_always_found():
    """All that three components can ask of two small machines."""
    possible = refused = 0
    for sizes in ((1, 2), (2, 2)):
        rigs = [rig(f"lab:h{n}", size) for n, size in enumerate(sizes)]
        for asked in product(ASKED, repeat=3):
            if not is_possible([*asked], [*sizes]):
                continue
            possible += 1
            try:
                placed(*(needy(f"c{n}", gpus) for n, gpus in enumerate(asked)), offerings=rigs)
            except Refused:
                refused += 1
    assert possible > 500
    assert refused == 0


@given(
    SIZES, st.lists(st.tuples(st.sampled_from(ASKED), st.integers(0, 2)), max_size=12), st.data()
)
@settings(max_examples=100, deadline=None)
def test_what_is_given_back_is_free_again(sizes, wishes, data):
    cards = Cards([(1000,) * size for size in sizes], {})
    taken = []
    for index, (wanted, number) in enumerate(wishes):
        asked = claim(Needs(gpus=wanted), f"c{index}")
        assert asked
        if number < len(sizes) and cards.capacity(number, asked, 1):
            was = [[*left] for left in cards.left]
            cards.take([(0, 1, number)], asked)
            taken.append((asked, number))
            assert min(map(min, filter(None, cards.left))) >= 0
            if data.draw(st.booleans()):
                cards.give_back([(0, 1, number)], asked)
                assert cards.left == was
                cards.take([(0, 1, number)], asked)
    for asked, number in data.draw(st.permutations(taken)):
        cards.give_back([(0, 1, number)], asked)
        assert cards.capacity(number, asked, 1)
    assert cards.left == [[1000] * size for size in sizes]
    assert not cards.hands


@pytest.mark.parametrize(
    ("left", "gpus", "count"),
    [
        ((1000, 1000, 400), 1, 2),
        ((1000, 1000, 400), 2, 1),
        ((1000, 1000, 400), 0.4, 5),
        ((1000, 1000, 400), inf, 0),
        ((1000, 1000), inf, 1),
        ((), inf, 0),
    ],
)
def test_how_many_have_room(left, gpus, count):
    asked = claim(Needs(gpus=gpus))
    assert asked
    assert room_for(left, asked) == count


def test_whoever_runs_keeps_its_gpus_when_another_comes_or_goes():
    offered = [rig("lab:h0", 3)]
    web, db, new = needy("web", 1), needy("db", 1), needy("a", 1)
    before = placed(web, db, offerings=offered)
    assert hands(before) == {"web/0": (0,), "db/0": (1,)}
    alone = placed(db, offerings=offered, prior=before)
    assert hands(alone) == {"db/0": (1,)}
    assert hands(placed(new, db, offerings=offered, prior=alone)) == {"a/0": (0,), "db/0": (1,)}


def test_a_replica_that_is_alone_takes_no_gpu_of_one_that_stays():
    rigs = [rig("lab:h0", 1), rig("lab:h1", 2)]
    web = needy("web", 1, 2)
    before = placed(web, offerings=rigs)
    assert hands(before) == {"web/0": (0,), "web/1": (0,)}
    left = [run for run in before.runs if run.offering.venue == "lab:h1"]
    then = placed(web, offerings=rigs[1:], prior=Placement(assignments=Assignments(left)))
    kept = next(iter(left[0])).replica.removeprefix("shop/")
    assert hands(then)[kept] == (0,)
    assert sorted(hands(then).values()) == [(0,), (1,)]


def test_parts_fill_a_gpu_before_they_start_another():
    found = placed(needy("a", 0.5, 2), needy("b", 0.5, 2), offerings=[rig("lab:h0", 3)])
    assert sorted(hands(found).values()) == [(0,), (0,), (1,), (1,)]


def test_gpus_stay_with_data_that_does_not_answer():
    web = replace(needy("web", 1, 2), mounts=(DATA,))
    before = placed(web, offerings=[rig("lab:h0", 2)])
    silent = {"lab:h0": "lab:h0 does not answer"}
    then = placed(web, offerings=[], prior=before, homes={"data": "lab:h0"}, absent=silent)
    assert hands(then) == {"web/0": (0,), "web/1": (1,)}


def test_gpus_that_are_named_are_those():
    named = part("web", needs=Needs(gpus=2, gpu_numbers=(1, 3)))
    found = placed(needy("a", 1), named, offerings=[rig("lab:h0", 4)])
    assert hands(found) == {"a/0": (0,), "web/0": (1, 3)}
    with pytest.raises(Refused) as refused:
        placed(named, replace(named, name="other"), offerings=[rig("lab:h0", 4)])
    detail = refused.value.diagnostics[0].detail
    assert "has 2 of 4 GPUs left, it needs 2, number 1 and 3" in detail


def test_what_has_gpus_is_left_to_who_needs_them_where_room_is_scarce():
    rigs = [rig("lab:h0", 1, cpu=1.0), rig("lab:h1", 0, cpu=1.0)]
    plain, wanting = part("a", needs=Needs(cpu=1)), needy("b", 1, cpu=1)
    found = placed(plain, wanting, offerings=rigs)
    assert where(found) == {"a/0": "lab:h1/room", "b/0": "lab:h0/room"}


@pytest.mark.parametrize(
    ("gpus", "reason"),
    [
        (3, "has 1 of 4 GPUs left, it needs 3"),
        (inf, "has 1 of 4 GPUs left, it needs all"),
        (5, "has 4 GPUs, it needs 5"),
    ],
)
def test_a_refusal_says_how_many_are_left(gpus, reason):
    with pytest.raises(Refused) as refused:
        placed(needy("first", 1, 3), needy("web", gpus), offerings=[rig("lab:h0", 4)])
    assert reason in {d.detail.partition(": ")[2] for d in refused.value.diagnostics}


def test_a_part_is_of_a_single_one():
    with pytest.raises(Refused) as refused:
        placed(needy("first", 0.6, 2), needy("web", 0.5), offerings=[rig("lab:h0", 2)])
    assert "has at most 0.4 of a GPU left, it needs 0.5" in refused.value.diagnostics[0].detail


def test_a_trait_of_a_gpu_stands_for_one_where_no_number_is_given():
    model = rig("lab:h0", 0, traits=room("x").traits | {"gpu:a100"})
    found = placed(needy("web", 1, 1), offerings=[model, rig("lab:h1", 0)])
    assert where(found) == {"web/0": "lab:h0/room"}
    assert reasons(found) == {"lab:h1/room": "has no GPUs, it needs 1"}


def test_why_not_there_and_what_is_left_beside_others():
    rigs = [rig("lab:h0", 2), rig("lab:h1", 2), rig("lab:h2", 1)]
    app = App(name="shop", components=(needy("web", 2, 1), needy("part", 0.5, 3)))
    found = placed(*app.components, offerings=rigs)
    ground = Ground(app=app, offerings=rigs)
    chosen = next(a for a in found.assignments if a.component == "web")
    _, rejected = elsewhere(ground, found, chosen, ties_of(ground, found, "web"))
    said = {r.reason for r in rejected}
    assert "has 1 GPU, it needs 2" in said
    assert said & {"has 1 of 2 GPUs left, it needs 2", "has 0 of 2 GPUs left, it needs 2"}
    left = {o.venue: o.gpus_left for o in beside(found.runs, ground)}
    assert left[chosen.offering.venue] == (0, 0)
    assert sum(map(sum, left.values())) == 500 + 1000


@pytest.mark.parametrize(("gpus", "bought"), [(2, 2), (0.5, 1), (inf, 1), (0, 0)])
def test_what_is_bought_has_as_many(gpus, bought):
    traits = frozenset({"gpu"}) if gpus else frozenset()
    web = part("web", needs=Needs(gpus=gpus, traits=traits))
    assert [piece.gpus for piece in need(App(name="shop", components=(web,))).whole] == [bought]
