"""Whole turns in a world without chance: what an update, a mishap or a moody venue leads to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from house import Crash, Fuse, House
from shop import Wish

WISH = Wish(web=3)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path, {})


def of_type(house, kind):
    return [t for t in house.world.things(f"fake.{kind}") if t.tags["moot.app"] == "shop"]


def verbs(turn):
    return sorted({change.key.split()[0] for change in turn.plan.changes})


def test_second_turn_has_nothing_to_do(house):
    house.up(WISH.app())
    assert WISH.unmet(house.world) == []
    assert house.plan(WISH.app()).plan.changes == ()


def test_what_is_needed_is_made_first(house):
    house.up(WISH.app())
    made = [thing.name for thing in house.world.things()]
    order = ["network/default", "db/0@toy/process", "migrate/0", "web/0@toy/process"]
    places = [next(i for i, name in enumerate(made) if part in name) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize("parallelism", [1, 2])
def test_rolling_update_leaves_no_gap_and_keeps_its_pace(house, parallelism):
    wish = replace(WISH, parallelism=parallelism)
    house.up(wish.app())
    behind, running = [], []

    def watch():
        alive = {t.id for t in of_type(house, "process") if "/web/" in t.name}
        running.append(len(alive))
        behind.append(sum(t.properties["process"] in alive for t in of_type(house, "backend")))

    house.weather.watch = watch
    new = replace(wish, mode="b")
    _, walk = house.up(new.app())
    assert walk.failures == []
    assert min(behind) >= wish.web
    assert max(running) == wish.web + parallelism
    assert new.unmet(house.world) == []


def test_stop_first_never_runs_two_of_one_replica(house):
    wish = replace(WISH, stop_first=True)
    house.up(wish.app())
    running = []
    house.weather.watch = lambda: running.append(
        sum("/web/" in t.name for t in of_type(house, "process"))
    )
    house.up(replace(wish, mode="b").app())
    assert max(running) == wish.web
    assert min(running) == wish.web - 1


def test_what_can_change_in_place_is_not_replaced(house):
    house.up(WISH.app())
    before = {t.number for t in house.world.things()}
    turn, _ = house.up(replace(WISH, memory_mib=128).app())
    assert verbs(turn) == ["update"]
    assert {t.number for t in house.world.things()} == before


def test_only_what_depends_on_a_change_is_touched(house):
    house.up(WISH.app())
    before = {t.number for t in house.world.things()}
    house.up(replace(WISH, mode="b").app())
    replaced = before - {t.number for t in house.world.things()}
    gone = {t.number for t in house.world.things("fake.network")} | replaced
    assert len(replaced) == 2 * WISH.web
    assert {t.number for t in of_type(house, "volume")}.isdisjoint(gone)


def test_lost_process_is_made_again_and_its_backend_follows(house):
    house.up(WISH.app())
    lost = next(t for t in of_type(house, "process") if "/web/1" in t.name)
    house.world.destroy(lost.id)
    _, walk = house.up(WISH.app())
    assert walk.failures == []
    assert WISH.unmet(house.world) == []


def test_down_keeps_data_until_it_is_told_otherwise(house):
    house.up(WISH.app())
    house.down("shop")
    assert [t.type for t in house.world.things()] == ["fake.volume"]
    house.down("shop", volumes=True)
    assert house.world.things() == ()


def test_data_is_found_again_after_down(house):
    house.up(WISH.app())
    (before,) = of_type(house, "volume")
    house.down("shop")
    house.up(WISH.app())
    assert of_type(house, "volume") == [before]
    assert WISH.unmet(house.world) == []


def test_failed_component_stops_what_waits_for_it(tmp_path):
    house = House(tmp_path, {})
    broken = replace(WISH, migration="1")
    _, walk = house.up(broken.app())
    assert "shop/migrate" in walk.failures[0].summary
    assert not [t for t in of_type(house, "process") if "/web/" in t.name]
    _, walk = house.up(WISH.app())
    assert walk.failures == []
    assert WISH.unmet(house.world) == []


def test_lagging_list_loses_nothing(tmp_path):
    house = House(tmp_path, {"list_lag_s": 3600})
    house.up(WISH.app())
    assert house.plan(WISH.app()).plan.changes == ()


def test_silent_venue_is_stale_and_keeps_what_it_has(tmp_path):
    house = House(tmp_path, {"faults": [{"verb": "list", "code": "ServiceInternalError"}]})
    house.up(WISH.app())
    turn = house.plan(WISH.app())
    assert turn.plan.changes == ()
    assert [stale.venue for stale in turn.observed.stale] == ["toy"]


def test_what_a_silent_venue_kept_from_being_made_is_made_when_it_answers(house):
    few, more = Wish(web=1), Wish(web=2)
    house.up(few.app())
    house.weather.silent = True
    turn, walk = house.up(more.app())
    assert not walk.changes
    assert turn.lacking
    house.weather.clear()
    house.up(more.app())
    assert not more.unmet(house.world)


def test_thousands_of_replicas_are_planned(tmp_path):
    wish = replace(WISH, web=5000, parallelism=0)
    turn = House(tmp_path, {}).plan(wish.app())
    made = [change.address for change in turn.plan.changes]
    assert len(set(made)) == len(made) == 2 * wish.web + 6


def test_what_cannot_be_marked_is_made_once_and_warned_about(tmp_path):
    house = House(tmp_path, {"create_class": "BARE"})
    turn, walk = house.up(WISH.app())
    assert walk.failures == []
    assert all("not crash-safe" in warning.summary for warning in turn.warnings)
    assert len(turn.warnings) == len({t.type for t in house.world.things()})
    made = house.world.things()
    assert house.plan(WISH.app()).plan.changes == ()
    house.weather.commit = Fuse(4)
    with pytest.raises(Crash):
        house.up(replace(WISH, web=4).app())
    assert {t.id for t in made} <= {t.id for t in house.world.things()}
