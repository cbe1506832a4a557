"""What is rehearsed is what comes: against the fake pool, whose machines are then really lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from user import moot_in, quiet

from moot.engine import rehearsal
from moot.model.diagnostic import BadInput, Diagnostic, Refused
from moot.model.placement import Placement
from moot.model.report import Proposal, Rehearsal
from moot.service import Moot

COMPOSE = """
name: shop
services:
  db:
    x-moot: {process: {command: [db]}}
    expose: [5432]
    volumes: [data:/data]
  api:
    x-moot: {process: {command: [api]}}
    expose: [8000]
    deploy: {replicas: 3, resources: {reservations: {cpus: "2"}}}
    depends_on: [db]
  web:
    x-moot: {process: {command: [web]}}
    deploy: {replicas: 4, resources: {reservations: {cpus: "1"}}}
    ports: ["8080:80"]
    depends_on: [api]
volumes: {data: {}}
"""
SPREAD = COMPOSE.replace("    volumes: [data:/data]\n", "") + "x-moot: {spread: {host: 3}}\n"
TIGHT = COMPOSE.replace('cpus: "2"', 'cpus: "3"').replace("replicas: 4", "replicas: 1")
ZONES = {"h1": "a", "h2": "a", "h3": "b", "h4": "b"}


@dataclass
class Site:
    """A pool in two zones and a dearer venue, of which some may be silent."""

    folder: Path
    silent: frozenset[str] = frozenset()
    cpus: int = 4
    cloud: bool = True
    sla: Mapping[str, str] = field(default_factory=dict)
    offers: Sequence[object] = ({"name": "vm", "cpu": 100, "hourly": 0.5, "reach": "c"},)
    text: str = field(default=COMPOSE)

    def moot(self) -> Moot:
        hosts = [
            {
                "host": host,
                "world": str(self.folder / host),
                "silent": f"lab:{host}" in self.silent,
                "offerings": [{"name": "room", "cpu": self.cpus, "zone": zone, "hourly": 0.01}],
            }
            for host, zone in ZONES.items()
        ]
        cloud = {
            "provider": "fake",
            "world": str(self.folder / "cloud"),
            "silent": "cloud" in self.silent or not self.cloud,
            "offerings": list(self.offers),
        }
        if self.sla:
            cloud["sla"] = self.sla
        quiet = {"provider": "fake", "world": "memory", "silent": True}
        lab = {"provider": "fake", "hosts": hosts}
        venues = {"lab": lab, "cloud": cloud, "laptop": quiet, "docker": quiet}
        return moot_in(self.folder, venues, self.text)

    def up(self) -> None:
        outcome = self.moot().up(quiet, quiet, threading.Event())
        assert outcome.failures == ()

    def plan(self) -> Proposal:
        return self.moot().plan()

    def lose(self, *names: str) -> Rehearsal:
        return self.moot().what_if(names, 1, ())

    def without(self, silent: Iterable[str]) -> Site:
        return replace(self, silent=frozenset(silent))

    def written(self) -> dict[str, object]:
        """All that is kept: every row of the database, every byte of what else there is."""
        home = self.folder / "home"
        with sqlite3.connect(home / "moot.db") as database:
            rows = list(database.iterdump())
        others = {p.name: p.read_bytes() for p in home.rglob("*") if p.is_file()}
        return {"rows": rows, **{n: b for n, b in others.items() if not n.startswith("moot.db")}}


def _told(problems: Iterable[Diagnostic]) -> list[tuple[str, set[str]]]:
    """What is wrong and with which offerings; why a venue is silent is another matter."""
    return [
        (p.summary, {line for line in p.detail.splitlines() if "/-:" not in line}) for p in problems
    ]


def where(placement: Placement) -> dict[str, str]:
    return {a.replica: f"{a.offering.venue}/{a.offering.name}" for a in placement.assignments}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.mark.parametrize("text", [COMPOSE, SPREAD])
@pytest.mark.parametrize("lost", ["lab:h1", "lab:h2", "lab:h3", "zone:a", "zone:b", "lab", "cloud"])
def test_what_is_rehearsed_is_what_comes(site: Site, text: str, lost: str):
    site.text = text
    site.up()
    rehearsed = site.lose(lost)
    zone = lost.removeprefix("zone:")
    silent = {f"lab:{h}" for h, z in ZONES.items() if lost in ("lab", f"lab:{h}") or zone == z}
    after = site.without(silent or {lost})
    if rehearsed.rehearsed.problems:
        with pytest.raises(Refused) as refused:
            after.plan()
        # Beside what is left of one component another may not find room, either.
        real = _told(refused.value.diagnostics)
        assert _told(rehearsed.rehearsed.problems)[: len(real)] == real
        return
    real = after.plan()
    assert where(rehearsed.rehearsed.placement) == where(real.placement)
    assert rehearsed.cost.hourly == real.cost.hourly
    waiting = {
        f"shop/{fate.component}/{first}"
        for fate in rehearsed.rehearsed.fates
        if fate.fortune == "waits"
        for first, _ in fate.spans
    }
    outcome = after.moot().up(quiet, quiet, threading.Event())
    stale = {r.replica for r in outcome.replicas if r.status == "stale"}
    running = {r.replica for r in outcome.replicas if r.status != "stale"}
    assert waiting == stale - running
    assert bool(outcome.failures) == (not rehearsed.rehearsed.whole)


def test_what_up_would_refuse_is_told_by_component(site: Site):
    site.cloud, site.text = False, TIGHT
    site.up()
    before = where(site.plan().placement)
    found = site.lose("lab:h1", "lab:h2").rehearsed
    with pytest.raises(Refused) as refused:
        site.without({"lab:h1", "lab:h2"}).plan()
    assert [d.summary for d in found.problems] == [d.summary for d in refused.value.diagnostics]
    assert [d.component for d in found.problems] == ["api"]
    assert found.count("stops") == sum(
        at in ("lab:h1/room", "lab:h2/room") for r, at in before.items() if "/api/" in r
    )
    left = {r for r, at in where(found.running).items() if "/api/" in r}
    assert left == {
        r for r, at in before.items() if "/api/" in r and at[:6] in ("lab:h3", "lab:h4")
    }
    assert found.count("waits") == (before["shop/db/0"][:6] in ("lab:h1", "lab:h2"))
    assert "shop/web/0" in where(found.running)


def test_nothing_lost_nothing_changed(site: Site):
    site.up()
    found = site.lose().rehearsed
    assert (found.fates, found.stays) == ((), 8)
    assert where(found.placement) == where(site.plan().placement)


def test_a_rehearsal_writes_nothing(site: Site):
    site.up()
    before = site.written()
    assert any("INSERT" in row for row in before["rows"])
    site.moot().what_if(["lab:h1", "zone:b"], 3, ())
    site.moot().failures()
    site.plan()
    assert site.written() == before


def test_before_anything_stands_it_starts_from_the_plan(site: Site):
    planned = where(site.plan().placement)
    found = site.lose(planned["shop/db/0"].removesuffix("/room")).rehearsed
    assert where(found.before) == planned
    assert {fate.component for fate in found.fates if fate.fortune == "waits"} == {"db"}


def test_after_down_it_starts_from_the_plan_again(site: Site):
    site.up()
    site.moot().down(volumes=True, observer=quiet, announce=quiet, cancelled=threading.Event())
    assert where(site.lose().rehearsed.before) == where(site.plan().placement)


def test_a_promise_that_is_certainly_broken_is_told(site: Site):
    site.text = COMPOSE + "x-moot: {availability: 99.9%, venues: [cloud]}\n"
    site.sla = {"venue": "99.99%"}
    assert site.moot().what_if([], 2, ()).rehearsed.whole
    site.up()
    site.sla = {"venue": "99.8%"}
    with pytest.raises(Refused) as refused:
        site.plan()
    found = site.moot().what_if([], 2, ())
    assert found.rehearsed.problems == refused.value.diagnostics
    assert found.availability.least == pytest.approx(0.998)


def test_less_of_an_app_than_is_promised_is_better_than_none(site: Site):
    """What is left of a venue may not keep the promise alone; the outlook says so."""
    web = "web: {image: web, deploy: {replicas: 2, resources: {reservations: {cpus: '1'}}}}"
    policy = "x-moot: {availability: 99.9%, venues: [cloud]}"
    site.text = f"name: shop\n{policy}\nservices:\n  {web}\n"
    small = {"name": "small", "cpu": 1, "hourly": 0.1, "zone": "x"}
    site.offers = (small, {"name": "big", "cpu": 9, "hourly": 0.2, "zone": "y"})
    site.sla = {"host": "99.5%"}
    assert len(set(where(site.plan().placement).values())) == 2
    found = site.lose("zone:x")
    assert found.rehearsed.whole
    assert (found.availability.promised, found.availability.least) == (0.999, 0.995)


def test_the_plan_names_the_worst_single_failure(site: Site):
    worst = site.plan().worst
    assert worst.damage is not None
    assert worst.damage.rehearsed.down == ("db",)
    listed = site.moot().failures().damages
    assert listed[0].loss == worst.damage.loss
    assert [d.loss.label for d in listed][-1] != listed[0].loss.label


def test_what_leaves_nothing_is_the_worst_only_where_all_do(site: Site):
    site.cloud = False
    found = site.plan().worst.damage
    assert found is not None and not found.total
    assert site.moot().failures().damages[0].loss.label == "lab"
    site.text = COMPOSE + "x-moot: {venues: ['lab:h1']}\n"
    site.cpus = 20
    only = site.plan().worst.damage
    assert only is not None and only.total


def test_a_plan_does_not_look_where_that_takes_long(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rehearsal, "MOST_WORK", 10)
    worst = site.plan().worst
    assert worst.damage is None and worst.left_out == len(site.moot().failures().damages)


def test_a_name_is_one_thing_or_an_error_that_lists_them(site: Site):
    with pytest.raises(BadInput) as refused:
        site.lose("h9", "lab:h1", "zone:c")
    first, second = refused.value.diagnostics
    assert first.summary == "there is no failure domain 'h9'"
    assert "lab:h1" in first.detail and "zone:a" in first.detail
    assert second.summary == "there is no failure domain 'zone:c'"
