"""connect: who listens where, and how every component finds the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moot.model.app import (
    App,
    Attachment,
    Component,
    Connection,
    Container,
    Healthcheck,
    Network,
    Port,
    Process,
)
from moot.model.diagnostic import Position, Refused
from moot.model.placement import Assignment, Placement, machine_of
from moot.model.value import Ref
from moot.model.venue import Offering
from moot.passes.connect import PORTS, Connected, connect, variable

# A laptop runs processes; Docker on the same machine runs containers, which have names.
LAPTOP = Offering(venue="laptop", name="this", cpu=4, memory_mib=4096, machine="m1")
DOCKER = Offering(
    venue="docker", name="engine", cpu=4, memory_mib=4096, machine="m1", names=True,
    host_name="host.docker.internal", host_address="172.17.0.1",
)  # fmt: skip
LAB = Offering(venue="lab", name="box", cpu=4, memory_mib=4096, machine="m2")
NOWHERE = Offering(venue="cloud", name="vm", cpu=4, memory_mib=4096)


def part(name: str, **more) -> Component:
    return Component(
        name=name,
        **{"process": Process(command=(name,)), "networks": (Attachment(network="n"),), **more},
    )


def connected(places, *links: tuple[str, str], **more) -> Connected:
    """`places` pairs components with offerings; a link is (source, target)."""
    app = App(
        name="shop",
        components=tuple(component for component, _ in places),
        connections=tuple(Connection(source=s, target=t, network="n") for s, t in links),
        networks=(Network(name="n"),),
    )
    assignments = tuple(
        Assignment(
            f"shop/{c.name}/{index}", c.name, index, offering,
            "container" if offering.names else "process",
        )
        for c, offering in places
        for index in range(c.replicas)
    )  # fmt: skip
    return connect(app, Placement(assignments=assignments), **more)


def ports(made: Connected) -> dict[str, int]:
    """By purpose, as they are on the laptop's machine."""
    assert {machine_of(purpose) for purpose in made.ports} <= {"m1"}
    return {purpose.partition("@")[0]: port for purpose, port in made.ports.items()}


def share(made: Connected, venue: str = "laptop"):
    return next(s for s in made.shares if s.venue == venue)


def listeners(made: Connected, venue: str = "laptop"):
    return {listener.name: listener for listener in share(made, venue).listeners}


# Listeners.


def test_what_is_neither_published_nor_replicated_is_reached_directly():
    made = connected([(part("web"), LAPTOP), (part("db", expose=(5432,)), LAPTOP)], ("web", "db"))
    assert share(made).listeners == ()
    assert ports(made) == {}


def test_a_published_port_is_the_gateway_s():
    web = part("web", ports=(Port(target=80, published=8080, address="127.0.0.1"),))
    made = connected([(web, LAPTOP)])
    assert listeners(made)["web-80"].binds == (("127.0.0.1", 8080),)
    assert ports(made) == {"web:80/published:8080": 8080}


def test_a_port_published_anywhere_is_chosen_and_reserved():
    made = connected([(part("web", ports=(Port(target=80),)), LAPTOP)])
    ((address, number),) = listeners(made)["web-80"].binds
    assert address == "0.0.0.0"
    assert number in PORTS
    assert ports(made) == {"web:80/published": number}


def test_a_udp_port_has_no_listener():
    web = part("web", ports=(Port(target=53, published=53, protocol="udp"),), replicas=2)
    assert share(connected([(web, LAPTOP)])).listeners == ()


def test_a_replicated_component_is_reached_over_the_gateway():
    places = [(part("web"), LAPTOP), (part("db", expose=(5432,), replicas=2), LAPTOP)]
    made = connected(places, ("web", "db"))
    ((address, number),) = listeners(made)["db-5432"].binds
    assert address == "127.0.0.1"
    assert ports(made) == {"db:5432": number}


def test_a_replicated_component_nobody_connects_to_needs_no_address():
    made = connected([(part("db", expose=(5432,), replicas=2), LAPTOP)])
    assert share(made).listeners == ()


def test_where_there_are_names_the_gateway_takes_the_component_s():
    aliases = (Attachment(network="n", aliases=("database", "db")), Attachment(network="back"))
    db = part("db", expose=(5432,), replicas=2, networks=aliases)
    listener = listeners(connected([(part("web"), DOCKER), (db, DOCKER)], ("web", "db")), "docker")
    assert listener["db-5432"].names == ("db", "database")
    assert listener["db-5432"].networks == ("n", "back")
    assert listener["db-5432"].binds == ()


def test_a_consumer_in_another_venue_on_the_machine_comes_over_the_gateway():
    db = part("db", expose=(5432,))
    made = connected([(part("web"), DOCKER), (db, LAPTOP)], ("web", "db"))
    ((address, number),) = listeners(made)["db-5432"].binds
    assert address == "172.17.0.1"  # where containers reach the machine
    assert share(made, "docker").environment["web"] == {
        "DB_HOST": "host.docker.internal", "DB_PORT": str(number), "DB_PORT_5432": str(number),
    }  # fmt: skip
    assert share(made, "docker").host_aliases == ("host.docker.internal",)
    assert share(made, "laptop").host_aliases == ()


def test_one_port_serves_consumers_of_both_venues():
    db = part("db", expose=(5432,))
    places = [(part("web"), DOCKER), (part("cli"), LAPTOP), (db, LAPTOP)]
    made = connected(places, ("web", "db"), ("cli", "db"))
    binds = listeners(made)["db-5432"].binds
    assert {address for address, _ in binds} == {"172.17.0.1", "127.0.0.1"}
    assert len({number for _, number in binds}) == 1


@pytest.mark.parametrize("there", [LAB, NOWHERE])
def test_two_that_must_connect_and_cannot_are_refused(there):
    web = part("web", place=Position("compose.yaml", 4))
    with pytest.raises(Refused) as refused:
        connected([(web, LAPTOP), (part("db", expose=(5432,)), there)], ("web", "db"))
    (problem,) = refused.value.diagnostics
    assert problem.summary == "'web' cannot reach 'db'"
    assert problem.place == Position("compose.yaml", 4)


def test_two_that_need_not_connect_may_be_anywhere():
    made = connected([(part("web"), LAPTOP), (part("db", expose=(5432,)), LAB)])
    assert {s.venue for s in made.shares} == {"laptop", "lab"}


# Ports stay, and are nobody else's.


def test_ports_stay_as_they_were():
    web = part("web", ports=(Port(target=80),))
    kept = {"web:80/published": 19_999}
    assert ports(connected([(web, LAPTOP)], prior=kept)) == kept
    assert ports(connected([(web, LAPTOP)], prior={"web:80/published@m1": 19_999})) == kept


def test_a_port_another_app_has_taken_meanwhile_is_given_up():
    web = part("web", ports=(Port(target=80),))
    made = connected(
        [(web, LAPTOP)], prior={"web:80/published": 19_999}, taken={("m1", 19_999): "blog"}
    )
    assert ports(made)["web:80/published"] != 19_999


def test_the_same_app_gets_the_same_ports_on_every_machine():
    web = part("web", ports=(Port(target=80),))
    assert connected([(web, LAPTOP)]) == connected([(web, LAPTOP)])


def test_two_purposes_never_share_a_port():
    web = part("web", ports=(Port(target=80),))
    first = ports(connected([(web, LAPTOP)]))["web:80/published"]
    moved = ports(connected([(web, LAPTOP)], taken={("m1", first): "blog"}))["web:80/published"]
    assert moved != first
    # `a` is decided first and would take what `web` publishes, or had the last time.
    asked = part("z", ports=(Port(target=80, published=first),))
    assert ports(connected([(web, LAPTOP), (asked, LAPTOP)]))["web:80/published"] != first
    prior = {"old:80/published": first}
    old = part("old", ports=(Port(target=80),))
    made = connected([(web, LAPTOP), (old, LAPTOP)], prior=prior)
    made = ports(made)
    assert made["old:80/published"] == first
    assert made["web:80/published"] != first


def test_a_published_port_of_another_app_is_refused_with_its_name_and_place():
    web = part("web", ports=(Port(target=80, published=8080, place=Position("c.yaml", 9)),))
    db = part("db", ports=(Port(target=81, published=8081),))
    with pytest.raises(Refused) as refused:
        connected([(web, LAPTOP), (db, LAPTOP)], taken={("m1", 8080): "blog", ("", 8081): "blog"})
    assert len(refused.value.diagnostics) == 2
    assert refused.value.diagnostics[0].place == Position("c.yaml", 9)
    assert "'blog'" in refused.value.diagnostics[0].detail


# How components find each other.


def discovered(places, venue="laptop", links=(("web", "db"),)):
    return share(connected(places, *links), venue).environment["web"]


def test_a_process_finds_a_single_replica_where_it_happens_to_listen():
    main = "shop/db/0@laptop/process"
    found = discovered([(part("web"), LAPTOP), (part("db", expose=(5432, 80)), LAPTOP)])
    assert found == {
        "DB_HOST": Ref(main, "address"),
        "DB_PORT": Ref(main, "ports.5432"),
        "DB_PORT_5432": Ref(main, "ports.5432"),
        "DB_PORT_80": Ref(main, "ports.80"),
    }


def test_a_container_finds_it_by_name_and_declared_port():
    found = discovered([(part("web"), DOCKER), (part("db", expose=(5432,)), DOCKER)], "docker")
    assert found == {"DB_HOST": "db", "DB_PORT": "5432", "DB_PORT_5432": "5432"}


def test_a_process_finds_a_container_over_the_machine():
    found = discovered([(part("web"), LAPTOP), (part("db", expose=(5432,)), DOCKER)])
    assert found["DB_HOST"] == "127.0.0.1"
    assert int(found["DB_PORT"]) in PORTS


def test_a_replicated_component_is_found_at_the_gateway():
    places = [(part("web"), LAPTOP), (part("my-db", expose=(5432,), replicas=2), LAPTOP)]
    made = connected(places, ("web", "my-db"))
    found = share(made).environment["web"]
    assert found["MY_DB_HOST"] == "127.0.0.1"
    assert found["MY_DB_PORT"] == str(ports(made)["my-db:5432"])


def test_the_user_s_own_environment_wins():
    web = part("web", environment={"DB_HOST": "elsewhere", "A": "1"})
    found = discovered([(web, LAPTOP), (part("db", expose=(5432,)), LAPTOP)])
    assert (found["DB_HOST"], found["A"]) == ("elsewhere", "1")
    assert isinstance(found["DB_PORT"], Ref)


def test_only_those_it_connects_to_are_told():
    places = [
        (part("web"), LAPTOP),
        (part("db", expose=(1,)), LAPTOP),
        (part("x", expose=(2,)), LAPTOP),
    ]
    assert set(discovered(places)) == {"DB_HOST", "DB_PORT", "DB_PORT_1"}


def test_an_app_of_containers_only_is_told_nothing_it_has_names_for():
    image = {"process": None, "container": Container(image="x")}
    places = [(part("web", **image), DOCKER), (part("db", expose=(5432,), **image), DOCKER)]
    made = connected(places, ("web", "db"))
    assert share(made, "docker").environment["web"] == {}
    assert not share(made, "docker").tell_ports
    mixed = connected([*places, (part("p"), LAPTOP)], ("web", "db"))
    assert share(mixed, "docker").environment["web"]["DB_HOST"] == "db"
    assert share(mixed, "docker").tell_ports


def test_a_component_without_replicas_is_not_there():
    places = [(part("web"), LAPTOP), (part("db", expose=(5432,), replicas=0), LAPTOP)]
    assert discovered(places) == {}


def test_names_become_names_of_variables():
    assert variable("my-db.v2") == "MY_DB_V2"


# Who speaks HTTP.

CHECKS = [
    ("http://localhost:8080/healthz", 8080, True),
    ("http://127.0.0.1:8080", 8080, True),
    ("http://[::1]:8080/", 8080, True),
    ("http://localhost:80800/", 8080, False),
    ("http://localhost:9090/", 8080, False),
    ("http://elsewhere:8080/", 8080, False),
    ("https://localhost:8080/", 8080, False),
    ("http://localhost/", 80, True),
    ("http://localhost", 80, True),
    ("http://localhost/", 8080, False),
    ("http://localhost:8080/", 80, False),
    ("http://localhost:$PORT/", 8080, True),
    ("http://localhost:${PORT}/", 8080, True),
    ("http://localhost:$PORT_8080/", 8080, True),
    ("http://localhost:${PORT_8080}/x", 8080, True),
    ("http://localhost:$PORT_9090/", 8080, False),
    ("http://localhost:$PORTAL/", 8080, False),
    ("localhost:8080", 8080, False),
]


def speaks(component: Component) -> bool:
    listener = listeners(connected([(component, LAPTOP)]))
    return next(iter(listener.values())).http


@pytest.mark.parametrize(("url", "target", "http"), CHECKS)
def test_a_health_check_that_asks_by_http_tells(url, target, http):
    check = Healthcheck(test=("CMD", "curl", "-f", url))
    assert speaks(part("web", ports=(Port(target=target),), healthcheck=check)) is http


@pytest.mark.parametrize(
    ("said", "http"), [("http", True), ("http1", True), ("tcp", False), ("https", False)]
)
def test_what_is_said_counts_more_than_what_is_shown(said, http):
    check = Healthcheck(test=("CMD", "curl", "http://localhost:80/"))
    assert (
        speaks(part("web", ports=(Port(target=80, app_protocol=said),), healthcheck=check)) is http
    )


def test_the_port_variable_tells_nothing_where_there_are_several_ports():
    check = Healthcheck(test=("CMD", "curl", "http://localhost:$PORT/"))
    web = part("web", ports=(Port(target=80), Port(target=81)), healthcheck=check)
    made = listeners(connected([(web, LAPTOP)]))
    assert [listener.http for listener in made.values()] == [False, False]


def test_retrying_everything_must_be_asked_for():
    web = part("web", ports=(Port(target=80),))
    assert not listeners(connected([(web, LAPTOP)]))["web-80"].retry_all
    assert listeners(connected([(replace(web, retry=True), LAPTOP)]))["web-80"].retry_all


# Machines of a pool.


def box(name: str, **more) -> Offering:
    place = {"machine": f"m-{name}", "reach": f"10.0.0.{name[1:]}", "pool": "lab", **more}
    return Offering(venue=f"lab:{name}", name="machine", cpu=4, memory_mib=4096, **place)


H1, H2, H3 = box("h1"), box("h2"), box("h3")
E1, E2 = box("e1", names=True), box("e2", names=True)


def spread(*places, links=(("web", "db"),), **more) -> Connected:
    """`places` are (component, offerings): a replica on each of them."""
    app = App(
        name="shop",
        components=tuple(component for component, _ in places),
        connections=tuple(Connection(source=s, target=t, network="n") for s, t in links),
        networks=(Network(name="n"),),
    )
    assignments = tuple(
        Assignment(
            f"shop/{c.name}/{index}", c.name, index, offering,
            "container" if offering.names else "process",
        )
        for c, offerings in places
        for index, offering in enumerate(offerings)
    )  # fmt: skip
    return connect(app, Placement(assignments=assignments), **more)


def remotes(made: Connected, venue: str) -> set[str]:
    return {assignment.main for assignment in share(made, venue).remote}


def test_a_machine_asks_its_own_gateway_for_what_is_elsewhere():
    made = spread((part("web"), [H1]), (part("db", expose=(5432,)), [H2]))
    ((address, number),) = listeners(made, "lab:h1")["db-5432"].binds
    assert address == "127.0.0.1"
    assert remotes(made, "lab:h1") == {"shop/db/0@lab:h2/process"}
    assert share(made, "lab:h1").environment["web"]["DB_HOST"] == "127.0.0.1"
    assert share(made, "lab:h1").environment["web"]["DB_PORT"] == str(number)
    assert share(made, "lab:h2").listeners == ()  # nobody there asks for it
    assert share(made, "lab:h2").remote == ()


def test_every_gateway_knows_all_replicas():
    web = part("web", ports=(Port(target=80, published=8080),), replicas=2)
    db = part("db", expose=(5432,), replicas=2)
    made = spread((web, [H1, H2]), (db, [H2, H3]))
    assert remotes(made, "lab:h1") == {
        "shop/web/1@lab:h2/process", "shop/db/0@lab:h2/process", "shop/db/1@lab:h3/process",
    }  # fmt: skip
    assert remotes(made, "lab:h2") == {"shop/web/0@lab:h1/process", "shop/db/1@lab:h3/process"}
    assert remotes(made, "lab:h3") == set()
    published = {venue: listeners(made, venue).get("web-80") for venue in ("lab:h1", "lab:h2")}
    assert {x.binds for x in published.values() if x} == {(("0.0.0.0", 8080),)}


def test_ports_are_reserved_machine_by_machine():
    web = part("web", ports=(Port(target=80, published=8080),), replicas=2)
    made = spread((web, [H1, H2]), taken={("m-h3", 8080): "blog"})
    assert set(made.ports) == {"web:80/published:8080@m-h1", "web:80/published:8080@m-h2"}
    with pytest.raises(Refused) as refused:
        spread((web, [H1, H2]), taken={("m-h2", 8080): "blog"})
    assert refused.value.diagnostics[0].detail == "app 'blog' publishes it on lab:h2"


def test_the_laptop_reaches_machines_and_they_do_not_reach_it():
    made = spread((part("web"), [LAPTOP]), (part("db", expose=(5432,)), [H2]))
    assert remotes(made, "laptop") == {"shop/db/0@lab:h2/process"}
    with pytest.raises(Refused) as refused:
        spread((part("web"), [H1]), (part("db", expose=(5432,)), [LAPTOP]))
    (problem,) = refused.value.diagnostics
    assert "laptop has no address at which other machines reach it" in problem.detail


def test_between_engines_the_way_is_through_the_machine_that_has_it():
    web, db = part("web", container=Container(image="x")), part("db", expose=(5432,))
    made = spread((web, [E1]), (db, [E2]))
    ((address, number),) = listeners(made, "lab:e2")["db-5432"].binds
    assert address == "0.0.0.0"
    assert share(made, "lab:e1").environment["web"] == {
        "DB_HOST": "10.0.0.2", "DB_PORT": str(number), "DB_PORT_5432": str(number),
    }  # fmt: skip
    assert remotes(made, "lab:e1") == set()


def test_between_engines_those_that_know_names_only_are_refused():
    web = part("web", process=None, container=Container(image="x"))
    db = part("db", process=None, container=Container(image="x"), expose=(5432,))
    assert spread((web, [E1]), (db, [E1]))
    with pytest.raises(Refused) as refused:
        spread((web, [E1]), (db, [E2]))
    (problem,) = refused.value.diagnostics
    assert problem.summary == "'web' cannot find 'db'"
    assert "--venue lab:e2" in problem.remedy
