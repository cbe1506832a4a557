"""What other Apps hold of a quota is read from the record of their placements."""

from __future__ import annotations

from math import inf
from pathlib import Path

import pytest

from moot.engine.quotas import SIZES, counted, is_counted, sizes
from moot.model.app import App, Component, Needs
from moot.model.codec import placement_to_json
from moot.model.placement import Assignments, Placement, Run
from moot.model.quota import UNLIMITED, Amounts, Quota
from moot.model.rehearsal import Ground
from moot.model.value import JSON
from moot.model.venue import Offering
from moot.store import Store, open_store

STATED = Quota(UNLIMITED._replace(cpu=64, gpus=8))


def offering(venue: str, quota: Quota | None = STATED) -> Offering:
    pool = venue.rpartition(":")[0]
    return Offering(
        venue=venue, name="m", cpu=16, memory_mib=65_536, gpus=4, pool=pool, quota=quota
    )


def app(name: str, **needs: Needs) -> App:
    return App(
        name=name, components=tuple(Component(name=n, needs=each) for n, each in needs.items())
    )


def written(of: App, *runs: tuple[str, int, str]) -> dict[str, JSON]:
    """So many replicas of components on venues, as `reserve` writes it."""
    placed = (Run(of.name, c, 0, count, offering(v), "process") for c, count, v in runs)
    body = placement_to_json(Placement(assignments=Assignments(placed)))
    return {**body, SIZES: sizes(of)}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "moot.db"))


def test_all_others_are_counted_by_what_their_replicas_take(store: Store):
    blog = app("blog", web=Needs(cpu=0.1, memory_mib=256, gpus=0.25), all=Needs(gpus=inf))
    with store.turn():
        store.put_placement(
            "blog", written(blog, ("web", 3, "lab:h1"), ("web", 1, "rack"), ("all", 1, "lab:h2"))
        )
        store.put_placement("wiki", written(app("wiki", db=Needs(cpu=2)), ("db", 1, "lab:h3")))
        store.put_placement("shop", written(app("shop", db=Needs(cpu=9)), ("db", 1, "lab:h1")))
    offers = [offering("lab:h1"), offering("lab:h2"), offering("rack", None)]
    found = counted("shop", offers, store)
    held = Amounts(cpu=2.3, memory_mib=768, gpus=4.75, replicas=5)
    assert [o.quota for o in found] == [STATED.taking(held), STATED.taking(held), None]
    ground = Ground(app=app("shop"), offerings=found)
    assert is_counted(ground, store)
    with store.turn():
        store.put_placement("wiki", None)
    assert not is_counted(ground, store)


def test_of_what_an_older_moot_wrote_only_the_replicas_are_known(store: Store):
    body = written(app("blog", web=Needs(cpu=1)), ("web", 3, "lab:h1"))
    del body[SIZES]
    with store.turn():
        store.put_placement("blog", body)
    (found,) = counted("shop", [offering("lab:h1")], store)
    assert found.quota == STATED.taking(Amounts(replicas=3))


def test_a_quota_is_no_part_of_the_record():
    body = written(app("blog", web=Needs(cpu=1)), ("web", 3, "lab:h1"))
    assert "quota" not in body["offerings"]["lab:h1/m"]
