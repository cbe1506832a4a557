"""What of the things seen is known, and what of the known is gone because of what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moot.engine.survey import app_of, displaced, named_here, unknown
from moot.model.resource import ConfigurationItem

KNOWN = ConfigurationItem(
    type="toy.backend",
    venue="toy",
    identifier="gateway/slot-1",
    address="shop/web/0@toy/backend/80",
    incarnation=1,
    installation="i",
    uid="u",
)


def test_what_is_known_is_not_taken_on():
    assert list(unknown([KNOWN], [KNOWN])) == []
    assert list(displaced([KNOWN], [KNOWN])) == []


@pytest.mark.parametrize(
    "changed", [{"incarnation": 2}, {"uid": "another", "address": "shop/web/1@toy/backend/80"}]
)
def test_an_identifier_that_is_used_again_is_another_thing(changed):
    seen = replace(KNOWN, **changed)
    assert list(unknown([seen], [KNOWN])) == [seen]
    assert list(displaced([seen], [KNOWN])) == [KNOWN]


def test_a_record_that_nothing_contradicts_stays():
    seen = replace(KNOWN, identifier="gateway/slot-2", incarnation=2)
    assert list(displaced([seen], [KNOWN])) == []


def test_a_record_without_uid_is_known_by_its_address():
    old = replace(KNOWN, uid=None)
    assert list(unknown([KNOWN], [old])) == []
    moved = replace(old, address="shop/web/0@attic/backend/80", marked_as=KNOWN.address)
    assert list(unknown([KNOWN], [moved])) == []
    other = replace(KNOWN, address="shop/web/1@toy/backend/80")
    assert list(unknown([other], [old])) == [other]


def test_a_thing_is_named_after_the_venue_it_is_on_now():
    seen = replace(KNOWN, venue="attic")
    named = named_here(seen)
    assert named.address == "shop/web/0@attic/backend/80"
    assert named.marked_as == KNOWN.address
    assert named_here(KNOWN) == KNOWN


@pytest.mark.parametrize("address", ["shop/web/0@toy/process", "shop@toy/gateway", "shop"])
def test_the_app_is_in_the_address(address: str):
    assert app_of(address) == "shop"
