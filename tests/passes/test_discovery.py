"""How `connect` lets every component find those that it connects to."""

from __future__ import annotations

from connecting import (
    DOCKER,
    LAPTOP,
    connected,
    part,
    ports,
    share,
)

from moot.model.app import (
    Container,
)
from moot.model.value import Ref
from moot.passes.connect import PORTS, variable


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
