"""recall: what was asked of a thing whose record was lost, from what it shows and carries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from moot.engine.memo import asked, digests, memo, recalled
from moot.model.resource import ConfigurationItem, Edge, Resource
from moot.model.value import Ref, Secret
from moot.passes.differ import Facts, differ
from moot.passes.recall import recall

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ADDRESS, NET = "shop/web/0@toy/process", "shop@toy/network/default"
FACTS = Facts(create_only=("image", "environment"), write_only=("environment",))


def seal(type: str, properties: Any) -> Any:
    return properties


def want(**properties: Any) -> Resource:
    given = {
        "image": "web:1",
        "limits": {"cpu": 1},
        "environment": {"MODE": "a", "TOKEN": Secret("token", "1")},
        "network": Ref(NET, "id"),
        **properties,
    }
    return Resource(
        address=ADDRESS,
        type="toy.process",
        venue="toy",
        properties={name: value for name, value in given.items() if value is not None},
        edges=(Edge("shop/db"),),
        replica="shop/web/0",
        main=True,
        exclusive=frozenset({"port:0.0.0.0:80/tcp"}),
        ready_within_s=7.0,
    )


def thing(made: Resource, **shown: Any) -> ConfigurationItem:
    """What a venue shows of a thing made so: everything but its environment and its network."""
    properties = {**made.properties, "network": "n1"}
    item = ConfigurationItem(
        type=made.type,
        venue="toy",
        identifier="p1",
        address=ADDRESS,
        uid="u",
        applied=properties,
        depends_on=made.depends_on,
        replica=made.replica,
        main=made.main,
        exclusive=made.exclusive,
        ready_within_s=made.ready_within_s,
    )
    shows = {"image": made.properties["image"], "limits": made.properties.get("limits"), **shown}
    seen = replace(item, applied={}, depends_on=(), replica=None, main=False, properties=shows)
    bare = replace(seen, exclusive=frozenset(), ready_within_s=60.0, memo=memo(item, KEY))
    return recalled(bare, keeps_data=False, now=1.0)


NETWORK = ConfigurationItem(
    type="toy.network", venue="toy", identifier="n1", address=NET, properties={"id": "n1"}
)


def after(item: ConfigurationItem, wanted: Resource, key: bytes = KEY) -> tuple[str, ...]:
    """The paths in which it differs from what is wanted now."""
    found = recall((NETWORK, item), (wanted,), seal, digests(key), lambda item: asked(item, key))[1]
    assert not found.recalled
    return differ(wanted, found, FACTS, lambda _: "n1", seal).definite


def test_a_memo_alone_gives_what_only_we_know():
    item = thing(want())
    assert item.recalled
    assert item.depends_on == want().depends_on
    assert (item.replica, item.main, item.ready_within_s) == ("shop/web/0", True, 7.0)
    assert item.exclusive == want().exclusive


def test_nothing_differs_where_nothing_was_changed():
    assert after(thing(want()), want()) == ()


@pytest.mark.parametrize(
    ("changed", "paths"),
    [
        ({"environment": {"MODE": "b", "TOKEN": Secret("token", "1")}}, ("environment",)),
        ({"environment": {"MODE": "a", "TOKEN": Secret("token", "2")}}, ("environment",)),
        ({"environment": None}, ("environment",)),
        ({"image": "web:2"}, ("image",)),
        ({"limits": {"cpu": 2}}, ("limits.cpu",)),
        ({"labels": {"a": "b"}}, ("labels",)),
        ({"network": "n2"}, ("network",)),
    ],
)
def test_what_was_changed_differs_and_nothing_else(changed: Any, paths: Any):
    assert after(thing(want()), want(**changed)) == paths


def test_what_drifted_is_mended():
    assert after(thing(want(), limits={"cpu": 3}), want()) == ("limits.cpu",)


def test_what_a_venue_adds_to_what_it_shows_is_no_difference():
    assert after(thing(want(), limits={"cpu": 1, "pids": 100}), want()) == ()


def test_equal_things_have_equal_memos():
    one = replace(thing(want()), applied={"a": 1, "b": 2}, depends_on=("x", "y"))
    other = replace(one, applied={"b": 2, "a": 1}, depends_on=("y", "x"))
    assert memo(one, KEY) == memo(other, KEY)


@pytest.mark.parametrize("memory", ["", "{", "[]", '{"asked":{}}'])
def test_without_a_memo_the_hidden_counts_as_asked_for(memory: str):
    item = replace(thing(want()), memo=memory)
    assert after(item, want(environment={"MODE": "b"})) == ()
    assert after(item, want(image="web:2")) == ("image",)


def test_a_memo_under_another_key_says_nothing():
    assert after(thing(want()), want(environment={"MODE": "b"}), OTHER_KEY) == ()


def test_what_nobody_wants_and_what_was_never_lost_stay_as_they_are():
    lost, known = thing(want()), replace(thing(want()), recalled=False, address="other")
    assert recall((lost, known), (), seal, digests(KEY), lambda _: None) == (lost, known)


def test_digests_tell_nothing_without_the_key():
    one, other = digests(KEY), digests(OTHER_KEY)
    assert one("password") != other("password")
    assert "password" not in memo(replace(thing(want()), applied={"p": "password"}), KEY)
