"""domains: what there is to lose, and what each name of it means."""

from __future__ import annotations

import pytest
from rehearsing import app, machine, part, room, stood, venues

from moot.model.diagnostic import BadInput
from moot.model.rehearsal import key_of
from moot.model.venue import Venue
from moot.passes.domains import domains

LAB = [
    machine("h1", region="eu", zone="a"),
    machine("h2", region="eu", zone="b"),
    room("aws", region="us", zone="b"),
    room("desk", machine="h1"),
]


@pytest.mark.parametrize(
    ("name", "lost", "gone"),
    [
        ("lab", {"lab:h1", "lab:h2"}, {"lab:h1", "lab:h2"}),
        ("pool:lab", {"lab:h1", "lab:h2"}, {"lab:h1", "lab:h2"}),
        ("lab:h1", {"lab:h1", "desk"}, {"lab:h1", "desk"}),
        ("h1", {"lab:h1", "desk"}, {"lab:h1", "desk"}),
        ("host:h1", {"lab:h1", "desk"}, {"lab:h1", "desk"}),
        ("host:desk", {"lab:h1", "desk"}, {"lab:h1", "desk"}),
        ("desk", {"desk"}, {"desk"}),
        ("eu", {"lab:h1", "lab:h2"}, {"lab:h1", "lab:h2"}),
        ("region:lab/eu", {"lab:h1", "lab:h2"}, {"lab:h1", "lab:h2"}),
        ("a", {"lab:h1"}, {"lab:h1"}),
        ("zone:lab/b", {"lab:h2"}, {"lab:h2"}),
        ("zone:lab/eu/b", {"lab:h2"}, {"lab:h2"}),
        ("aws/b", {"aws"}, {"aws"}),
    ],
)
def test_names_of_domains(name: str, lost: set[str], gone: set[str]):
    (loss,) = domains(venues(LAB), LAB).meant([name])
    assert {venue for venue, _ in loss.offerings} == lost
    assert loss.venues == gone


@pytest.mark.parametrize(
    ("name", "said"),
    [("b", "zone:aws/b, zone:lab/b"), ("zone:b", "zone:aws/b"), ("mars", "lab, aws, desk")],
)
def test_a_name_that_means_none_or_several_lists_what_there_is(name: str, said: str):
    with pytest.raises(BadInput) as refused:
        domains(venues(LAB), LAB).meant([name])
    assert said in refused.value.diagnostics[0].detail


def test_every_label_means_its_domain():
    known = domains(venues(LAB), LAB)
    for loss in known.all:
        (meant,) = known.meant([loss.label])
        assert (meant.offerings, meant.venues) == (loss.offerings, loss.venues)


def test_a_venue_that_offers_nothing_now_can_be_lost():
    (loss,) = domains([Venue(name="far", provider="fake")], ()).meant(["far"])
    assert (loss.offerings, loss.venues) == (frozenset(), {"far"})


def test_what_is_not_in_use_and_what_is_the_same_is_no_domain_of_its_own():
    offers = [room("a", zone="z"), room("b", hourly=1)]
    _, stands, known = stood(app(part("web")), offers)
    used = known.used({key_of(run.offering) for run in stands.runs})
    assert [loss.label for loss in used] == ["a"]
