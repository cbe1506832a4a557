"""What `sla` of a venue may say, and how shares are told to people."""

from __future__ import annotations

import pytest

from moot.model.availability import Sla, percent


def test_a_share_is_of_the_whole_venue():
    assert Sla.of("99.9%").whole == 0.999
    assert Sla.of(0.999).whole == 0.999


def test_shares_by_level():
    found = Sla.of({"region": "99.99%", "host": 0.995, "failures": "2/month", "healing": "1m30s"})
    assert found.levels == {"region": 0.9999, "host": 0.995}
    assert (found.whole, found.failures_per_year, found.healing_s) == (None, 24, 90)


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        (99.9, "99.9%"),
        ("often", "99.9%"),
        (None, "99.9%"),
        ([1], "99.9%"),
        (True, "99.9%"),
        ({}, "no level"),
        ({"rack": "99%"}, "'rack'"),
        ({1: 2, "rack": "99%"}, "'1' is none of"),
        ({"host": 120}, "host is 120"),
        ({"host": "99%", "failures": "2/year"}, "together"),
        ({"host": "99%", "failures": "2", "healing": "1m"}, "2/year"),
        ({"host": "99%", "failures": "2/year", "healing": "soon"}, "5m"),
    ],
)
def test_what_it_may_not_say(stated, wrong):
    with pytest.raises(ValueError, match=wrong):
        Sla.of(stated)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1, "100 %"),
        (0.99987, "99.987 %"),
        (0.9995, "99.95 %"),
        (0.99, "99 %"),
        (0.99986406, "99.986 %"),
        (0.9999999, "99.99999 %"),
        (0.999999999999999, "99.9999999999 %"),
        (0.5, "50 %"),
        (0, "0 %"),
    ],
)
def test_a_share_is_never_rounded_up(share, text):
    assert percent(share) == text
