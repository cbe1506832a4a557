"""Where HiGHS is asked: none of the cheapest placements is missed, and none is refused."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from importlib.util import find_spec
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from moot.engine.solver import Solver, highs
from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.programme import Answer, Programme
from moot.model.venue import Offering
from moot.passes.afford import spent
from moot.passes.apart import apart, wanted
from moot.passes.place import place
from moot.passes.placing.branch import branch
from moot.passes.placing.fill import MOVE_THRESHOLD
from moot.passes.placing.formulate import formulate
from moot.passes.placing.prepare import prepare
from moot.passes.worth import worth

pytestmark = pytest.mark.skipif(find_spec("highspy") is None, reason="highspy is not installed")

GIB = 1024
DISKS = ("0", "73", "31.4", "219.7")  # of a GiB and month: about as much an hour as a machine
Way = tuple[tuple[int, ...], ...]  # of each component the numbers of the machines its replicas have


def machine(name: str, cpu: float, tenths: int, **more: object) -> Offering:
    pool, _, host = name.rpartition(":")
    known = {"pool": pool, "machine": name, "reach": host, "memory_mib": 4096, "disk_mib": 4 * GIB}
    known |= {"hourly": Decimal(tenths) / 10, "traits": frozenset({"runs:process"})}
    return Offering(**{"venue": name, "name": "machine", "cpu": cpu, **known, **more})


def part(name: str, replicas: int, cpu: float, disk_mib: int = 0, **more: object) -> Component:
    process, needs = Process(command=("x",)), Needs(cpu=cpu, disk_mib=disk_mib)
    return Component(name=name, replicas=replicas, process=process, needs=needs, **more)


def shop(*parts: Component, **spread: int) -> App:
    return App(name="shop", components=parts, policy=Policy(spread=spread))


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    with highs() as found:
        yield found
        assert found.use == "used"


@some.composite
def estates(draw: some.DrawFn, apps: int = 2) -> tuple[list[App], list[Offering]]:
    """Apps of the same components, more or less, and two pools, or one with zones."""
    zoned = draw(some.booleans())
    rooms = draw(some.lists(some.tuples(*[some.integers(0, 7)] * 4), min_size=1, max_size=4))
    offers = [
        machine(
            f"{'lab' if zoned or size < 5 else 'rack'}:{n}",
            2 + size,
            price % 4,
            disk=Decimal(DISKS[sold % 4]),
            region=f"r{where % 2}",
            zone=f"z{where // 4}" if zoned else "",
        )
        for n, (size, price, where, sold) in enumerate(rooms)
    ]
    names = ["c0", "c1", "c2"][: draw(some.integers(2, 3))]
    spread = {"host": draw(some.integers(1, 2)), "zone": draw(some.integers(1, 1 + zoned))}
    return [shop(*(draw(_parts(name, names)) for name in names), **spread) for _ in range(apps)], (
        offers
    )


@some.composite
def _parts(draw: some.DrawFn, name: str, names: Sequence[str]) -> Component:
    others = some.sampled_from([(), (), (), *((other,) for other in names if other != name)])
    near, away = draw(others), draw(others)
    size = draw(some.integers(1, 3)), draw(some.integers(1, 4))
    return part(name, *size, draw(some.sampled_from([0, 0, 333, 2048])), near=near, apart=away)


@settings(max_examples=250, deadline=None)
@given(estates(), some.randoms(use_true_random=False))
def test_the_cheapest_is_found_and_proven(
    solver: Solver, estate: tuple[list[App], list[Offering]], chance: random.Random
):
    apps, offers = estate
    prior: Placement | None = None
    for app in apps:
        ways = list(_ways(app, offers))
        try:
            found = place(app, offers, prior, solve=solver)
        except Refused:
            assert not ways
            continue
        assert _way(found, app, offers) in ways
        assert spent(found) == _cost(app, _way(found, app, offers), offers)
        assert spent(found) >= min(_cost(app, way, offers) for way in ways) >= (found.floor or 0)
        if found.floor != spent(found):  # what runs does not move for little
            assert prior
            assert worth(found, prior, MOVE_THRESHOLD) == _least(app, offers, ways, prior)
        assert place(app, offers, found, solve=solver).runs == found.runs
        shuffled = chance.sample(offers, len(offers))
        assert place(app, shuffled, prior, solve=solver).runs == found.runs
        prior = found


def nonsense(programme: Programme, whole: bool) -> Answer:
    """Amounts that are no placement, and prices that would be a bound far too high."""
    return Answer((1.0,) * len(programme.columns), (1e9,) * len(programme.wanted))


def test_the_cheap_room_is_shared_out_to_the_last_cent(solver: Solver):
    """By itself each would have the cheap machine, and the search knows no better bound."""
    app = shop(part("small", 1, 1), part("many", 4, 1))
    offers = [machine("cheap", 4, 1), machine("dear", 8, 5)]
    assert place(app, offers).floor == Decimal("0.5")
    found = place(app, offers, solve=solver)
    assert found.floor == spent(found) == Decimal("0.9")


def test_machines_are_alike_only_where_their_disk_has_one_price(solver: Solver):
    """Else the first would have to have no fewer of `web`, and `db` would pay for its disk."""
    app = shop(part("web", 2, 2), part("db", 1, 4, GIB))
    offers = [machine("lab:a", 4, 1), machine("lab:b", 4, 1, disk=Decimal("73"))]
    question = formulate(prepare(app, offers, None, {}, {}), Decimal(0))
    assert question is not None
    found = branch(question.programme, solver, lambda amounts: True, None, 100)
    assert question.money(found or 0) == Decimal("0.3")


def test_a_move_costs_what_it_has_to_save(solver: Solver):
    app = shop(part("web", 2, 1))
    prior = place(app, [machine("old", 4, 1)])
    for room, least in ((4, "0.2"), (1, "0.21")):  # it stays where it is, or has to leave
        offers = [machine("old", room, 1), machine("new", 8, 1)]
        question = formulate(prepare(app, offers, prior, {}, {}), MOVE_THRESHOLD)
        assert question is not None
        found = branch(question.programme, solver, lambda amounts: True, None, 100)
        assert question.money(found or 0) == Decimal(least)


def test_nobody_is_scattered_because_it_is_cheaper_so(solver: Solver):
    app = shop(part("web", 2, 1), zone=2)
    pool = [machine(f"dear:h{n}", 4, 3, zone=f"z{n}") for n in (1, 2)]
    lone = [machine(f"cheap{n}", 4, 1, zone="z") for n in (1, 2)]
    found = place(app, [*pool, *lone], solve=solver)
    assert {run.offering.site for run in found.runs} == {"dear"}
    assert (found.floor, spent(found)) == (Decimal("0.2"), Decimal("0.6"))


def test_what_cannot_be_is_proven(solver: Solver):
    app = shop(part("a", 1, 3), part("b", 1, 3), part("c", 1, 3))
    offers = [machine("x", 4, 1), machine("y", 4, 2)]
    with pytest.raises(Refused) as without:
        place(app, offers)
    with pytest.raises(Refused) as refused:
        place(app, offers, solve=solver)
    said, proven = without.value.diagnostics[0].detail, refused.value.diagnostics[0].detail
    assert proven.startswith(said)
    assert "it was proven that no way" in proven.removeprefix(said)


@settings(max_examples=100, deadline=None)
@given(estates(apps=1))
def test_a_solver_that_answers_nonsense_changes_nothing(estate: tuple[list[App], list[Offering]]):
    (app,), offers = estate
    ways = list(_ways(app, offers))
    try:
        found = place(app, offers)
    except Refused as refused:
        with pytest.raises(Refused) as again:
            place(app, offers, solve=nonsense)
        assert not ways or again.value.diagnostics == refused.diagnostics
        return
    again = place(app, offers, solve=nonsense)
    assert again.runs == found.runs
    assert (again.floor or 0) <= min(_cost(app, way, offers) for way in ways)


def test_nobody_is_asked_where_there_is_no_gap_or_no_programme():
    def asked(programme: Programme, whole: bool) -> Answer | None:
        raise AssertionError

    one = shop(part("web", 2, 1))
    place(one, [machine("x", 4, 1), machine("y", 4, 2)], solve=asked)
    app = shop(part("small", 1, 1), part("many", 4, 1))
    unknown = machine("cheap", 4, 1), machine("dear", 8, 5), machine("z", 1, 1, hourly=None)
    assert place(app, unknown, solve=asked) == place(app, unknown)


def _ways(app: App, offers: Sequence[Offering]) -> Iterator[Way]:
    """Every way in which all promises are kept, whatever ran before."""
    atlas = apart(offers)
    each = [list(_taken(app, c, offers)) for c in app.components]
    number = {component.name: n for n, component in enumerate(app.components)}
    region = [atlas.domain(offer, "region") for offer in offers]
    for way in product(*each):
        left = [offer.cpu for offer in offers]
        disk = [offer.disk_mib for offer in offers]
        for component, taken in zip(app.components, way, strict=True):
            for n in taken:
                left[n] -= component.needs.cpu
                disk[n] -= component.needs.disk_mib
        if min(*left, *disk) >= 0 and all(
            all(not {*taken} & {*way[number[o]]} for o in component.apart)
            and all({region[n] for n in taken} <= {region[n] for n in way[number[o]]} for o in near)
            for component, taken in zip(app.components, way, strict=True)
            for near in [component.near]
        ):
            yield way


def _taken(app: App, component: Component, offers: Sequence[Offering]) -> Iterator[tuple[int, ...]]:
    for taken in combinations_with_replacement(range(len(offers)), component.replicas):
        on = [offers[n] for n in taken]
        together = len({offer.site for offer in on}) == 1
        if together and not apart(offers).lacks(on, wanted(app.policy, component)):
            yield taken


def _way(found: Placement, app: App, offers: Sequence[Offering]) -> Way:
    number = {offer.venue: n for n, offer in enumerate(offers)}
    return tuple(
        tuple(sorted(number[a.offering.venue] for a in found.assignments if a.component == c.name))
        for c in app.components
    )


def _cost(app: App, way: Way, offers: Sequence[Offering]) -> Decimal:
    """An hour, disk and all; written down once more."""
    total = Decimal(0)
    for component, taken in zip(app.components, way, strict=True):
        for offer in (offers[n] for n in taken):
            disk = offer.disk * component.needs.disk_mib / 1024 / 730
            total += (offer.hourly or 0) + round(disk, 6)
    return total


def _least(
    app: App, offers: Sequence[Offering], ways: Sequence[Way], prior: Placement | None
) -> Decimal:
    """Of all ways, with what it costs to move."""
    names = [component.name for component in app.components]
    before: dict[str, set[str]] = {}
    for run in prior.runs if prior else ():
        before.setdefault(run.component, set()).add(run.offering.venue)

    def moved(way: Way) -> int:
        given = zip(names, way, strict=True)
        return sum(
            bool(before.get(name) and {offers[n].venue for n in taken} - before[name])
            for name, taken in given
        )

    return min(_cost(app, way, offers) + MOVE_THRESHOLD * moved(way) for way in ways)
