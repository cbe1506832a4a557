"""connect: who listens where, on ports that stay."""

from __future__ import annotations

import pytest
from connecting import (
    DOCKER,
    LAB,
    LAPTOP,
    NOWHERE,
    connected,
    listeners,
    part,
    ports,
    share,
)

from moot.model.app import (
    Attachment,
    Port,
)
from moot.model.diagnostic import Refused
from moot.model.position import Position
from moot.passes.connect import PORTS

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
