"""rehearse: what becomes of every replica, and what more load and prices do."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, reject
from hypothesis import strategies as st
from rehearsing import KEEPS, app, machine, part, room, stood, venues, where

from moot.model.app import App, Container, Dependency, Mount, Port, Process, Volume
from moot.model.diagnostic import Refused
from moot.model.rehearsal import Ground, PriceChange, Rehearsed, Trouble, key_of
from moot.model.venue import Offering
from moot.passes.domains import domains
from moot.passes.place import place
from moot.passes.rehearse import rehearse
from moot.passes.strive import strive
from moot.passes.suppose import suppose


def lose(of: App, offerings: Sequence[Offering], *names: str) -> Rehearsed:
    ground, stands, known = stood(of, offerings)
    return rehearse(ground, stands, Trouble(losses=known.meant(names)), strive)


def fates(found: Rehearsed) -> set[tuple[str, str, int]]:
    return {(fate.component, fate.fortune, fate.count) for fate in found.fates}


# What becomes of whom.


def test_what_ran_on_it_moves_and_the_others_stay():
    found = lose(app(part("web", 3)), [machine("h1"), machine("h2"), machine("h3")], "h2")
    assert fates(found) == {("web", "moves", 1)}
    assert (found.stays, found.whole, found.down) == (2, True, ())
    (fate,) = found.fates
    assert fate.source is not None and fate.source.venue == "lab:h2"
    assert fate.target is not None and fate.target.venue != "lab:h2"


def test_what_has_its_data_there_waits_also_before_there_is_any_data():
    shop = app(part("db", mounts=KEEPS), part("web", 2))
    found = lose(shop, [machine("h1"), machine("h2")], "lab:h1")
    assert fates(found) == {("db", "waits", 1), ("web", "moves", 1)}
    assert (found.down, found.whole, found.problems) == (("db",), False, ())
    assert where(found.placement)["db/0"] == "lab:h1"
    assert "db/0" not in where(found.running)


def test_a_zone_of_a_venue_takes_the_data_of_what_ran_there():
    """A venue that is lost in part answers: nothing else says where in it the data is."""
    cloud = [room("aws", "a", cpu=1, zone="a"), room("aws", "b", cpu=9, zone="b")]
    shop = app(part("db", mounts=KEEPS), part("web", 2))
    found = lose(shop, cloud, "zone:a")
    assert fates(found) == {("db", "waits", 1)}
    assert where(found.placement) == {"db/0": "aws", "web/0": "aws", "web/1": "aws"}
    assert set(where(found.running)) == {"web/0", "web/1"}


def test_what_cannot_be_placed_stops_and_keeps_the_room_it_has_left():
    offers = [machine("h1", cpu=2), machine("h2", cpu=2)]
    shop = app(part("big", 2, cpu=1.5), part("small", 2, cpu=0.5))
    found = lose(shop, offers, "h1")
    assert fates(found) == {("big", "stops", 1), ("small", "stops", 1)}
    assert where(found.running) == {"big/1": "lab:h2", "small/1": "lab:h2"}
    assert where(found.placement) == where(found.running)  # and it is paid for
    assert [problem.component for problem in found.problems] == ["big", "small"]
    assert found.down == ()


def test_too_few_replicas_for_its_quorum_is_down():
    offers = [machine("h1", cpu=1), machine("h2", cpu=1)]
    assert lose(app(part("web", 2, quorum=2)), offers, "h1").down == ("web",)
    assert lose(app(part("web", 2, quorum=1)), offers, "h1").down == ()
    waits = Dependency(component="web", condition="completed")
    job = app(part("web", 2, quorum=2), part("api", cpu=0, depends_on=(waits,)))
    assert lose(job, offers, "h1").down == ()


def test_what_is_new_starts_and_what_is_not_wanted_ends():
    offers = [machine("h1"), machine("h2")]
    old = place(app(part("web", 3), part("gone")), offers)
    ground = Ground(app=app(part("web", 2), part("new")), offerings=offers)
    assert fates(rehearse(ground, old, Trouble(), strive)) == {
        *(("web", "ends", 1), ("gone", "ends", 1), ("new", "starts", 1))
    }


def test_a_silent_venue_is_told_from_a_lost_one():
    offers = [machine("h1"), machine("h2")]
    shop = app(part("db", mounts=KEEPS))
    stands = place(shop, offers)
    ground = Ground(app=shop, offerings=offers[1:], absent={"lab:h1": "dead"})
    found = rehearse(ground, stands, Trouble(), strive)
    assert [fate.why for fate in found.fates] == ["its data is on lab:h1, which does not answer"]
    assert found.fates[0].fortune == "waits"


def test_a_port_that_another_app_holds_is_a_refusal():
    offers = [machine("h1"), machine("h2")]
    shop = app(part("web", ports=(Port(target=80, published=8080),)))
    stands = place(shop, offers)
    at = stands.runs[0].offering.machine
    other = "h2" if at == "h1" else "h1"
    ground = Ground(app=shop, offerings=offers, taken={(other, 8080): "blog"})
    loss = domains(venues(offers), offers).meant([at])
    found = rehearse(ground, stands, Trouble(losses=loss), strive)
    assert [problem.summary for problem in found.problems] == ["port 8080 is taken"]
    assert fates(found) == {("web", "moves", 1)} and not found.whole


# Load and prices.


def test_load_multiplies_what_may_have_several():
    waits = Dependency(component="job", condition="completed")
    fixed = Process(command=("x",), fixed_port=True)
    named = Container(image="x", options={"container_name": "n"})
    shop = app(
        part("web", 2, depends_on=(waits,)),
        part("db", mounts=KEEPS),
        part("shared", 2, mounts=KEEPS),
        part("job"),
        part("fixed", process=fixed),
        part("fixed2", 2, process=fixed),
        part("named", container=named),
        part("none", 0),
    )
    then = suppose(Ground(app=shop, offerings=()), Trouble(load=3)).app
    assert {c.name: c.replicas for c in then.components} == {
        **dict.fromkeys(("web", "shared", "fixed2"), 6),
        **dict.fromkeys(("db", "job", "fixed", "named"), 1),
        "none": 0,
    }


def test_what_more_load_has_no_room_for_is_lacking_and_what_stands_stays():
    offers = [machine("h1", cpu=2), machine("h2", cpu=4)]
    ground, stands, _ = stood(app(part("web", 2), part("api", cpu=2)), offers)
    found = rehearse(ground, stands, Trouble(load=2), strive)
    assert (found.count("lacks"), found.count("starts")) == (1, 2)
    assert where(found.running)["api/0"] == where(stands)["api/0"]
    assert (found.down, found.whole) == ((), False)


def test_another_price_moves_what_it_makes_too_dear():
    offers = [room("a", hourly=1), room("b", hourly=2), room("c", hourly=None)]
    ground, stands, _ = stood(app(part("web")), offers)
    dearer = PriceChange(venues=frozenset({"a", "c"}), factor=Decimal("2.5"))
    found = rehearse(ground, stands, Trouble(prices=(dearer,)), strive)
    (fate,) = found.fates
    assert fate.source is not None and fate.target is not None
    assert (fate.source.hourly, fate.target.venue) == (1, "b")
    fixed = PriceChange(venues=frozenset({"c"}), hourly=Decimal("0.5"))
    (fate,) = rehearse(ground, stands, Trouble(prices=(dearer, fixed)), strive).fates
    assert fate.target is not None and (fate.target.venue, fate.target.hourly) == ("c", 0.5)


# Whatever the App and the machines are.

CPUS = st.sampled_from([0.5, 1.0, 2.0])
PARTS = st.lists(st.tuples(st.integers(1, 4), CPUS, st.booleans()), min_size=1, max_size=4)
HOSTS = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 4.0, 8.0]), st.sampled_from("ab")), min_size=1, max_size=5
)


def made(parts, hosts) -> tuple[App, list[Offering]]:
    volumes = tuple(Volume(name=f"v{n}") for n in range(len(parts)))
    components = tuple(
        part(
            f"c{n}",
            replicas,
            cpu,
            mounts=(Mount(kind="volume", target="/d", source=f"v{n}"),) if keeps else (),
        )
        for n, (replicas, cpu, keeps) in enumerate(parts)
    )
    offers = [machine(f"h{n}", cpu=cpu, zone=zone) for n, (cpu, zone) in enumerate(hosts)]
    offers.append(room("far", cpu=3, hourly=1, reach="far"))
    return App(name="shop", components=components, volumes=volumes), offers


def standing(parts, hosts):
    """An App as it stands, and what it stands on; what cannot run at all is no example."""
    shop, offers = made(parts, hosts)
    try:
        return (shop, offers, *stood(shop, offers))
    except Refused:
        reject()


@given(PARTS, HOSTS)
def test_losing_nothing_changes_nothing(parts, hosts):
    shop, _, ground, stands, _ = standing(parts, hosts)
    found = rehearse(ground, stands, Trouble(), strive)
    assert found.fates == ()
    assert found.stays == sum(c.replicas for c in shop.components)
    assert where(found.placement) == where(found.running) == where(stands)
    assert found.whole


@given(PARTS, HOSTS, st.data())
def test_no_replica_is_forgotten_and_none_runs_on_what_is_lost(parts, hosts, data):
    shop, offers, ground, stands, known = standing(parts, hosts)
    loss = data.draw(st.sampled_from(known.all))
    found = rehearse(ground, stands, Trouble(losses=(loss,)), strive)
    replicas = sum(c.replicas for c in shop.components)
    assert found.stays + found.count("moves", "waits", "stops") == replicas
    assert len(found.running.assignments) == replicas - found.lacking
    assert len(found.placement.assignments) == replicas - found.count("stops")
    used: dict[str, float] = {}
    needs = {c.name: c.needs.cpu for c in shop.components}
    for assignment in found.running.assignments:
        key = key_of(assignment.offering)
        assert key not in loss.offerings
        used[key[0]] = used.get(key[0], 0.0) + needs[assignment.component]
    room_of = {offering.venue: offering.cpu for offering in offers}
    assert all(cpu <= room_of[venue] + 1e-6 for venue, cpu in used.items())


@given(PARTS, HOSTS, st.data())
def test_it_says_what_place_would(parts, hosts, data):
    shop, offers, ground, stands, known = standing(parts, hosts)
    (loss,) = known.meant([data.draw(st.sampled_from([o.venue for o in offers]))])
    homes = {
        f"v{run.component[1:]}": run.offering.venue
        for run in stands.runs
        if parts[int(run.component[1:])][2]
    }
    left = [offering for offering in offers if offering.venue not in loss.venues]
    found = rehearse(ground, stands, Trouble(losses=(loss,)), strive)
    try:
        real = place(shop, left, stands, homes, dict.fromkeys(loss.venues, "dead"))
    except Refused as refused:
        summaries = [diagnostic.summary for diagnostic in refused.diagnostics]
        told = [problem.summary for problem in found.problems]
        assert told[: len(summaries)] == summaries
    else:
        assert found.problems == ()
        assert where(found.placement) == where(real)
