"""When a promise of availability is certainly broken, and when it is not refused all the same."""

from __future__ import annotations

import pytest

from moot.engine.promised import promised
from moot.model.app import App, Component, Policy
from moot.model.availability import Outlook, Sla
from moot.model.diagnostic import Refused
from moot.model.placement import Assignments, Placement, Run
from moot.model.position import Position
from moot.model.rehearsal import Ground
from moot.model.venue import Offering, Venue

STATED = Venue(name="aws", provider="fake", sla=Sla.of("99%"))
UNKNOWN = Venue(name="attic", provider="fake")
VENUES = {venue.name: venue for venue in (STATED, UNKNOWN)}
LINE = Position("compose.yaml", 2, 18)
APP = App(
    name="shop",
    components=(Component(name="web"), Component(name="db")),
    policy=Policy(availability=0.999, places={"availability": LINE}),
)


def ground(**absent: str) -> Ground:
    return Ground(app=APP, offerings=(), venues=VENUES, absent=absent)


def placed(web: Venue, db: Venue) -> Placement:
    runs = [
        Run(
            "shop", name, 0, 1, Offering(venue=on.name, name="room", cpu=1, memory_mib=1), "process"
        )
        for name, on in (("web", web), ("db", db))
    ]
    return Placement(assignments=Assignments(runs))


@pytest.mark.parametrize(
    ("found", "is_broken"),
    [
        (Outlook(promised=0.999, least=0.99, most=0.99), True),
        (Outlook(promised=0.999, least=0.998, most=0.9995), False),
        (Outlook(promised=0.999, least=None, most=0.99), True),
        (Outlook(promised=0.999, least=None, most=1.0), False),
        (Outlook(promised=None, least=0.5, most=0.5), False),
        (Outlook(promised=0.999, least=0.999 - 1e-15, most=0.999 - 1e-15), False),
    ],
)
def test_only_what_is_certain_breaks_a_promise(found: Outlook, is_broken: bool):
    assert found.broken == is_broken


def test_one_part_that_is_known_to_be_too_weak_is_enough():
    most = r"the best placement that was found gives at most 99 %"
    with pytest.raises(Refused, match=most) as refused:
        promised(ground(), placed(UNKNOWN, STATED))
    assert [problem.place for problem in refused.value.diagnostics] == [LINE]


def test_what_is_not_known_is_not_held_against_it():
    assert promised(ground(), placed(UNKNOWN, UNKNOWN)).least is None


def test_nothing_is_refused_while_a_venue_that_counts_is_silent():
    found = promised(ground(aws="no route"), placed(STATED, STATED))
    assert found.least == pytest.approx(0.99)
    with pytest.raises(Refused):
        promised(ground(attic="no route"), placed(STATED, STATED))
