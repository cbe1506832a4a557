"""`connect` over the machines of a pool, and between engines."""

from __future__ import annotations

import pytest
from connecting import (
    LAPTOP,
    listeners,
    part,
    share,
    spread,
)

from moot.model.app import (
    Container,
    Port,
)
from moot.model.diagnostic import Refused
from moot.model.venue import Offering
from moot.passes.connect import Connected


def box(name: str, **more) -> Offering:
    place = {"machine": f"m-{name}", "reach": f"10.0.0.{name[1:]}", "pool": "lab", **more}
    return Offering(venue=f"lab:{name}", name="machine", cpu=4, memory_mib=4096, **place)


H1, H2, H3 = box("h1"), box("h2"), box("h3")
E1, E2 = box("e1", names=True), box("e2", names=True)


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
