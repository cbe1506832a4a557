"""Whose silence excuses a headroom that is too small, and what is to blame for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from moot.engine.spared import scarce, spared
from moot.model.app import App, Component, Needs, Policy, Process
from moot.model.conflict import Conflict
from moot.model.diagnostic import Refused
from moot.model.placement import Placement
from moot.model.rehearsal import Ground
from moot.model.venue import Offering, Venue
from moot.passes.explaining.attempt import Effort
from moot.passes.explaining.conflict import conflict
from moot.passes.strive import strive
from moot.venues_file import BUILT_IN

SILENT = {"docker": "no socket"}


def ground(names: Sequence[str], absent: Mapping[str, str], **policy: object) -> Ground:
    known = {name: Venue(name=name, provider="fake") for name in (*names, *absent)}
    web = Component(name="web", process=Process(command=("x",)), needs=Needs(cpu=1.0))
    app = App(name="shop", components=(web,), policy=Policy(headroom="host", **policy))
    traits = frozenset({"runs:process"})
    offers = [Offering(venue=v, name="m", cpu=1, memory_mib=512, traits=traits) for v in names]
    return Ground(app=app, offerings=offers, venues=known, absent=absent)


def decide(on: Ground) -> Placement:
    found = strive(on)
    spared(on, found)
    return found


def test_an_engine_that_nobody_has_configured_is_not_missed():
    on = ground(["lone"], SILENT)
    on = replace(on, venues={**on.venues, **BUILT_IN})
    with pytest.raises(Refused, match="leaves 1 replica of web without room"):
        decide(on)


def test_a_venue_that_was_configured_is_missed_and_named():
    on = ground(["lone"], SILENT)
    found = strive(on)
    (warning,) = scarce(spared(on, found), on)
    assert warning.detail == "docker did not answer"


def test_a_built_in_one_is_missed_where_something_ran():
    on = ground(["docker"], {})
    before = replace(on, prior=strive(on), venues={**on.venues, **BUILT_IN})
    assert before.missed == ()
    assert replace(before, absent=SILENT).missed == ("docker",)


def core_of(on: Ground) -> Conflict | None:
    with pytest.raises(Refused):
        decide(on)
    return conflict(on, decide, (), Effort(10**6))


def test_headroom_and_what_leaves_no_room_for_it_are_the_core():
    core = core_of(ground(["lone", "other"], {}, venues=("lone",)))
    assert core and [promise.aspect for promise in core.promises] == ["venues", "headroom"]
    assert core.irreducible
