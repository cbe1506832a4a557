"""The venue book: a venue is renamed only while nothing of it is in doubt."""

from __future__ import annotations

import pytest
from workshop import Workshop, create

from moot.engine.slots import Slots
from moot.engine.venue_book import VenueBook
from moot.model.diagnostic import BadInput, Refused
from moot.model.quota import Quota
from moot.model.venue import Venue
from moot.provider import ProviderError
from moot.venues_file import VenuesFile


@pytest.fixture
def shop(tmp_path):
    made = Workshop(tmp_path, speed=50)  # what is tried again waits in between
    yield made
    made.store.close()


def book(shop) -> VenueBook:
    file = VenuesFile(shop.home / "venues.yaml")
    for name in shop.configured:
        file.put(name, {"provider": "fake"})
    return VenueBook(file, shop.venues, shop.store, Slots())


def test_a_venue_is_renamed_in_the_file_and_in_every_address(shop):
    shop.apply(create("shop@toy/network/n"))
    made = book(shop)
    made.rename("toy", "new", 1.0)
    assert set(made.file.names()) == {"new", "other"}
    assert set(shop.items()) == {"shop@new/network/n"}


def test_not_while_a_call_there_is_without_an_end(shop):
    def lost(address, op):
        raise ProviderError("OutcomeUnknown", "lost")

    shop.hooks["create"] = lost
    shop.apply(create("shop@toy/network/n"))
    with pytest.raises(Refused):
        book(shop).rename("toy", "new", 1.0)
    shop.observe()
    book(shop).rename("toy", "new", 1.0)


@pytest.mark.parametrize(("old", "new"), [("nowhere", "new"), ("toy", "other")])
def test_only_from_a_name_there_is_to_one_there_is_not(shop, old, new):
    with pytest.raises(BadInput):
        book(shop).rename(old, new, 1.0)


def test_what_apps_hold_of_a_quota_is_read_once_for_all_machines(shop, monkeypatch):
    quota = Quota.of({"cpu": 10})
    machines = (Venue(name=f"lab:h{n}", pool="lab", provider="fake", quota=quota) for n in range(3))
    shop.configured = {venue.name: venue for venue in machines}
    shop.venues = shop.fresh_venues()
    reads: list[str] = []
    placed = type(shop.store).placed
    monkeypatch.setattr(type(shop.store), "placed", lambda s: reads.append("all") or placed(s))
    left = [status.quota for status in book(shop).checked(["lab"])]
    assert left == ["the quota of lab leaves 10 of 10 CPUs"] * 3
    assert reads == ["all"]
