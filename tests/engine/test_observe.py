"""observe: what we know is brought up to what the venues say, and crashes are explained."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from workshop import Workshop, create, net

from moot.engine import ask as asking
from moot.engine.venues import Venues
from moot.model.plan import Create, Update
from moot.model.resource import Resource
from moot.model.venue import Venue
from moot.provider import ProviderError


@pytest.fixture
def shop(tmp_path):
    made = Workshop(tmp_path, speed=50)  # what is tried again waits in between
    yield made
    made.store.close()


def seen(observation):
    return {item.address: item for item in observation.items}


def open_intents(shop) -> set[str]:
    return {intent.change for intent in shop.store.open_intents("shop")}


def lost(*args):
    """The call has its effect, its answer never comes."""
    raise ProviderError("OutcomeUnknown", "lost")


def unrecorded(shop, change):
    """A thing that a call made whose answer was lost."""
    provider = shop.venues.provider("toy")
    inner = provider.create
    provider.create = lambda want, op: (inner(want, op), lost())
    shop.apply(change)
    provider.create = inner


def test_what_is_gone_is_seen_to_be_gone(shop):
    shop.apply(create("a"), create("b"))
    shop.venues.provider("toy").world.destroy(shop.items()["a"].identifier)
    assert set(seen(shop.observe())) == {"b"}
    assert set(shop.items()) == {"b"}
    newest = shop.store.history("a")[0]
    assert (newest.item, newest.cause) == (None, "seen to be gone")


def test_a_type_that_a_venue_lost_is_missed_only_while_something_of_it_is_known(shop):
    shop.apply(create("a"))
    fake = shop.venues.provider("toy")
    shop.configured["toy"] = Venue(name="toy", provider="host", configuration={"local": True})
    shop.venues = Venues(shop.configured, shop.env)
    assert [stale.venue for stale in shop.observe().stale] == ["toy"]
    shop.venues._providers["toy"] = fake
    fake.world.destroy(shop.items()["a"].identifier)
    shop.observe()
    shop.venues = Venues(shop.configured, shop.env)
    assert shop.observe().stale == ()


def test_without_a_journal_nothing_is_written(shop):
    shop.apply(create("a"))
    unrecorded(shop, create("b"))
    shop.venues.provider("toy").world.destroy(shop.items()["a"].identifier)
    assert set(seen(shop.observe(write=False))) == {"b"}
    assert set(shop.items()) == {"a"}
    assert open_intents(shop) == {"create b#1"}


def test_what_did_not_change_makes_no_version(shop):
    shop.apply(create("a"))
    count = len(shop.store.history("a"))
    for _ in range(3):
        shop.observe()
    assert len(shop.store.history("a")) == count


def test_a_create_that_was_never_recorded_is_found(shop):
    unrecorded(shop, create("a", options={"x": 1}))
    assert shop.items() == {}
    item = seen(shop.observe())["a"]
    assert item.unfinished
    assert item.applied["options"] == {"x": 1}
    assert open_intents(shop) == set()
    assert shop.items()["a"].unfinished


def test_a_volume_whose_making_was_never_recorded_keeps_its_data(shop):
    volume = Resource(address="data", type="fake.volume", venue="toy", properties={"options": {}})
    unrecorded(shop, Create(want=volume))
    assert seen(shop.observe())["data"].keeps_data


def test_a_create_that_had_no_effect_is_settled_as_gone(shop):
    shop.hooks["create"] = lost
    shop.apply(create("a"))
    assert seen(shop.observe()) == {}
    assert open_intents(shop) == set()


def test_what_an_update_was_to_change_counts_as_never_asked_for(shop):
    shop.apply(create("a", options={"x": 1}))
    shop.hooks["update"] = lost
    shop.apply(Update(want=net("a", options={"x": 2}), have=shop.items()["a"]))
    item = seen(shop.observe())["a"]
    assert "options" not in item.applied
    assert item.applied["internal"] is False
    assert open_intents(shop) == set()


# Venues that say nothing, too little or too late.


def silent(venue, type):
    if venue == "other":
        raise ProviderError("NetworkFailure", "no route")


def test_a_venue_that_does_not_answer_is_stale_and_holds_up_no_other(shop):
    shop.apply(create("a"), create("x", venue="other"))
    shop.venues.provider("toy").world.destroy(shop.items()["a"].identifier)
    shop.hooks["list"] = silent
    observed = shop.observe()
    assert set(seen(observed)) == {"x"}
    assert [(s.venue, s.reason) for s in observed.stale] == [("other", "no route")]


def test_a_stale_venue_is_as_old_as_its_last_complete_list(shop):
    shop.apply(create("x", venue="other"))
    shop.observe()
    listed_at = shop.store.listed("shop")["other", "fake.network"]
    shop.hooks["page"] = lambda venue, page: replace(page, complete=False)
    shop.observe()
    shop.hooks["list"] = silent
    (stale,) = shop.observe().stale
    assert stale.since == listed_at


def test_facts_that_are_young_enough_are_not_asked_for_again(shop):
    shop.apply(create("a"), create("x", venue="other"))
    shop.observe()
    shop.max_age_s = 60.0
    asked = []
    shop.hooks["list"] = lambda venue, type: asked.append(venue)
    shop.venues.provider("toy").world.destroy(shop.items()["a"].identifier)
    assert set(seen(shop.observe())) == {"a", "x"}
    assert asked == []
    shop.max_age_s = 0.0
    assert set(seen(shop.observe())) == {"x"}


def test_what_became_of_a_call_is_not_decided_while_its_venue_is_silent(shop):
    shop.hooks["create"] = lost
    shop.apply(create("x", venue="other"))
    shop.hooks["list"] = silent
    shop.observe()
    assert open_intents(shop) == {"create x#1"}


def test_a_venue_that_is_not_configured_any_more_is_stale(shop):
    shop.apply(create("x", venue="other"))
    del shop.configured["other"]
    shop.venues = shop.fresh_venues()
    observed = shop.observe()
    assert set(seen(observed)) == {"x"}
    assert [s.venue for s in observed.stale] == ["other"]


def test_a_venue_that_hangs_is_stale_after_its_time(shop, monkeypatch):
    shop.apply(create("a"), create("x", venue="other"))
    release = threading.Event()
    shop.hooks["list"] = lambda venue, type: venue == "other" and release.wait(30)
    monkeypatch.setattr(asking, "GRACE_S", -59.5)  # of the minute that a type's call may take
    observed = shop.observe()
    release.set()
    assert set(seen(observed)) == {"a", "x"}
    assert [(s.venue, s.reason) for s in observed.stale] == [("other", "it did not answer in time")]


def partial(venue, page):
    return replace(page, items=(), complete=False)


def test_what_a_partial_list_lacks_is_read_before_it_is_gone(shop):
    shop.apply(create("a"), create("b"))
    shop.venues.provider("toy").world.destroy(shop.items()["b"].identifier)
    shop.hooks["page"] = partial
    assert set(seen(shop.observe())) == {"a"}


def test_what_can_be_neither_listed_nor_read_stays(shop):
    shop.apply(create("a"))

    def broken(address):
        raise ProviderError("Throttling", "later")

    shop.hooks |= {"page": partial, "read": broken}
    assert set(seen(shop.observe())) == {"a"}
    assert set(shop.items()) == {"a"}


def test_what_became_of_a_create_without_a_name_is_not_decided_by_a_partial_list(shop):
    shop.settings["create_class"] = "TAG"
    unrecorded(shop, create("a"))
    shop.hooks["page"] = partial
    shop.observe()
    assert open_intents(shop) == {"create a#1"}
    del shop.hooks["page"]
    assert set(seen(shop.observe())) == {"a"}


def test_what_has_a_name_is_found_by_it_though_a_list_lacks_it(shop):
    unrecorded(shop, create("a"))
    shop.hooks["page"] = partial
    assert seen(shop.observe())["a"].unfinished


def test_lists_of_several_pages_are_read_to_the_end(shop):
    shop.settings["page_size"] = 2
    shop.apply(*(create(str(n)) for n in range(7)))
    assert len(shop.observe().items) == 7


def test_what_carries_our_marks_and_nobody_knows_is_told_and_left_alone(shop):
    shop.apply(create("a"))
    unrecorded(shop, create("stray"))
    with shop.store.turn():
        for intent in shop.store.open_intents("shop"):
            shop.store.settle(intent.id, "forgotten", 1.0)
    observed = shop.observe()
    assert set(seen(observed)) == {"a"}
    assert [w.severity for w in observed.warnings] == ["warning"]
    assert "stray#1" in observed.warnings[0].detail
    assert sorted(shop.things()) == ["a", "stray"]
