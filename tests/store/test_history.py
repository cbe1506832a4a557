"""Items and their versions: what there is, and what there was when."""

from __future__ import annotations

from dataclasses import replace

from stored import ITEM, record

from moot.model.resource import ConfigurationItem


def gone(store, item, at, app="shop"):
    with store.turn():
        store.record(app, item.address, item.incarnation, None, at, "gone")


def test_an_item_comes_back_as_it_was(store):
    record(store, ITEM)
    (back,) = store.inventory("shop")
    assert back == ITEM
    assert store.inventory() == (ITEM,)
    assert store.inventory("blog") == ()


def test_an_item_that_says_next_to_nothing_comes_back_too(store):
    bare = ConfigurationItem(type="t", venue="v", identifier="", address="shop@v/bare")
    dressed = replace(bare, address="shop@v/dressed", uid="u", generation=0, properties={"n": None})
    for item in (bare, dressed):
        record(store, item)
    assert store.inventory("shop") == (bare, dressed)


def test_a_version_is_written_only_where_the_content_changed(store):
    record(store, ITEM, at=1.0)
    record(store, replace(ITEM, observed_at=99.0), at=2.0)  # looked at again: no content
    record(store, replace(ITEM, exclusive=frozenset({"port:2", "port:1"})), at=3.0)
    reordered = dict(reversed(ITEM.applied.items()))
    record(store, replace(ITEM, applied=reordered), at=3.5)
    record(store, replace(ITEM, status="failed"), at=4.0, cause="it broke")
    with store.turn():
        for at in (5.0, 6.0):
            store.record("shop", ITEM.address, 2, None, at, "gone")
    versions = store.history(ITEM.address)
    assert [(v.at, v.cause, v.item and v.item.status) for v in versions] == [
        (5.0, "gone", None),
        (4.0, "it broke", "failed"),
        (1.0, "test", "running"),
    ]
    assert store.inventory("shop") == ()


def test_several_versions_of_one_item_in_one_turn_keep_their_order(store):
    with store.turn():
        for at, status in ((1.0, "starting"), (2.0, None), (3.0, "running"), (4.0, "running")):
            item = replace(ITEM, status=status) if status else None
            store.record("shop", ITEM.address, 2, item, at, "test")
            store.record("shop", f"other{at}", 1, replace(ITEM, address=f"other{at}"), at, "test")
    versions = store.history(ITEM.address)
    assert [(v.at, v.item and v.item.status) for v in versions] == [
        (3.0, "running"),
        (2.0, None),
        (1.0, "starting"),
    ]
    assert [len(store.history(f"other{at}")) for at in (1.0, 2.0, 3.0, 4.0)] == [1, 1, 1, 1]


def test_what_was_never_there_has_no_end(store):
    gone(store, ITEM, 1.0)
    assert store.history(ITEM.address) == ()
    assert store.inventory_at(2.0) == ()


def test_incarnations_stand_side_by_side(store):
    record(store, ITEM)
    record(store, replace(ITEM, incarnation=3))
    assert [i.incarnation for i in store.inventory("shop")] == [2, 3]
    gone(store, ITEM, 1.0)
    assert [i.incarnation for i in store.inventory("shop")] == [3]


def test_items_come_in_the_order_of_their_addresses_by_bytes(store):
    addresses = ["shop-a@v/n", "shop/B@v/n", "shop/a/10@v/n", "shop/a/2@v/n", "shop@v/n", "ähm@v/n"]
    for address in reversed(addresses):
        record(store, replace(ITEM, address=address))
    assert [item.address for item in store.inventory("shop")] == sorted(addresses)
    assert [item.address for item in store.inventory_at(9.0)] == sorted(addresses)


# As of a time.


def test_the_inventory_as_it_stood_then(store):
    record(store, ITEM, at=10.0)
    record(store, replace(ITEM, status="failed"), at=20.0)
    record(store, replace(ITEM, incarnation=3), at=25.0)
    gone(store, ITEM, 30.0)

    def then(at):
        return [(i.incarnation, i.status, i.observed_at) for i in store.inventory_at(at, "shop")]

    assert then(9.9) == []
    assert then(10.0) == then(19.9) == [(2, "running", 10.0)]
    assert then(20.0) == [(2, "failed", 20.0)]
    assert then(29.9) == [(2, "failed", 20.0), (3, "running", 25.0)]
    assert then(30.0) == then(99.0) == [(3, "running", 25.0)]


def test_as_of_a_time_only_what_was_asked_for(store):
    other = replace(ITEM, type="u", address="shop@v/other")
    blog = replace(ITEM, address="blog/web/0@v/process")
    for app, item in (("shop", ITEM), ("shop", other), ("blog", blog)):
        record(store, item, app=app)

    def then(**chosen):
        return [i.address for i in store.inventory_at(5.0, **chosen)]

    assert then() == [blog.address, ITEM.address, other.address]
    assert then(app="shop") == [ITEM.address, other.address]
    assert then(type="t") == [blog.address, ITEM.address]
    assert then(app="shop", type="t") == [ITEM.address]
    assert then(app="shop", type="none") == []


def test_a_clock_that_went_back_does_not_bring_back_what_is_past(store):
    record(store, ITEM, at=100.0)
    record(store, replace(ITEM, status="failed"), at=90.0)
    assert [i.status for i in store.inventory_at(100.0)] == ["failed"]
    assert [i.status for i in store.inventory_at(95.0)] == ["failed"]


def test_what_changed_between_two_times(store):
    with store.turn():
        for number in range(2_500):  # more than are fetched at once
            item = replace(ITEM, since=float(number))
            store.record("shop", ITEM.address, 2, item, float(number), f"cause {number}")
            if number % 1000 == 0:
                store.record("blog", "b", 2, replace(item, address="b"), float(number), "other")
    between = list(store.versions("shop", 3.0, 2_400.0))
    assert [v.at for v in between] == [float(n) for n in range(4, 2_401)]
    assert between[0].cause == "cause 4"
    assert between[0].address == ITEM.address
    assert between[0].item == replace(ITEM, since=4.0, observed_at=4.0)
    assert [v.at for v in store.versions("blog", 0.0, 9_999.0)] == [1000.0, 2000.0]
