"""Whole turns of an App that is spread over zones and venues, also while one of them is gone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from user import moot_in, quiet

from moot.model.diagnostic import Refused
from moot.model.report import Outcome, Proposal
from moot.service import Moot

COMPOSE = """
name: shop
services:
  api:
    x-moot: {process: {command: [api]}}
    expose: [8000]
    deploy: {replicas: 4}
  web:
    x-moot: {process: {command: [web]}}
    depends_on: [api]
"""
LAB = [("a1", "a", 0), ("a2", "a", 0), ("b1", "b", 0.5)]
RACK = [("r1", "a", 1), ("r2", "b", 1)]


@dataclass
class Site:
    """Two pools of fake machines, the second dearer."""

    folder: Path
    silent: set[str] = field(default_factory=set)
    vendor: str = ""

    def moot(self, spread: str, *venues: str) -> Moot:
        gone = {"provider": "fake", "silent": True, "world": "memory"}
        entries = {"laptop": gone, "docker": gone}
        for name, machines in (("lab", LAB), ("rack", RACK)):
            hosts = [self.machine(*machine) for machine in machines]
            stated = {"vendor": self.vendor} if self.vendor else {}
            sla = {"venue": "99.9%", "zone": "99%", **stated}
            entries[name] = {"provider": "fake", "hosts": hosts, "sla": sla}
        text = f"{COMPOSE}x-moot: {{venues: [lab, rack], spread: {spread}}}\n"
        return moot_in(self.folder, entries, text, chosen=venues)

    def machine(self, host: str, zone: str, hourly: float) -> dict[str, object]:
        room = {"name": "room", "zone": zone, "hourly": hourly, "machine": host, "reach": host}
        world = str(self.folder / f"{host}.world")
        known = {"host": host, "world": world, "offerings": [room]}
        return {**known, "silent": True} if host in self.silent else known

    def up(self, spread: str, *venues: str) -> Outcome:
        outcome = self.moot(spread, *venues).up(quiet, quiet, threading.Event())
        assert outcome.failures == ()
        return outcome

    def plan(self, spread: str, *venues: str) -> Proposal:
        return self.moot(spread, *venues).plan()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def api(proposal: Proposal) -> list[str]:
    places = proposal.placement.assignments
    return [a.offering.venue for a in places if a.component == "api"]


def told(warnings: Sequence[object]) -> list[str]:
    found = [str(getattr(warning, "summary", "")) for warning in warnings]
    return [summary for summary in found if "is not spread" in summary]


def test_zones_of_a_pool_are_kept_and_nothing_moves_twice(site: Site):
    site.up("{host: 1}")
    site.up("{zone: 2}")
    proposal = site.plan("{zone: 2}")
    assert proposal.plan.changes == ()
    assert sorted(api(proposal)).count("lab:b1") == 1
    assert proposal.warnings == ()


def test_what_is_dear_for_the_sake_of_a_zone_says_so(site: Site):
    asked = site.moot("{zone: 2}", "lab")
    places = {a.replica: a.offering.venue for a in asked.plan().placement.assignments}
    dear = next(replica for replica, venue in places.items() if venue == "lab:b1")
    reason = "x-moot.spread wants 2 zones, and every cheaper place is in one that has a replica"
    assert asked.why(dear).reason == reason
    assert "spread wants" not in asked.why("shop/web/0").reason


def test_the_figure_counts_the_domains_that_were_placed(site: Site):
    def figure(spread: str) -> float:
        parts = dict(site.plan(spread).availability.components)
        return round(parts["api"], 10)

    assert figure("{host: 2}") == round(0.999 * 0.99, 10)
    assert figure("{zone: 2}") == round(0.999 * (1 - 0.01**2), 10)
    assert figure("{venue: 2}") == round(1 - (1 - 0.999 * 0.99) ** 2, 10)


def test_replicas_in_two_pools_are_all_behind_the_gateway_that_asks(site: Site):
    site.up("{venue: 2}")
    proposal = site.plan("{venue: 2}")
    assert proposal.plan.changes == ()
    places = api(proposal)
    assert {venue.partition(":")[0] for venue in places} == {"lab", "rack"}
    web = next(a.offering.venue for a in proposal.placement.assignments if a.component == "web")
    items, _ = site.moot("{venue: 2}").inventory()
    backs = {str(i.address) for i in items if f"@{web}/backend/8000" in str(i.address)}
    assert backs == {f"shop/api/{n}@{web}/backend/8000" for n in range(4)}


def test_with_a_silent_zone_less_spread_is_told_and_made_good_when_it_is_back(site: Site):
    site.up("{zone: 2}", "lab")
    site.silent = {"b1"}
    outcome = site.up("{zone: 2}", "lab")
    assert told(outcome.warnings) == ["api is not spread as x-moot.spread wants: 1 of 2 zones"]
    site.silent = set()
    assert told(site.up("{zone: 2}", "lab").warnings) == []
    assert "lab:b1" in api(site.plan("{zone: 2}", "lab"))


def test_more_than_there_is_is_refused(site: Site):
    with pytest.raises(Refused) as refused:
        site.plan("{venue: 3}")
    assert "has room in 2 of the 3 venues" in refused.value.diagnostics[0].detail


def test_pools_of_a_provider_that_states_its_vendor_are_of_one(site: Site):
    assert {venue[:3] for venue in api(site.plan("{vendor: 2}"))} == {"lab", "rac"}
    site.vendor = "99.9%"
    with pytest.raises(Refused) as refused:
        site.plan("{vendor: 2}")
    assert "has room in 1 of the 2 vendors" in refused.value.diagnostics[0].detail
