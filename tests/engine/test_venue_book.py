"""The venue book: a venue is renamed only while nothing of it is in doubt."""

from __future__ import annotations

import pytest
from workshop import Workshop, create

from moot.engine.slots import Slots
from moot.engine.venue_book import VenueBook
from moot.model.diagnostic import BadInput, Refused
from moot.provider import ProviderError
from moot.venues_file import VenuesFile


@pytest.fixture
def shop(tmp_path):
    made = Workshop(tmp_path)
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
