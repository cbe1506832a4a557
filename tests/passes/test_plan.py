"""plan: what must be made, changed and unmade; who comes first is test_order's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from waist import at, change, check_shape, keys, main, planned, standing, stands, thing

from moot.model.diagnostic import Refused
from moot.model.plan import Create, Update
from moot.model.resource import ConfigurationItem
from moot.model.value import Ref, Text

NET = thing("net", kind="a", size=1)
WEB = main("web/0", kind="a", size=1, net=Ref(NET.address, "id"))


def test_nothing_is_to_be_done_where_what_stands_is_what_is_wanted():
    plan = planned([NET, WEB], standing([NET, WEB]))
    assert plan.changes == ()
    check_shape(plan)


def test_what_is_not_there_is_created():
    made = planned([NET]).changes
    assert made == (Create(want=NET, incarnation=1, reason="not there yet"),)


def test_an_address_never_uses_an_incarnation_twice():
    assert keys(planned([NET], used={NET.address: 4})) == {"create shop@v/net#5"}


def test_a_property_that_can_change_is_updated():
    (update,) = planned([thing("net", kind="a", size=2)], standing([NET])).changes
    assert isinstance(update, Update)
    assert (update.reason, update.possible) == ("size changed", False)


def test_a_property_no_longer_declared_is_a_change():
    (update,) = planned([thing("net", kind="a")], standing([NET])).changes
    assert isinstance(update, Update)
    assert update.reason == "size changed"


def test_a_create_only_property_makes_a_new_incarnation_and_ends_the_old():
    plan = planned([thing("net", kind="b", size=1)], standing([NET], incarnation=3))
    made, gone = change(plan, "create shop@v/net#4"), change(plan, "delete shop@v/net#3")
    assert made.replaces == gone.have
    assert gone.replaced_by == made.key
    assert made.reason == gone.reason == "kind changed"


def test_a_replacement_skips_incarnations_that_were_used_before():
    plan = planned([thing("net", kind="b")], standing([NET]), used={NET.address: 7})
    assert keys(plan) == {"create shop@v/net#8", "delete shop@v/net#1"}


def test_what_nobody_asks_for_is_deleted():
    (gone,) = planned([], standing([NET])).changes
    assert (gone.key, gone.reason) == ("delete shop@v/net#1", "no longer declared")


def test_what_is_not_ours_is_left_alone():
    foreign = ConfigurationItem(type="thing", venue="v", identifier="x")
    assert planned([], [foreign]).changes == ()


def seen(**properties):
    return stands(NET, properties={"kind": "a", "size": 1, **properties})


def test_drift_is_mended():
    (update,) = planned([NET], [seen(size=9)]).changes
    assert (type(update), update.reason) == (Update, "size drifted")


def test_drift_of_a_create_only_property_makes_it_anew():
    plan = planned([NET], [seen(kind="z")])
    assert keys(plan) == {"create shop@v/net#2", "delete shop@v/net#1"}


def test_what_the_venue_adds_is_no_drift():
    assert planned([NET], [seen(id="x", port=99, weather="fine")]).changes == ()


def test_a_write_only_property_is_not_expected_back():
    asked = thing("net", kind="a", hidden="xyz")
    assert planned([asked], [stands(asked, properties={"kind": "a", "hidden": None})]).changes == ()
    other = thing("net", kind="a", hidden="abc")
    assert [c.reason for c in planned([other], [stands(asked)]).changes] == ["hidden changed"]


# References.


def test_a_ref_to_what_stands_is_compared_by_value():
    moved = stands(NET, identifier="y", properties={**stands(NET).properties, "id": "y"})
    (update,) = planned([NET, WEB], [moved, stands(WEB)]).changes
    assert (update.address, update.reason, update.possible) == (WEB.address, "net changed", False)


def test_a_ref_to_something_being_made_anew_is_a_possible_update():
    plan = planned([replace(NET, properties={"kind": "b"}), WEB], standing([NET, WEB]))
    update = change(plan, f"update {WEB.address}#1")
    assert (update.possible, update.reason) == (True, "net known after apply")
    assert {c.address for c in plan.changes} == {NET.address, WEB.address}


def test_a_create_only_ref_to_something_being_made_anew_is_a_possible_replacement():
    other = main("web/0", target=Text(("to ", Ref(NET.address, "id"))))
    plan = planned([replace(NET, properties={"kind": "b"}), other], standing([NET, other]))
    made = change(plan, f"create {at('web/0')}#2")
    assert made.possible
    assert change(plan, f"delete {at('web/0')}#1").replaced_by == made.key


def test_a_chain_of_refs_is_followed_to_its_end_whatever_the_order():
    chain = [thing("0", kind="a")]
    for number in range(1, 2000):
        chain.append(thing(str(number), target=Ref(chain[-1].address, "id")))
    root = thing("0", kind="b")
    plan = planned([*reversed(chain[1:]), root], standing(chain))
    made = [c for c in plan.changes if isinstance(c, Create)]
    assert len(made) == 2000
    assert [c.address for c in made if not c.possible] == [root.address]


def test_a_definite_difference_beside_a_possible_one_is_not_dropped():
    wider = replace(WEB, properties={**WEB.properties, "size": 5})
    plan = planned([replace(NET, properties={"kind": "b"}), wider], standing([NET, WEB]))
    assert not change(plan, f"update {WEB.address}#1").possible


# What ended badly or was never finished.


def test_a_failed_replica_is_made_anew():
    plan = planned([WEB, NET], [stands(WEB, 2, status="failed"), stands(NET)])
    assert change(plan, f"create {at('web/0')}#3").reason == "failed"
    assert keys(plan) == {f"create {at('web/0')}#3", f"delete {at('web/0')}#2"}


@pytest.mark.parametrize("status", ["starting", "running", "unhealthy", "completed"])
def test_a_replica_that_has_not_failed_is_left_to_its_restart_policy(status):
    assert planned([NET, WEB], [stands(NET), stands(WEB, status=status)]).changes == ()


def test_an_unfinished_create_is_made_again_under_the_same_incarnation():
    plan = planned(
        [NET, WEB], [stands(NET), stands(WEB, 2, unfinished=True)], used={at("web/0"): 2}
    )
    (again,) = plan.changes
    assert (again.key, again.replaces, again.possible) == (f"create {at('web/0')}#2", None, False)


def test_others_take_what_an_unfinished_one_refers_to_for_open():
    plan = planned([NET, WEB], [stands(NET, unfinished=True), stands(WEB)])
    assert change(plan, f"update {WEB.address}#1").possible


@pytest.mark.parametrize("wanted", [{"kind": "a", "size": 2}, {"kind": "b", "size": 1}])
def test_an_unfinished_create_of_something_else_gives_way_to_a_new_one(wanted):
    """An update would leave it half made: whatever its create had still to do is never done."""
    plan = planned([thing("net", **wanted)], [stands(NET, unfinished=True)])
    assert keys(plan) == {"create shop@v/net#2", "delete shop@v/net#1"}


def test_an_unfinished_thing_nobody_wants_is_deleted():
    assert keys(planned([], [stands(NET, unfinished=True)])) == {"delete shop@v/net#1"}


def test_older_incarnations_go_and_only_the_newest_is_compared():
    wanted = thing("net", kind="b", size=1)
    plan = planned([wanted], [stands(wanted, 3), stands(NET, 1), stands(NET, 2)])
    assert keys(plan) == {"delete shop@v/net#1", "delete shop@v/net#2"}
    assert {c.reason for c in plan.changes} == {"superseded"}


def test_an_older_incarnation_goes_also_when_the_newest_has_failed():
    plan = planned([NET, WEB], [stands(NET), stands(WEB, 1), stands(WEB, 2, status="failed")])
    web = at("web/0")
    assert keys(plan) == {f"create {web}#3", f"delete {web}#2", f"delete {web}#1"}


# What keeps data.

DISK = thing("disk", type="disk", kind="a", size=1)


def test_what_keeps_data_is_not_deleted_with_the_rest():
    assert keys(planned([], standing([DISK, NET]))) == {"delete shop@v/net#1"}


def test_only_a_purge_deletes_what_keeps_data():
    assert keys(planned([], standing([DISK]), purge=True)) == {"delete shop@v/disk#1"}


def test_what_keeps_data_is_updated_but_never_made_anew():
    assert keys(planned([thing("disk", type="disk", kind="a", size=2)], standing([DISK]))) == {
        "update shop@v/disk#1"
    }
    with pytest.raises(Refused) as refused:
        planned(
            [thing("disk", type="disk", kind="b"), thing("d2", type="disk", kind="b")],
            [stands(DISK), stands(thing("d2", type="disk", kind="a"))],
        )
    assert len(refused.value.diagnostics) == 2
    assert "shop@v/disk would have to be made anew" in refused.value.diagnostics[0].summary
    assert "kind, size changed" in refused.value.diagnostics[0].detail


def test_an_unfinished_disk_with_another_size_is_finished_first():
    plan = planned([thing("disk", type="disk", kind="a", size=2)], [stands(DISK, unfinished=True)])
    assert keys(plan) == {"create shop@v/disk#1"}


def test_an_older_incarnation_that_keeps_data_is_kept():
    assert keys(planned([DISK], [stands(DISK, 1), stands(DISK, 2)])) == set()


def test_an_address_given_to_another_kind_of_thing_is_made_anew():
    plan = planned([thing("net", type="disk", kind="a", size=1)], [stands(NET)])
    assert keys(plan) == {"create shop@v/net#2", "delete shop@v/net#1"}


def test_what_keeps_data_does_not_give_its_address_to_another_kind_of_thing():
    with pytest.raises(Refused) as refused:
        planned([thing("disk", kind="a", size=1)], [stands(DISK)])
    assert "disk becomes thing" in refused.value.diagnostics[0].detail
