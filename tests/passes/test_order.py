"""order: who waits for whom, told by example; test_any_order tries what nobody thought of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from waist import (
    ancestors,
    at,
    backend,
    check_shape,
    direct,
    keys,
    main,
    planned,
    standing,
    stands,
    thing,
    waits,
)

from moot.model.diagnostic import Refused
from moot.model.plan import READY, Wait
from moot.model.resource import Rollout
from moot.model.value import Ref

NET = thing("net", kind="a")


def create(name: str, incarnation: int = 1) -> str:
    return f"create {at(name)}#{incarnation}"


def delete(name: str, incarnation: int = 1) -> str:
    return f"delete {at(name)}#{incarnation}"


def renewed(*wanted, **fields):
    """The same things with another create-only property."""
    return [replace(w, properties={**w.properties, "kind": "new"}, **fields) for w in wanted]


# What is needed comes first.


def test_what_is_stood_on_or_referred_to_comes_first():
    host = thing("host", kind="a")
    web = main("web/0", net=Ref(NET.address, "id"), on=host.address)
    plan = planned([web, NET, host])
    assert waits(plan, create("web/0")) == {
        ("create shop@v/net#1", None),
        ("create shop@v/host#1", None),
    }
    check_shape(plan)


@pytest.mark.parametrize("condition", ["started", "healthy", "completed"])
def test_a_component_waits_until_every_replica_of_another_has_reached_its_condition(condition):
    web = main("web/0", edges=(("shop/db", condition),))
    plan = planned([web, main("db/0"), main("db/1")])
    assert waits(plan, create("web/0")) == {
        (create("db/0"), condition),
        (create("db/1"), condition),
    }


@pytest.mark.parametrize("condition", ["started", "healthy", "completed"])
def test_also_for_replicas_that_stand_and_do_not_change(condition):
    db = main("db/0")
    web = main("web/0", edges=(("shop/db", condition),))
    plan = planned([web, db], standing([db]))
    assert keys(plan) == {create("web/0")}
    assert waits(plan, create("web/0")) == {(db.address, condition)}


@pytest.mark.parametrize(
    ("condition", "reachable"), [("started", False), ("healthy", True), ("completed", False)]
)
def test_a_healthy_component_is_one_that_can_be_reached(condition, reachable):
    db = main("db/0")
    web = main("web/0", edges=(("shop/db", condition),))
    fresh = planned([web, db, backend("db/0")])
    let_in = f"create {backend('db/0').address}#1"
    assert (let_in in ancestors(fresh, create("web/0"))) == reachable
    check_shape(fresh)
    later = planned([web, db, backend("db/0")], standing([db]))
    assert (let_in in ancestors(later, create("web/0"))) == reachable


def test_a_component_without_replicas_holds_up_nobody():
    plan = planned([main("web/0", edges=(("shop/db", "healthy"),))])
    assert waits(plan, create("web/0")) == set()


def test_what_runs_already_is_updated_without_asking_for_conditions():
    db = main("db/0", kind="a")
    web = main("web/0", size=1, edges=(("shop/db", "healthy"),))
    wider = replace(web, properties={"size": 2})
    plan = planned([wider, db], standing([db, web]))
    assert waits(plan, f"update {web.address}#1") == set()


def test_the_plan_is_done_when_what_was_made_is_ready():
    plan = planned([NET, main("web/0"), main("job/0", ready="completed")])
    assert waits(plan, READY) == {(create("web/0"), "healthy"), (create("job/0"), "completed")}


def test_gates_keep_many_to_many_linear():
    dbs = [main(f"db/{n}") for n in range(300)]
    webs = [main(f"web/{n}", edges=(("shop/db", "healthy"),)) for n in range(300)]
    assert edges(planned([*dbs, *webs])) < 5 * 600


def test_things_that_need_each_other_are_refused():
    a = thing("a", target=Ref("shop@v/b", "id"))
    b = thing("b", target=Ref("shop@v/a", "id"))
    with pytest.raises(Refused) as refused:
        planned([a, b])
    assert "circle" in refused.value.diagnostics[0].summary


# Start-first: the old goes when the new can take over.

WEB = main("web/0", kind="a")
PAIR = [WEB, backend("web/0")]


def test_the_old_process_goes_after_the_new_is_ready_and_the_old_backend_gone():
    plan = planned([*renewed(WEB), PAIR[1]], standing(PAIR))
    assert (create("web/0", 2), "healthy") in waits(plan, delete("web/0"))
    assert "delete shop/web/0@v/backend#1" in ancestors(plan, delete("web/0"))
    check_shape(plan)


def test_the_new_backend_is_there_before_the_old_one_goes():
    plan = planned([*renewed(WEB), PAIR[1]], standing(PAIR))
    assert (create("web/0", 2), "healthy") in waits(plan, "create shop/web/0@v/backend#2")
    assert "create shop/web/0@v/backend#2" in ancestors(plan, "delete shop/web/0@v/backend#1")


def test_what_refers_to_something_made_anew_is_updated_before_the_old_goes():
    holder = thing("holder", net=Ref(NET.address, "id"))
    plan = planned([*renewed(NET), holder], standing([NET, holder]))
    assert ancestors(plan, "update shop@v/holder#1") == {"create shop@v/net#2"}
    assert "update shop@v/holder#1" in ancestors(plan, "delete shop@v/net#1")


def test_a_superseded_incarnation_goes_after_the_present_one_is_ready():
    plan = planned([WEB], [stands(WEB, 1), stands(WEB, 2, status="failed")])
    assert (create("web/0", 3), "healthy") in waits(plan, delete("web/0", 1))


# Stop-first, and whatever only one can hold.


@pytest.mark.parametrize("how", [{"order": "stop-first"}, {"exclusive": ["port:0.0.0.0:80/tcp"]}])
def test_stop_first_and_exclusive_claims_turn_the_edge_round(how):
    web = main("web/0", kind="a", **how)
    plan = planned(renewed(web), standing([web]))
    assert waits(plan, create("web/0", 2)) == {(delete("web/0"), None)}
    assert waits(plan, delete("web/0")) == set()
    check_shape(plan)


def test_where_the_process_stops_first_its_backend_does_and_before_it():
    web = main("web/0", kind="a", order="stop-first")
    plan = planned([*renewed(web), PAIR[1]], standing([web, PAIR[1]]))
    assert ancestors(plan, delete("web/0")) >= {"delete shop/web/0@v/backend#1"}
    assert ancestors(plan, create("web/0", 2)) >= {delete("web/0")}
    assert ancestors(plan, "create shop/web/0@v/backend#2") >= {create("web/0", 2)}
    check_shape(plan)


def test_backends_of_other_replicas_stay_while_one_stops_first():
    web = [main(f"web/{n}", kind="a", order="stop-first") for n in range(2)]
    backends = [backend(f"web/{n}") for n in range(2)]
    plan = planned([*renewed(*web), *backends], standing([*web, *backends]))
    first, second = "delete shop/web/0@v/backend#1", "delete shop/web/1@v/backend#1"
    assert not {first, delete("web/0")} & ancestors(plan, first)
    assert ancestors(plan, second) >= {"create shop/web/0@v/backend#2", create("web/0", 2)}


def test_before_an_old_thing_makes_room_all_its_successor_needs_is_there():
    web = main("web/0", kind="a", order="stop-first", edges=(("shop/db", "healthy"),))
    plan = planned([*renewed(web), main("db/0")], standing([web]))
    assert (create("db/0"), "healthy") in waits(plan, delete("web/0"))


def test_a_published_port_moves_from_one_holder_to_another():
    claim = ["port:0.0.0.0:80/tcp"]
    old = main("old/0", exclusive=claim)
    new = main("new/0", exclusive=claim)
    plan = planned([new], standing([old]))
    assert waits(plan, create("new/0")) == {(delete("old/0"), None)}
    assert create("new/0") not in ancestors(plan, delete("old/0"))
    check_shape(plan)


def test_a_port_moves_to_something_that_is_only_updated():
    claim = frozenset({"port:0.0.0.0:80/tcp"})
    old, gateway = main("old/0", exclusive=claim), thing("gateway", size=1)
    plan = planned(
        [replace(gateway, properties={"size": 2}, exclusive=claim)], standing([old, gateway])
    )
    assert delete("old/0") in ancestors(plan, "update shop@v/gateway#1")


def test_two_that_swap_what_they_claim_do_not_wait_for_each_other_for_ever():
    claims = [frozenset({f"port:0.0.0.0:{port}/tcp"}) for port in (80, 81)]
    one, two = (
        main(f"{n}/0", kind="a", exclusive=c) for n, c in zip(("one", "two"), claims, strict=True)
    )
    swapped = [*renewed(one, exclusive=claims[1]), *renewed(two, exclusive=claims[0])]
    plan = planned(swapped, standing([one, two]))
    assert ancestors(plan, create("one/0", 2)) >= {delete("two/0")}
    assert ancestors(plan, create("two/0", 2)) >= {delete("one/0")}
    check_shape(plan)


def test_an_update_that_gives_a_claim_up_comes_before_what_takes_it():
    claim = frozenset({"port:0.0.0.0:80/tcp"})
    gateway = thing("gateway", size=1, exclusive=claim)
    plan = planned(
        [replace(gateway, properties={"size": 2}, exclusive=frozenset()),
         main("web/0", exclusive=claim)],
        standing([gateway]),
    )  # fmt: skip
    assert "update shop@v/gateway#1" in ancestors(plan, create("web/0"))


def test_an_older_incarnation_that_holds_the_claim_ends_before_a_new_one_starts():
    web = main("web/0", exclusive=["port:0.0.0.0:80/tcp"])
    plan = planned([web], [stands(web, 1), stands(web, 2, status="failed")])
    assert ancestors(plan, create("web/0", 3)) >= {delete("web/0", 1), delete("web/0", 2)}


def test_replicas_that_share_a_volume_are_replaced_in_turns_all_the_same():
    share = {"kind": "a", "exclusive": ["volume:data"], "rollout": Rollout(parallelism=1)}
    web = [main(f"web/{n}", **share) for n in range(3)]
    plan = planned(renewed(*web[:2]), standing(web))
    assert ancestors(plan, create("web/0", 2)) == {delete("web/0")}
    assert waits(plan, delete("web/1")) >= {(create("web/0", 2), "healthy")}


# What is removed.


def test_a_component_is_removed_after_those_that_were_told_of_it_have_changed():
    db = main("db/0")
    web = main("web/0", kind="a", edges=(("shop/db", "healthy"),))
    plan = planned(renewed(web, edges=()), standing([db, web]))
    assert (create("web/0", 2), "healthy") in waits(plan, delete("db/0"))
    assert delete("web/0") in ancestors(plan, delete("db/0"))


def test_a_component_that_only_shrinks_does_not_wait_for_those_that_depend_on_it():
    db = [main(f"db/{n}") for n in range(2)]
    web = main("web/0", kind="a", edges=(("shop/db", "healthy"),))
    plan = planned([db[0], *renewed(web)], standing([*db, web]))
    assert delete("web/0") not in ancestors(plan, delete("db/1"))


def test_what_nobody_asks_for_goes_after_all_that_is_made_is_ready():
    plan = planned([main("new/0")], standing([NET]))
    assert (create("new/0"), "healthy") in waits(plan, "delete shop@v/net#1")


def test_down_takes_dependants_first_and_networks_and_volumes_last():
    disk = thing("disk", type="disk")
    db = main("db/0", net=Ref(NET.address, "id"), disk=Ref(disk.address, "id"))
    web = main("web/0", net=Ref(NET.address, "id"), edges=(("shop/db", "healthy"),))
    everything = [NET, disk, db, web, backend("web/0")]
    plan = planned([], standing(everything), purge=True)
    order = [c.key for c in plan.changes]
    assert order[0] == "delete shop/web/0@v/backend#1"
    assert ancestors(plan, delete("db/0")) == {
        "delete shop/web/0@v/backend#1",
        delete("web/0"),
    }
    assert ancestors(plan, "delete shop@v/net#1") >= {delete("db/0"), delete("web/0")}
    assert ancestors(plan, "delete shop@v/disk#1") >= {delete("db/0")}
    check_shape(plan)


# Replicas in turns.


def rolling(parallelism: int, delay_s: float = 0.0, count: int = 4, **more):
    rollout = Rollout(parallelism=parallelism, delay_s=delay_s)
    before = [main(f"web/{n}", kind="a", rollout=rollout, **more) for n in range(count)]
    return before, renewed(*before)


def waits_for_turns(plan, key):
    """Which replicas must be through before this change begins."""
    gates = {w.change for w in direct(plan, key) if w.change in plan.gates}
    return {g.removeprefix("gate shop/") for g in gates if g.startswith("gate shop/web/")}


@pytest.mark.parametrize(
    ("parallelism", "turns"),
    [
        (1, [set(), {"web/0"}, {"web/1"}, {"web/2"}]),
        (2, [set(), set(), {"web/0"}, {"web/1"}]),
        (0, [set(), set(), set(), set()]),
        (9, [set(), set(), set(), set()]),
    ],
)
def test_replicas_are_replaced_in_turns(parallelism, turns):
    before, after = rolling(parallelism)
    plan = planned(after, standing(before))
    assert [waits_for_turns(plan, create(f"web/{n}", 2)) for n in range(4)] == turns
    check_shape(plan)


def test_a_turn_is_over_when_the_new_replica_is_ready_and_the_old_one_gone():
    before, after = rolling(1)
    plan = planned(after, standing(before))
    assert waits(plan, create("web/1", 2)) == {
        (create("web/0", 2), "healthy"),
        (delete("web/0"), None),
    }


def test_between_two_turns_there_is_a_pause():
    before, after = rolling(1, delay_s=7)
    plan = planned(after, standing(before))
    assert Wait("gate shop/web/0", delay_s=7) in direct(plan, create("web/1", 2))
    assert all(w.delay_s == 0 for w in direct(plan, create("web/0", 2)))


def test_new_replicas_do_not_wait_for_turns():
    plan = planned(rolling(1)[0])
    assert all(not waits(plan, create(f"web/{n}")) for n in range(4))


def test_broken_replicas_are_mended_at_once():
    before, _ = rolling(1)
    plan = planned(before, standing(before, status="failed"))
    assert all(not waits_for_turns(plan, create(f"web/{n}", 2)) for n in range(4))


def test_two_components_that_roll_and_one_depends_on_the_other():
    db = [main(f"db/{n}", kind="a") for n in range(2)]
    web = [main(f"web/{n}", kind="a", edges=(("shop/db", "healthy"),)) for n in range(2)]
    plan = planned(renewed(*db, *web), standing([*db, *web]))
    assert waits(plan, create("web/0", 2)) >= {(create("db/0", 2), "healthy")}
    assert create("db/0", 2) in ancestors(plan, create("db/1", 2))
    assert waits(plan, delete("db/0")) >= {(create("db/0", 2), "healthy")}
    assert waits(plan, delete("web/0")) >= {(create("web/0", 2), "healthy")}
    check_shape(plan)


# Size.


def edges(plan) -> int:
    """Waits in all: what planning and applying take time for."""
    return sum(len(c.after) for c in plan.changes) + sum(map(len, plan.gates.values()))


COUNT = 5000


def many(kind: str):
    gateway = thing("gateway", net=Ref(NET.address, "id"))
    replicas = []
    for n in range(COUNT):
        net = Ref(NET.address, "id")
        replicas.append(main(f"web/{n}", kind=kind, net=net, edges=(("shop/db", "healthy"),)))
        replicas.append(backend(f"web/{n}", gateway=Ref(gateway.address, "id")))
    return [NET, gateway, main("db/0", kind=kind), *replicas]


@pytest.mark.parametrize("case", ["up", "change", "down", "nothing"])
def test_five_thousand_replicas_stay_linear(case):
    match case:
        case "up":
            plan = planned(many("a"))
        case "change":
            plan = planned(many("b"), standing(many("a")))
        case "down":
            plan = planned([], standing(many("a")))
        case _:
            plan = planned(many("a"), standing(many("a")))
    assert len(plan.changes) == {"up": 2 * COUNT + 3, "change": 4 * COUNT + 2,
                                 "down": 2 * COUNT + 3, "nothing": 0}[case]  # fmt: skip
    assert edges(plan) <= 8 * len(plan.changes)


def test_what_still_starts_is_waited_for_although_nothing_changes():
    web, job = main("web/0"), main("job/0")
    plan = planned([web, job], [stands(web, status="starting"), stands(job, status="running")])
    assert plan.changes == ()
    assert plan.gates[READY] == (Wait(None, at("web/0"), "healthy"),)
