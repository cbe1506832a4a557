"""The laws of a simulated venue, which hold whoever asks."""

from __future__ import annotations

import pytest

from moot.testing.world.venue import Alter, Make, Remove, Unlawful, Venue


@pytest.fixture
def venue():
    return Venue("north")


def named(name="a", **properties):
    return Make("NAME", "sim.name", name, {}, properties)


def token(text, size=1):
    return Make("TOKEN", "sim.token", "", {}, {"size": size}, token=text)


def law(venue, request, now=0.0):
    with pytest.raises(Unlawful) as caught:
        venue.serve(request, now)
    return caught.value.law


def test_name_is_given_once(venue):
    venue.serve(named(), 0.0)
    assert law(venue, named()) == "name taken"
    assert len(venue.things) == 1


def test_name_is_free_when_its_thing_is_gone(venue):
    venue.serve(Remove(venue.serve(named(), 0.0).number), 1.0)
    assert venue.serve(named(), 2.0).name == "a"


def test_token_makes_one_thing_however_often_it_is_used(venue):
    assert venue.serve(token("t"), 0.0) is venue.serve(token("t"), 1.0)
    assert len(venue.things) == 1


def test_token_of_another_request_is_a_mismatch(venue):
    venue.serve(token("t"), 0.0)
    assert law(venue, token("t", size=2)) == "mismatch"


def test_token_is_spent_when_what_it_made_is_gone(venue):
    venue.serve(Remove(venue.serve(token("t"), 0.0).number), 1.0)
    assert law(venue, token("t"), 2.0) == "token spent"


def test_token_is_not_spent_by_what_was_refused(venue):
    venue.quota = 0
    assert law(venue, token("t")) == "quota"
    venue.quota = None
    assert venue.serve(token("t"), 1.0)


def test_what_is_used_stays(venue):
    used = venue.serve(named(), 0.0)
    user = venue.serve(named("b", uses=[used.id]), 0.0)
    assert law(venue, Remove(used.number)) == "in use"
    venue.serve(Remove(user.number), 1.0)
    venue.serve(Remove(used.number), 1.0)
    assert venue.things == {}


def test_what_is_not_there_cannot_be_used(venue):
    assert law(venue, named(uses=["north-9"])) == "missing"
    assert venue.things == {}


def test_identifier_is_reused_after_its_quarantine(venue):
    venue.quarantine_s = 10.0
    first = venue.serve(named(), 0.0)
    venue.serve(Remove(first.number), 1.0)
    assert venue.serve(named("b"), 5.0).id != first.id
    again = venue.serve(named("c"), 12.0)
    assert (again.id, again.number) == (first.id, 3)
    assert venue.get(first.id) is again


def test_gone_thing_is_neither_altered_nor_removed_twice(venue):
    thing = venue.serve(named(), 0.0)
    venue.serve(Remove(thing.number), 1.0)
    venue.serve(Remove(thing.number), 2.0)
    assert law(venue, Alter(thing.number, {})) == "gone"
    assert venue.removed == [thing]


def test_list_lags_behind_both_ways(venue):
    venue.lag_s = 3.0
    thing = venue.serve(named(), 0.0)
    assert venue.listed("sim.name", 2.0) == []
    assert venue.listed("sim.name", 3.0) == [thing]
    venue.serve(Remove(thing.number), 4.0)
    assert venue.listed("sim.name", 6.0) == [thing]
    assert venue.listed("sim.name", 7.0) == []


def test_what_needs_a_second_call_lacks_its_size(venue):
    half = Make("NAME", "sim.name", "a", {}, {"size": 1, "shape": "round"}, half=True)
    thing = venue.serve(half, 0.0)
    assert thing.properties == {"shape": "round"}
    assert venue.serve(Alter(thing.number, half.properties), 1.0).properties["size"] == 1


def test_copy_has_a_fate_of_its_own(venue):
    thing = venue.serve(named(), 0.0)
    twin = venue.copy()
    twin.serve(Remove(thing.number), 1.0)
    assert venue.get(thing.id) is thing
    assert law(venue, named()) == "name taken"
    assert twin.serve(named(), 2.0).name == "a"
