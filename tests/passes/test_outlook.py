"""How available an App is where it is placed: what counts, what is shared, what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as some

from moot.model.app import App, Component, Dependency, Policy
from moot.model.availability import Sla
from moot.model.placement import Assignments, Placement, Run
from moot.model.venue import Offering, Venue
from moot.passes.outlook import outlook

CLOSE = 1e-12


def venue(name: str, sla: object = None, pool: str = "", provider: str = "fake") -> Venue:
    stated = None if sla is None else Sla.of(sla)
    return Venue(name=name, provider=provider, pool=pool, sla=stated)


def room(of: Venue, **more) -> Offering:
    known = {"pool": of.pool, "vendor": of.vendor, **more}
    return Offering(venue=of.name, name="room", cpu=1, memory_mib=1, **known)


def lab(hosts: int, sla: object) -> list[Venue]:
    """A pool."""
    return [venue(f"lab:{number}", sla, pool="lab") for number in range(hosts)]


def app(*names: str, quorum: int = 1, **policy) -> App:
    components = tuple(Component(name=name, quorum=quorum) for name in names)
    return App(name="shop", components=components, policy=Policy(**policy))


def placed(*where: tuple[str, Offering] | tuple[str, Offering, int]) -> Placement:
    """Components on offerings, one replica unless it says how many."""
    runs: list[Run] = []
    for component, offering, *count in where:
        first = sum(run.count for run in runs if run.component == component)
        size = count[0] if count else 1
        runs.append(Run("shop", component, first, size, offering, "process"))
    return Placement(assignments=Assignments(runs))


def seen(shop: App, venues: list[Venue], *where):
    named: Mapping[str, Venue] = {each.name: each for each in venues}
    return outlook(shop, placed(*where), named)


def test_two_machines_of_a_pool_stand_in_for_one_another():
    one, two = lab(2, "99%")
    found = seen(app("web"), [one, two], ("web", room(one)), ("web", room(two)))
    assert found.least == found.most == pytest.approx(0.9999, abs=CLOSE)
    assert found.limit == "the machines of lab (99 % each)"


def test_two_replicas_on_one_machine_fall_together():
    one, two = lab(2, "99%")
    found = seen(app("web"), [one, two], ("web", room(one), 2))
    assert found.least == pytest.approx(0.99, abs=CLOSE)
    assert found.limit == "the machine of lab (99 %)"


def test_a_pool_stands_in_one_zone():
    hosts = lab(2, {"zone": "99.9%", "host": "99%"})
    found = seen(app("web"), hosts, *(("web", room(host)) for host in hosts))
    assert found.least == pytest.approx(0.999 * 0.9999, abs=CLOSE)
    assert found.limit == "the zone of lab (99.9 %)"


def test_regions_and_zones_of_a_venue():
    cloud = venue("aws", {"venue": "99.99%", "region": "99.9%", "zone": "99%"})
    rooms = [room(cloud, region=r, zone=z) for r, z in (("r1", "a"), ("r1", "b"), ("r2", "a"))]
    found = seen(app("web"), [cloud], *(("web", each) for each in rooms))
    first, second = 0.999 * (1 - 0.01**2), 0.999 * 0.99
    assert found.least == pytest.approx(0.9999 * (1 - (1 - first) * (1 - second)), abs=CLOSE)


def test_venues_that_state_their_vendor_share_it():
    one, two = (venue(name, {"vendor": "99%", "venue": "90%"}, provider="aws") for name in "ab")
    found = seen(app("web"), [one, two], ("web", room(one)), ("web", room(two)))
    assert found.least == pytest.approx(0.99 * 0.99, abs=CLOSE)
    one, two = (venue(name, "90%", provider="aws") for name in "ab")
    found = seen(app("web"), [one, two], ("web", room(one)), ("web", room(two)))
    assert found.least == pytest.approx(0.99, abs=CLOSE)


def test_a_venue_with_the_name_of_a_vendor_does_not_fall_with_it():
    one, two = venue("lab", {"vendor": "99%"}, provider="aws"), venue("aws", "90%")
    found = seen(app("web"), [one, two], ("web", room(one)), ("web", room(two)))
    assert found.least == pytest.approx(1 - 0.01 * 0.1, abs=CLOSE)


def test_nor_are_its_failures_those_of_what_a_vendor_of_that_name_sells():
    """Half of them would be of the machine that was bought, where it waits for nobody."""
    sla = {"zone": "99%", "control-plane": "90%", "failures": "12/year", "healing": "0s"}
    own, sold = venue("aws", sla), venue("aws@market", "100%", pool="aws", provider="aws")
    bought = room(sold, vendor="aws", machine="m")
    alone = seen(app("web"), [own], ("web", room(own)))
    found = seen(app("web", "api"), [own, sold], ("web", room(own)), ("api", bought))
    assert found.least == alone.least < 1


def test_two_venues_on_one_machine_share_its_fate():
    one, two = venue("laptop", "99%"), venue("docker", "99.5%")
    on = room(one, machine="m"), room(two, machine="m")
    found = seen(app("web"), [one, two], *(("web", each) for each in on))
    assert found.least == pytest.approx(0.99, abs=CLOSE)


def test_what_is_stated_of_one_machine_says_nothing_of_its_pool():
    one, two = lab(2, "99%")
    engine = venue("engine", "98%")
    on = room(engine, machine="m1"), room(one, machine="m1"), room(two, machine="m2")
    found = seen(app("web"), [one, two, engine], *(("web", each) for each in on))
    assert found.least == pytest.approx(1 - 0.02 * 0.01, abs=CLOSE)


def test_every_component_is_needed_and_shared_machines_fail_once():
    one, two = lab(2, "99%")
    found = seen(app("web", "db"), [one, two], ("web", room(one)), ("db", room(one)))
    assert found.least == pytest.approx(0.99, abs=CLOSE)
    found = seen(app("web", "db"), [one, two], ("web", room(one)), ("db", room(two)))
    assert found.least == pytest.approx(0.99**2, abs=CLOSE)


def test_a_quorum_is_needed():
    hosts = lab(3, "99%")
    found = seen(app("db", quorum=2), hosts, *(("db", room(host)) for host in hosts))
    assert found.least == pytest.approx(0.99**3 + 3 * 0.99**2 * 0.01, abs=CLOSE)


def test_a_quorum_may_stand_on_one_machine():
    one = venue("big", "99%")
    found = seen(app("db", quorum=2), [one], ("db", room(one), 3))
    assert found.least == pytest.approx(0.99, abs=CLOSE)


def test_what_has_been_completed_is_not_needed():
    one, two = lab(2, "99%")
    after = Dependency(component="migrate", condition="completed")
    shop = App(
        name="shop",
        components=(Component(name="migrate"), Component(name="web", depends_on=(after,))),
    )
    found = seen(shop, [one, two], ("migrate", room(two)), ("web", room(one)))
    assert found.least == pytest.approx(0.99, abs=CLOSE)
    assert [name for name, _ in found.components] == ["web"]


def test_healing_costs_time_wherever_something_takes_over():
    sla = {"host": "99%", "failures": "12/year", "healing": "1h"}
    hosts = lab(2, sla)
    found = seen(app("web"), hosts, *(("web", room(host)) for host in hosts))
    assert found.least == pytest.approx(0.9999 - 12 / (365 * 24), abs=CLOSE)


def test_nothing_is_known_of_what_states_nothing():
    known, unknown = venue("aws", "99%"), venue("laptop")
    found = seen(app("web"), [unknown], ("web", room(unknown)))
    assert (found.least, found.most, found.known, found.unknown) == (None, 1.0, False, ("laptop",))
    found = seen(app("web", "db"), [known, unknown], ("web", room(unknown)), ("db", room(known)))
    assert found.least is None and found.known
    assert found.most == pytest.approx(0.99, abs=CLOSE)


def test_where_an_exact_figure_takes_too_long_there_are_bounds():
    hosts = [venue(f"v{number}", f"{90 + number / 10}%") for number in range(60)]
    names = [f"c{number}" for number in range(30)]
    pairs = [(hosts[n], hosts[(n * 7 + 1) % 60]) for n in range(30)]
    where = [(name, room(host)) for name, pair in zip(names, pairs, strict=True) for host in pair]
    found = seen(app(*names), hosts, *where)
    assert found.least is not None and found.least < found.most
    assert found.least == pytest.approx(prod(share for _, share in found.components))


@given(
    some.lists(some.floats(0.5, 1), min_size=2, max_size=5),
    some.lists(some.lists(some.integers(0, 4), min_size=1, max_size=3), min_size=1, max_size=3),
)
def test_is_the_sum_over_all_that_can_happen(shares, wanted):
    """Components on machines, against every combination of machines that are up."""
    hosts = [venue(f"lab:{n}", str(share), pool="lab") for n, share in enumerate(shares)]
    on = [{number % len(hosts) for number in numbers} for numbers in wanted]
    where = [(f"c{n}", room(hosts[h])) for n, numbers in enumerate(on) for h in sorted(numbers)]
    found = seen(app(*(f"c{n}" for n in range(len(on)))), hosts, *where)
    total = 0.0
    for case in product((True, False), repeat=len(hosts)):
        if all(any(case[h] for h in numbers) for numbers in on):
            up = [Sla.of(str(share)).whole or 0.0 for share in shares]
            total += prod(p if is_up else 1 - p for p, is_up in zip(up, case, strict=True))
    assert found.least == pytest.approx(total, abs=CLOSE)


@given(some.lists(some.sampled_from(["99%", "95%", "99.9%"]), min_size=1, max_size=5))
def test_one_more_machine_never_lowers_it(shares):
    hosts = [venue(f"lab:{n}", share, pool="lab") for n, share in enumerate(shares)]
    figures = [
        seen(app("web"), hosts, *(("web", room(host)) for host in hosts[:count])).least
        for count in range(1, len(hosts) + 1)
    ]
    assert figures == sorted(figures)
