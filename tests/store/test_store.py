"""The store: what is written is there after a crash, and one writer per App writes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stored import INTENT, ITEM, record

from moot.model.codec import placement_to_json
from moot.model.placement import Assignments, Placement, Rejection, Run
from moot.model.value import JSON, Ref, Text
from moot.model.venue import Offering
from moot.store import LeaseHeld, PortTaken, Revision

# Apps.


def test_apps_are_those_with_items_or_open_intents(store):
    assert store.apps() == ()
    record(store, ITEM, app="shop")
    with store.turn():
        intent = store.add_intent("blog", INTENT, 1.0)
    assert store.apps() == ("blog", "shop")
    with store.turn():
        store.settle(intent, "done", 2.0)
    assert store.apps() == ("shop",)


# Revisions, placement, identity.


def test_a_revision_is_written_only_where_it_differs(store):
    bodies = [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}, {"a": 1, "b": 2}]
    with store.turn():
        numbers = [store.add_revision("shop", body, 1.0, "up") for body in bodies]
        assert store.add_revision("blog", bodies[0], 1.0, "up") == 1
    assert numbers == [1, 1, 2, 3]


def test_revisions_come_back_in_order_with_what_they_were_made_from(store):
    assert store.revisions("shop") == ()
    with store.turn():
        store.add_revision("shop", {"a": 1}, 1.0, "moot up", b"\x00sealed\xff")
        store.add_revision("shop", {"a": [None, "ü"]}, 2.0, "moot undo")
        store.add_revision("blog", {"a": 3}, 3.0, "moot up")
    assert store.revisions("shop") == (
        Revision(number=1, at=1.0, cause="moot up", body={"a": 1}, sources=b"\x00sealed\xff"),
        Revision(number=2, at=2.0, cause="moot undo", body={"a": [None, "ü"]}),
    )


def test_facts_about_the_store_are_replaced(store):
    assert store.meta("installation") is None
    with store.turn():
        store.put_meta("installation", "one")
        store.put_meta("installation", "two")
        store.put_meta("generation", "1")
    assert (store.meta("installation"), store.meta("generation")) == ("two", "1")


def test_a_placement_is_replaced_or_removed(store):
    with store.turn():
        store.put_placement("shop", {"a": 1})
        store.put_placement("shop", {"a": 2})
        store.put_placement("blog", {"a": 3})
    assert (store.placement("shop"), store.placed()) == ({"a": 2}, ("blog", "shop"))
    with store.turn():
        store.put_placement("shop", None)
    assert (store.placement("shop"), store.placement("blog")) == (None, {"a": 3})
    assert store.placed() == ("blog",)


def test_a_uid_is_for_ever_and_incarnations_only_rise(store):
    with store.turn():
        for uid, incarnation in (("u1", 0), ("u2", 3), ("u3", 2)):
            store.put_identity("shop", "a", uid, incarnation)
    assert store.identities("shop") == {"a": ("u1", 3)}
    assert store.identities("blog") == {}


# Ports.


def test_ports_are_reserved_exactly_and_never_twice(store):
    with store.turn():
        store.put_ports("shop", {"web": 80, "db": 81})
        store.put_ports("shop", {"web": 80})
        store.put_ports("blog", {"web": 81})
    assert set(store.ports()) == {("shop", "web", 80), ("blog", "web", 81)}
    with pytest.raises(PortTaken), store.turn():
        store.put_ports("blog", {"x": 90, "web": 80})
    assert set(store.ports()) == {("shop", "web", 80), ("blog", "web", 81)}


# Transactions and leases.


def test_a_turn_that_raises_leaves_nothing(store):
    class Stop(BaseException):
        pass

    with pytest.raises(Stop), store.turn():
        store.put_placement("shop", {"a": 1})
        raise Stop
    assert store.placement("shop") is None
    with store.turn():
        store.put_placement("shop", {"a": 2})
    assert store.placement("shop") == {"a": 2}


def alive(holder):
    return False


def test_a_lease_is_held_until_it_is_released(store):
    lease = store.claim("shop", "me", 100.0, 30.0, alive)
    assert (lease.epoch, lease.expires_at) == (1, 130.0)
    with pytest.raises(LeaseHeld) as held:
        store.claim("shop", "you", 129.0, 30.0, alive)
    assert held.value.lease.holder == "me"
    assert store.claim("blog", "you", 129.0, 30.0, alive).epoch == 1
    store.release(lease)
    assert store.claim("shop", "you", 129.0, 30.0, alive).epoch == 2


def test_a_holder_renews_its_lease_in_the_same_epoch(store):
    store.claim("shop", "me", 100.0, 30.0, alive)
    assert store.claim("shop", "me", 120.0, 30.0, alive).epoch == 1
    with pytest.raises(LeaseHeld):
        store.claim("shop", "you", 149.0, 30.0, alive)


@pytest.mark.parametrize(("now", "gone"), [(131.0, False), (101.0, True)])
def test_a_lease_is_taken_over_where_it_expired_or_its_holder_is_gone(store, now, gone):
    old = store.claim("shop", "me", 100.0, 30.0, alive)
    new = store.claim("shop", "you", now, 30.0, lambda holder: gone and holder == "me")
    assert new.epoch == old.epoch + 1
    with store.turn(new):
        store.put_placement("shop", {"a": 1})
    with pytest.raises(LeaseHeld) as held, store.turn(old):
        store.put_placement("shop", {"a": 2})
    assert held.value.lease.holder == "you"
    assert store.placement("shop") == {"a": 1}


def test_of_two_who_take_over_at_once_one_gets_it(store, again):
    store.claim("shop", "old", 100.0, 30.0, alive)
    taken = []

    def gone(holder):
        if holder == "old" and not taken:  # the other one is faster
            taken.append(again.claim("shop", "you", 101.0, 30.0, lambda holder: True))
        return holder == "old"

    with pytest.raises(LeaseHeld) as held:
        store.claim("shop", "me", 101.0, 30.0, gone)
    assert held.value.lease == taken[0]
    with again.turn(taken[0]):
        again.put_placement("shop", {"a": 1})


def test_of_two_who_are_the_first_one_gets_it(store, again):
    first = [store.claim("shop", "me", 100.0, 30.0, alive)]
    with pytest.raises(LeaseHeld):
        again.claim("shop", "you", 100.0, 30.0, alive)
    with store.turn(first[0]):
        store.put_placement("shop", {"a": 1})


def test_an_old_holder_is_noticed_also_after_the_new_one_is_done(store):
    old = store.claim("shop", "me", 100.0, 30.0, alive)
    store.release(store.claim("shop", "you", 200.0, 30.0, alive))
    store.release(old)  # too late: it is not its own any more
    with pytest.raises(LeaseHeld), store.turn(old):
        pass
    again = store.claim("shop", "me", 300.0, 30.0, alive)
    assert again.epoch == 3
    with pytest.raises(LeaseHeld), store.turn(old):
        pass


def test_a_lease_nobody_ever_took_proves_nothing(store):
    lease = store.claim("shop", "me", 1.0, 1.0, alive)
    with pytest.raises(LeaseHeld), store.turn(replace(lease, app="blog")):
        pass


# Another name for a venue.


def placement(pool: str) -> dict[str, JSON]:
    """`lab` as the name of a pool is renamed; in a name or a reason it is what it was."""
    rooms = [
        Offering(venue=f"{pool}:h1", name="lab:h1", cpu=1, memory_mib=1, pool=pool),
        Offering(venue="lab:h12", name="lab", cpu=1, memory_mib=1, pool="lab", machine="m"),
        Offering(venue="elsewhere", name="lab:h1", cpu=1, memory_mib=1),
    ]
    runs = [Run("shop", "lab:h1", n, 1, room, "process") for n, room in enumerate(rooms)]
    rejections = (Rejection("lab:h1", f"{pool}:h1", "lab:h1", "lab:h1 is small"),)
    body = placement_to_json(Placement(assignments=Assignments(runs), rejections=rejections))
    ends: JSON = [["lab:h1", 80, ["lab:h1:8080"], f"{pool}:h1"], ["web", 80, [], "lab:h12"]]
    return {**body, "endpoints": ends}


def test_where_everything_was_placed_is_known_under_the_new_name(store):
    ports = {"lab:h1 80": 8080, "web 80@lab:h1": 8081, "web 80@lab:h12": 8082}
    with store.turn():
        store.put_placement("shop", placement("lab"))
        store.put_placement("blog", None)
        store.put_ports("shop", ports)
        store.rename_venue("lab:h1", "rack:h1", "renamed", 9.0)
    assert store.placement("shop") == placement("rack")
    assert store.placement("blog") is None
    assert {purpose: port for _, purpose, port in store.ports()} == {
        "lab:h1 80": 8080,
        "web 80@rack:h1": 8081,
        "web 80@lab:h12": 8082,
    }


def test_a_venue_is_renamed_wherever_it_is_named(store):
    other = replace(ITEM, venue="w", address="shop/db/0@w/process", depends_on=("shop@v/net",))
    said = {"id": "of shop@v/net"}  # by the venue: it does not know our name for it
    claims = frozenset({"volume:shop@v/volume/data", "port:80/tcp@v", "port:80/tcp@vv"})
    first = replace(ITEM, depends_on=("shop@v/net",), identifier="shop@v/web", properties=said)
    first = replace(first, applied={**ITEM.applied, **said}, exclusive=claims, on="shop@v/net")
    for item in (first, other):
        record(store, item)
    with store.turn():
        store.put_identity("shop", ITEM.address, "uid", 2)
        store.put_identity("shop", "shop@vv/net", "uid2", 1)
        store.rename_venue("v", "new", "renamed", 9.0)
    db, web = store.inventory("shop")
    assert (web.address, web.venue, web.marked_as) == (
        "shop/web/0@new/process",
        "new",
        ITEM.address,
    )
    assert web.applied == {**ITEM.applied, **said, "t": Text(("x", Ref("shop@new/y", "id")))}
    assert (web.identifier, web.properties, web.on) == ("shop@v/web", said, "shop@new/net")
    assert web.exclusive == {"volume:shop@new/volume/data", "port:80/tcp@new", "port:80/tcp@vv"}
    assert (db.address, db.venue, db.depends_on) == (other.address, "w", ("shop@new/net",))
    assert db.marked_as is None
    assert store.identities("shop") == {web.address: ("uid", 2), "shop@vv/net": ("uid2", 1)}
    assert store.history(ITEM.address)[0].item is None
    with store.turn():
        store.rename_venue("new", "newer", "renamed", 10.0)
    assert store.inventory("shop")[1].marked_as == ITEM.address  # what it carries never changes
