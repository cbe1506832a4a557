"""`place` and data: a component goes where its data is, and is never without it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from placing import BOTH, DATA, part, placed, reasons, room, where

from moot.model.app import Mount, Needs
from moot.model.diagnostic import Refused


def test_a_component_goes_where_its_data_is_at_any_price():
    offers = [room("a", hourly=Decimal(99)), room("b")]
    made = placed(part(mounts=(DATA,)), offerings=offers, homes={"data": "a"})
    assert where(made) == {"web/0": "a/room"}
    assert "with the data is on a" in reasons(made)["b/room"]


def test_a_component_whose_data_is_on_an_absent_venue_is_refused():
    with pytest.raises(Refused) as refused:
        placed(part(mounts=(DATA,)), offerings=[room("b")], homes={"data": "a"})
    assert "'data' with the data is on a" in refused.value.diagnostics[0].detail


def test_components_that_share_a_volume_that_is_not_there_yet_share_a_venue():
    dear = room("dear", hourly=Decimal(1), traits=BOTH | {"gpu"})
    parts = [
        part("one", mounts=(DATA,)),
        part("two", mounts=(DATA,), needs=Needs(traits=frozenset({"gpu"}))),
    ]
    made = placed(*parts, offerings=[room("cheap"), dear])
    assert set(where(made).values()) == {"dear/room"}
    assert reasons(made)["cheap/room"] == "lacks gpu"
    with pytest.raises(Refused) as refused:
        placed(*parts, part("three", mounts=(DATA,), needs=Needs(traits=frozenset({"tpu"}))),
               offerings=[room("tpu", traits=BOTH | {"tpu"}), dear])  # fmt: skip
    assert "'three', which shares its volume 'data'" in refused.value.diagnostics[0].detail


def test_data_is_never_in_two_places_for_want_of_room():
    parts = [part(name, mounts=(DATA,), needs=Needs(cpu=3.0)) for name in ("one", "two")]
    with pytest.raises(Refused) as refused:
        placed(*parts, offerings=[room("a"), room("b")])
    assert refused.value.diagnostics[0].detail.splitlines() == [
        "b/room: 'one', which shares its volume 'data', is not or cannot be there",
        "a/room: has no room for all 1",
    ]


def test_an_external_volume_is_each_venue_s_own():
    dear = room("dear", hourly=Decimal(1), traits=BOTH | {"gpu"})
    theirs = Mount(kind="volume", source="theirs", target="/x")
    gpu = Needs(traits=frozenset({"gpu"}))
    parts = [part("one", mounts=(theirs,)), part("two", mounts=(theirs,), needs=gpu)]
    made = placed(*parts, offerings=[room("cheap"), dear])
    assert where(made) == {"one/0": "cheap/room", "two/0": "dear/room"}


def test_a_component_follows_the_first_it_shares_a_volume_with():
    """`one` takes the dearer venue's last room only if it must; `two` has no choice then."""
    parts = [part("one", mounts=(DATA,)), part("two", mounts=(DATA,))]
    prior = placed(parts[0], offerings=[room("a", hourly=Decimal(5))])
    offers = [room("a", hourly=Decimal(5)), room("b", hourly=Decimal(5))]
    made = placed(*reversed(parts), offerings=offers[::-1], prior=prior, homes={"data": "a"})
    assert set(where(made).values()) == {"a/room"}
