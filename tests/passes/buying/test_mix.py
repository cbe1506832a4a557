"""Keeping a part on own machines and buying for the rest: bounds, ties, promises, and all ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from moot.model.app import App, Component, Container, Mount, Needs, Policy, Volume
from moot.model.availability import Sla
from moot.model.market import Kind
from moot.model.purchase import NEVER, Estimate
from moot.model.rehearsal import Ground
from moot.model.traffic import Latency, Traffic
from moot.model.venue import Offering, Venue
from moot.passes.buying import apportion
from moot.passes.buying.need import need
from moot.passes.buying.part import part
from moot.passes.buying.supply import supply
from tests.passes.buying.bargain import cheapest, estimated, vendor

RUNS = frozenset({"os:linux", "runs:container", "arch:amd64"})
KINDS = [
    Kind("s", 2, 4096, "amd64", 0, "", {"eu": (20_000, 0, 0)}),
    Kind("m", 6, 12288, "amd64", 0, "", {"eu": (50_000, 0, 0)}),
    Kind("l", 8, 16384, "amd64", 0, "", {"eu": (70_000, 0, 0)}),
]
CLOUD = replace(vendor(KINDS, eu=[]), egress=Decimal("0.1"), sla=Sla(levels={"host": 0.99}))
IMAGE = Container(image="it")


def component(name: str, replicas: int = 1, cpu: float = 2, gib: float = 4, **more: object):
    needs = Needs(cpu=cpu, memory_mib=int(gib * 1024))
    return Component(name=name, replicas=replicas, needs=needs, container=IMAGE, **more)


def host(name: str, cpu: float = 4, gib: float = 8, hourly: str = "0", **more: object) -> Offering:
    given = {"pool": "lab", "currency": "USD", "reach": name, "traits": RUNS, **more}
    return Offering(
        venue=name,
        name="machine",
        machine=name,
        cpu=cpu,
        memory_mib=int(gib * 1024),
        disk_mib=10**6,
        hourly=Decimal(hourly),
        **given,
    )


def shop(*components: Component, **policy: object) -> App:
    volumes = (Volume(name="d"),)
    return App(name="shop", components=components, volumes=volumes, policy=Policy(**policy))


def mixed(app: App, *hosts: Offering, sold=CLOUD, **ground: object) -> Estimate:
    """The line of own machines and the only vendor."""
    there = Ground(app=app, offerings=hosts, **ground)
    areas = {sold.name: dict.fromkeys(sold.regions, frozenset[str]())}
    *_, last = estimated(app, [sold], areas, 20, ground=there)
    assert last.is_mixed
    return last


def kept(found: Estimate) -> dict[str, int]:
    assert found.kept is not None, found.reason
    return {run.component: run.count for run in found.kept.runs}


def test_what_saves_most_is_kept_and_the_rest_is_bought():
    found = mixed(shop(component("web", 3), component("db", 1, 4, 8)), host("h1"))
    assert kept(found) == {"db": 1}
    assert found.hourly == Decimal("0.05") and not found.gap
    assert [m.type for site in found.sites for m in site.machines] == ["m"]


def test_own_machines_may_cost_too_much():
    app = shop(component("web", 3), component("db", 1, 4, 8))
    found = mixed(app, host("h1", hourly="0.05"))
    assert found.reason == "nothing of it costs less on your venues than there"
    assert kept(mixed(app, host("h1", hourly="0.039"))) == {"db": 1}


def test_nothing_is_mixed_in_two_currencies_nor_where_nobody_reaches():
    app = shop(component("web", 3), component("db"))
    found = mixed(app, host("h1", hourly="0.001", currency="EUR"))
    assert found.reason == "your venues cost EUR, cloud USD"
    assert kept(mixed(app, host("h1", currency="EUR")))
    there = Ground(app=app, offerings=[host("h1", reach=""), host("h2", names=True)])
    assert len(estimated(app, [CLOUD], {"cloud": {"eu": frozenset()}}, 0, ground=there)) == 1


@pytest.mark.parametrize("keeper", ["db", "web"])
def test_data_stays_where_it_is(keeper: str):
    mounts = (Mount(kind="volume", source="d", target="/d"),)
    app = shop(
        *(component(n, 1, 4, 8, mounts=mounts if n == keeper else ()) for n in ("web", "db"))
    )
    assert kept(mixed(app, host("h1"), homes={"d": "h1"})) == {keeper: 1}


@pytest.mark.parametrize(
    "tie", [{"near": ("db",)}, {"latency": (Latency(to="db", most_ms=Decimal(10)),)}]
)
def test_what_must_be_near_stays_together(tie):
    app = shop(component("web", 1, **tie), component("db", 1, 4, 8), component("job", 1))
    assert kept(mixed(app, host("h1"))) == {"job": 1}
    assert kept(mixed(app, host("h1", 6, 12))) == {"db": 1, "web": 1}


def test_a_stated_distance_keeps_a_latency():
    tie = (Latency(to="db", most_ms=Decimal(10)),)
    app = shop(component("web", latency=tie), component("db", 1, 4, 8))
    near, far = ((("cloud", Decimal(ms)),) for ms in (9, 11))
    assert kept(mixed(app, host("h1", latency=near))) == {"db": 1}
    assert mixed(app, host("h1", latency=far)).reason
    region = (("cloud/eu", Decimal(9)),)
    assert kept(mixed(app, host("h1", latency=region))) == {"db": 1}


def test_traffic_between_both_is_paid():
    def app(gb: int) -> App:
        talk = (Traffic(to="db", gb_monthly=Decimal(gb)),)
        return shop(component("web", 1, 4, 8, traffic=talk), component("db", 1, 4, 8))

    found = mixed(app(73), host("h1", egress=Decimal("0.1")))
    assert found.egress == Decimal("0.01") and found.hourly == Decimal("0.06") and not found.gap
    assert mixed(app(730), host("h1", egress=Decimal("0.1"))).reason  # 0.1 an hour, 0.02 saved


def test_who_talks_much_is_where_the_others_are():
    """Also where there are more than are tried in every way."""
    talk = tuple(Traffic(to=f"c{n}", gb_monthly=Decimal(200)) for n in range(1, 6))
    app = shop(component("c0", traffic=talk), *(component(f"c{n}") for n in range(1, 6)))
    found = mixed(
        app, host("h1", 2, 4, egress=Decimal("0.01")), sold=replace(CLOUD, egress=Decimal("0.01"))
    )
    assert "c0" not in kept(found) and len(kept(found)) == 1


def test_an_availability_may_take_more_machines():
    app = shop(component("web", 2), component("db", 1, 4, 8), availability=0.998)
    venues = {"h1": Venue(name="h1", provider="host", sla=Sla(whole=0.999))}
    found = mixed(app, host("h1", vendor=""), venues=venues)
    assert kept(found) == {"db": 1} and len(found.sites[0].machines) == 2
    assert found.keeps and found.outlook and found.outlook.least == pytest.approx(0.999 * 0.9999)
    lacking = mixed(app, host("h1"), venues={})
    assert not lacking.keeps and lacking.outlook and lacking.outlook.unknown


def test_data_where_nothing_can_be_kept_is_named():
    data = component("db", mounts=(Mount(kind="volume", source="d", target="/d"),))
    found = mixed(shop(component("web", 1, 4, 8), data), host("h1"), homes={"d": "laptop"})
    assert found.reason == "db has its data on laptop, where nothing of it can be kept"


def many(*components: Component) -> App:
    """With more than are tried in every way."""
    return shop(*components, *(component(f"x{n}", 1, 1, 1) for n in range(6)))


def test_what_must_be_kept_finds_its_place_beside_what_may_be_elsewhere():
    data = component("db", mounts=(Mount(kind="volume", source="d", target="/d"),))
    homes = {"d": "h1"}
    hosts = [host(name, 2, 4, pool=name, hourly="0.0001") for name in ("h1", "h2")]
    big = component("big", 1, 2, 4)
    cloud = replace(CLOUD, kinds=[KINDS[0]._replace(cpu=1, memory_mib=4096)])
    found = mixed(many(big, data), *hosts, sold=cloud, homes=homes)
    assert kept(found) == {"big": 1, "db": 1}
    assert found.kept and {r.component: r.offering.venue for r in found.kept.runs}["db"] == "h1"


def test_no_bound_counts_what_only_another_asks_for():
    """One component alone is spread over machines, and two have parts of one GPU."""
    spread = component("a", 3, 1, 1, spread={"host": 3})
    found = mixed(shop(spread, component("b", 3, 1, 1)), *(host(f"h{n}", 1, 1) for n in range(3)))
    assert found.least <= found.hourly
    parts = [
        replace(component(f"g{n}", 1, 1, 1), needs=Needs(cpu=1, memory_mib=1024, gpus=0.5))
        for n in range(6)
    ]
    kinds = [Kind("g", 8, 16384, "amd64", 1, "T4", {"eu": (500_000, 0, 0)}), *KINDS]
    found = mixed(
        shop(*parts, component("x"), component("y")),
        host("h1", 8, 16, gpus=3),
        sold=replace(CLOUD, kinds=kinds),
    )
    assert found.kept and found.least <= found.hourly
    third = [component(f"t{n}", 1, 0.3331, 0.1) for n in range(6)]
    found = mixed(shop(*third, component("x", 1, 4, 8)), host("h1", 2, 1))
    assert found.kept and found.least <= found.hourly


def test_a_dear_machine_beside_is_left_alone():
    app = shop(*(component(f"c{n}") for n in range(8)))
    alone = mixed(app, host("h1"))
    assert kept(alone) == kept(mixed(app, host("h1"), host("h2", 8, 16, hourly="1", pool="dear")))
    assert mixed(app, host("h1"), host("h2", 8, 16, hourly="1")).hourly == alone.hourly


def test_promises_that_a_part_cannot_show_are_named():
    app = shop(component("web"), component("db"), headroom="host")
    assert "x-moot.headroom: host" in mixed(app, host("h1")).reason
    app = shop(component("web", 2), component("db", 2), spread={"region": 2})
    assert mixed(app, host("h1")).reason == "x-moot.spread wants 2 regions"


sizes = some.integers(1, 4)
parts = some.lists(some.tuples(some.integers(1, 2), sizes, sizes), min_size=2, max_size=4)
machines = some.lists(
    some.tuples(some.sampled_from("ab"), some.integers(1, 8), some.integers(1, 8)),
    min_size=1,
    max_size=3,
)
prices = some.sampled_from([0, 1, 5, 20])
disks = some.tuples(some.sampled_from([0, 0, 1, 9]), some.sampled_from([0, 0, 2, 7]))
sold_kinds = some.lists(
    some.tuples(some.sampled_from([1, 2, 4, 8]), some.integers(1, 12), some.integers(1, 300)),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=100)
@given(parts, machines, prices, sold_kinds, disks, some.booleans())
def test_no_bound_is_above_the_cheapest_way(parts, machines, price, sold, disks, is_large):
    """Every way of keeping some, packing it, and buying for the rest is tried.

    Each component has a GiB of disk more than the one before; it may cost something here and there.
    """
    app = shop(*(_stored(n, count, c, m) for n, (count, c, m) in enumerate(parts)))
    own, there = (Decimal(disk) * 730 / 1000 for disk in disks)  # so many thousandths an hour
    hosts = [
        host(f"h{n}", cpu, gib, str(Decimal(price) / 1000), pool=pool, disk=own)
        for n, (pool, cpu, gib) in enumerate(machines)
    ]
    kinds = [
        Kind(f"t{n}", cpu, gib * 1024, "amd64", 0, "", {"eu": (micros * 100, 0, 0)})
        for n, (cpu, gib, micros) in enumerate(sold)
    ]
    cloud = replace(vendor(kinds, eu=[]), disk=there)
    best = min(_ways(app, hosts, cloud, price * 1000, disks), default=NEVER)
    alone = _bought(app, cloud)
    assume(min(best, alone) < NEVER)
    with pytest.MonkeyPatch.context() as patch:
        if is_large:
            patch.setattr(apportion, "MOST_APART", 0)
        found = mixed(app, *hosts, sold=cloud)
    if found.reason:
        assert is_large or best >= alone
        return
    cost = int(found.hourly * 10**6)
    assert best <= cost < alone
    assert int(found.least * 10**6) <= best
    assert is_large or cost == best


def _stored(n: int, replicas: int, cpu: int, gib: int) -> Component:
    whole = component(f"c{n}", replicas, cpu, gib)
    return replace(whole, needs=replace(whole.needs, disk_mib=n * 1024))


def _ways(
    app: App, hosts: Sequence[Offering], cloud, price: int, disks: tuple[int, int]
) -> Iterator[int]:
    names = [c.name for c in app.components]
    for count in range(1, len(names)):
        for chosen in combinations(names, count):
            here = [c for c in app.components if c.name in chosen]
            if _fit(here, hosts):
                rest = part(app, frozenset(names) - {*chosen})
                own = sum(c.replicas for c in here) * price + _gib(here) * disks[0] * 1000
                yield own + _bought(rest, cloud)


def _bought(app: App, cloud) -> int:
    lot = need(app).lots[0]
    disk = int(_gib(app.components) * cloud.disk * 10**6 / 730)
    return min(NEVER, cheapest(lot, supply(cloud, lot, {"eu": ""})["eu"]) + disk)


def _gib(components: Sequence[Component]) -> int:
    return sum(c.replicas * c.needs.disk_mib // 1024 for c in components)


def _fit(components: Sequence[Component], hosts: Sequence[Offering]) -> bool:
    """Whether there is a way, each component in one pool."""
    pools = sorted({h.pool for h in hosts})
    for way in product(pools, repeat=len(components)):
        things = [
            (pool, int(c.needs.cpu), c.needs.memory_mib)
            for pool, c in zip(way, components, strict=True)
            for _ in range(c.replicas)
        ]
        if _put(things, [(h.pool, int(h.cpu), h.memory_mib) for h in hosts]):
            return True
    return False


def _put(things: Sequence[tuple[str, int, int]], rooms: list[tuple[str, int, int]]) -> bool:
    if not things:
        return True
    (pool, cpu, mib), *rest = things
    return any(
        _put(rest, [*rooms[:n], (pool, has - cpu, more - mib), *rooms[n + 1 :]])
        for n, (name, has, more) in enumerate(rooms)
        if name == pool and has >= cpu and more >= mib
    )
