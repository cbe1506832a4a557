"""What a store remembers of components at rest, and what it gives of some components only."""

from __future__ import annotations

import pytest

from moot.model.resource import ConfigurationItem
from moot.store import Intent, Rest

SHOP = (
    "shop/web/0@toy/process",
    "shop/web/10@toy/process",
    "shop/web@toy/image",
    "shop/web-2/0@toy/process",
    "shop/web2/0@toy/process",
    "shop/w/0@toy/process",
    "shop@toy/gateway",
    "shop@toy/network/front",
)
OWN = {"shop@toy/gateway", "shop@toy/network/front"}
AT_REST = Rest("1", ({"rule": "r", "address": "a", "problem": "p", "remedy": "m"},))


def thing(address: str) -> ConfigurationItem:
    return ConfigurationItem(type="fake.process", venue="toy", identifier="x", address=address)


def record(store, *addresses: str, app: str = "shop", gone: bool = False) -> None:
    with store.turn():
        for address in addresses:
            store.put_identity(app, address, f"uid of {address}", 1)
            store.record(app, address, 1, None if gone else thing(address), 1.0, "test")


def intent(address: str) -> Intent:
    return Intent(
        change=f"create {address}#1",
        verb="create",
        address=address,
        incarnation=1,
        token="t",
        item=thing(address),
    )


@pytest.fixture
def rested(store):
    record(store, *SHOP)
    record(store, "shop2/web/0@toy/process", app="shop2")
    with store.turn():
        store.put_resting("shop", {"web": AT_REST, "w": AT_REST, "": AT_REST})
        store.put_resting("shop2", {"web": AT_REST})
    return store


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (["web"], set(SHOP[:3])),
        (["web-2"], {SHOP[3]}),
        (["w", "web2"], {SHOP[5], SHOP[4]}),
        ([""], OWN),
        (["", "w"], OWN | {SHOP[5]}),
        (["nobody"], set()),
        ([], set()),
        (None, set(SHOP)),
    ],
)
def test_what_belongs_to_some_components(rested, within, expected):
    items = rested.inventory("shop", within)
    assert [i.address for i in items] == sorted(expected)
    assert rested.identities("shop", within) == {a: (f"uid of {a}", 1) for a in expected}


def test_what_is_gone_is_not_given(rested):
    record(rested, SHOP[0], gone=True)
    assert [i.address for i in rested.inventory("shop", ["web"])] == [SHOP[1], SHOP[2]]


def test_what_came_to_rest_is_remembered(rested):
    before = {name: rest for name, rest in rested.resting("shop").items() if rest.digest}
    assert before == {"web": AT_REST, "w": AT_REST, "": AT_REST}
    with rested.turn():
        rested.put_resting("shop", {"web": Rest("2"), "w": None})
    after = rested.resting("shop")
    assert (after["web"], after.get("w"), after[""]) == (Rest("2"), None, AT_REST)
    assert rested.resting("shop2") == {"web": AT_REST}


@pytest.mark.parametrize("at", [SHOP[0], SHOP[2], SHOP[6]])
@pytest.mark.parametrize("how", ["recorded", "gone", "intended"])
def test_whatever_happens_to_a_component_ends_its_rest(rested, at, how):
    name = "" if at in OWN else "web"
    if how == "intended":
        with rested.turn():
            rested.add_intent("shop", intent(at), 1.0)
    else:
        record(rested, at, gone=how == "gone")
    found = rested.resting("shop")
    assert found[name] == Rest("")
    assert {n for n, rest in found.items() if rest.digest} == {"web", "w", ""} - {name}
    assert rested.resting("shop2") == {"web": AT_REST}


def test_what_never_came_to_rest_is_known_as_well(store):
    record(store, SHOP[0])
    assert store.resting("shop") == {"web": Rest("")}


def test_in_one_turn_the_last_word_counts(rested):
    with rested.turn():
        rested.record("shop", SHOP[0], 1, None, 2.0, "test")
        rested.put_resting("shop", {"web": Rest("2")})
    assert rested.resting("shop")["web"] == Rest("2")
    with rested.turn():
        rested.put_resting("shop", {"web": Rest("3")})
        rested.record("shop", SHOP[1], 1, None, 2.0, "test")
    assert rested.resting("shop")["web"] == Rest("")
    with rested.turn():
        rested.record("shop", SHOP[2], 1, None, 2.0, "test")
        rested.put_resting("shop", {"web": Rest("4")})
        rested.record("shop", SHOP[2], 1, thing(SHOP[2]), 2.0, "test")
    assert rested.resting("shop")["web"] == Rest("")


def test_a_turn_that_fails_ends_no_rest(rested):
    with pytest.raises(ZeroDivisionError), rested.turn():
        rested.record("shop", SHOP[0], 1, None, 2.0, "test")
        raise ZeroDivisionError
    assert rested.resting("shop")["web"] == AT_REST
    record(rested, SHOP[0], gone=True)
    assert rested.resting("shop")["web"] == Rest("")


def test_a_renamed_venue_ends_the_rest_of_what_is_there(rested):
    with rested.turn():
        rested.rename_venue("toy", "other", "test", 2.0)
    assert not any(rest.digest for name, rest in rested.resting("shop").items())
