"""What a turn looks at: what changed and what that touches, and all where it cannot be told."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from narrow_site import HANDS, LONG_S, Site, part, same, shop

from moot.engine.reconcile import reconcile
from moot.engine.turn import Turn
from moot.model.app import App, Network
from moot.model.placement import component_of
from moot.model.plan import Create, Delete, Update
from moot.model.resource import ConfigurationItem
from moot.providers.fake import FakeProvider
from moot.store import Intent

WEB = "shop/web/0@toy/process"
BACKEND = "shop/api/0@toy/backend/80"
UNLISTED = ConfigurationItem(
    type="fake.volume", venue="toy", identifier="x", address="shop/x@toy/y", keeps_data=True
)
OPEN = Intent(
    change=f"update {WEB}#1",
    verb="update",
    address=WEB,
    incarnation=1,
    token="t",
    item=ConfigurationItem(type="fake.process", venue="toy", identifier="x"),
)


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.store.close()


# What is looked at.

SHOP = (part("db"), part("api", "db"), part("web", "api"), part("mail"), part("log"))


def changed(app: App, name: str, **more) -> App:
    given = (replace(c, **more) if c.name == name else c for c in app.components)
    return replace(app, components=tuple(given))


def looked_at(site: Site, app: App) -> set[str] | None:
    """By a plan that has to be right whatever it looks at."""
    turn = site.plan(app, LONG_S)
    same(turn, site.plan(app))
    assert isinstance(turn, Turn)
    return None if turn.within is None else set(turn.within)


@pytest.fixture
def standing(site):
    site.up(shop(*SHOP))
    return site


def test_nothing_is_looked_at_where_nothing_changed(standing):
    assert looked_at(standing, shop(*SHOP)) == set()


def test_one_changed_component_is_looked_at_with_its_neighbours(standing):
    app = changed(shop(*SHOP), "api", environment={"LEVEL": "2"})
    assert looked_at(standing, app) == {"db", "api", "web"}
    assert looked_at(standing, changed(shop(*SHOP), "mail", environment={"A": "2"})) == {"mail"}


def test_what_came_and_what_went_is_looked_at(standing):
    app = shop(*SHOP[:-1], part("new"))
    turn = standing.plan(app, LONG_S)
    assert looked_at(standing, app) is not None
    assert {"new", "log"} <= turn.within
    assert "mail" not in {component(c) for c in turn.plan.changes}


def test_a_rise_of_replicas_is_looked_at(standing):
    app = changed(shop(*SHOP), "mail", replicas=5)
    turn = standing.plan(app, LONG_S)
    assert "mail" in looked_at(standing, app)
    assert {c.address for c in turn.plan.changes} >= {
        f"shop/mail/{n}@toy/process" for n in (2, 3, 4)
    }


def test_where_all_must_move_all_is_looked_at(standing):
    standing.prices = {"toy": 5, "other": 0}
    assert looked_at(standing, shop(*SHOP)) >= {"db", "api", "web", "mail", "log"}


def test_a_price_that_moves_nothing_changes_nothing_but_the_cost(standing):
    standing.prices = {"toy": 3, "other": 4}
    turn = standing.plan(shop(*SHOP), LONG_S)
    assert looked_at(standing, shop(*SHOP)) == set()
    assert turn.proposal(shop(*SHOP)).cost == standing.plan(shop(*SHOP)).proposal(shop(*SHOP)).cost
    assert turn.proposal(shop(*SHOP)).cost.hourly == 2 * len(SHOP) * 3


def test_a_changed_network_is_looked_at_with_all_who_are_in_it(standing):
    app = shop(*SHOP, networks=(Network(name="front", internal=True), Network(name="back")))
    assert looked_at(standing, app) == {"db", "api", "web", "mail", "log"}


def test_what_failed_is_looked_at_until_it_stands(standing):
    app = changed(shop(*SHOP), "mail", replicas=3)
    standing.faults = [{"verb": "create", "code": "AccessDenied", "address": "shop/mail/2@*"}]
    _, walk = standing.up(app)
    assert walk.failures
    standing.faults = []
    assert "mail" in looked_at(standing, app)
    standing.up(app)
    assert looked_at(standing, app) == set()


def test_what_still_starts_is_looked_at(site):
    site.starts_within_s = 1000.0
    stopped = threading.Event()

    def observer(step):
        if (step.phase, step.address) == ("done", "shop/mail/0@toy/process"):
            stopped.set()

    world, app = site.world(), shop(part("mail", replicas=1, expose=()))
    hands = replace(HANDS, observer=observer, cancelled=stopped)
    _, walk = reconcile(app, world, site.journal(world), hands, lambda turn: None)
    assert set(walk.settled.values()) == {"done"}
    assert looked_at(site, app) == {"mail"}


def test_what_was_found_otherwise_is_looked_at_until_a_turn_has_seen_to_it(standing):
    fake = standing.world().venues.provider("toy")
    backend = next(t for t in fake.world.things() if t.name == BACKEND)
    fake.world.remove(backend.id)
    turn, _ = standing.up(shop(*SHOP))
    assert {c.address for c in turn.plan.changes} == {BACKEND}
    assert turn.within is not None and "mail" not in turn.within
    assert looked_at(standing, shop(*SHOP)) == set()


@pytest.mark.parametrize("why", ["old", "never listed", "open call"])
def test_all_is_asked_and_looked_at_where_the_record_may_be_old(standing, why):
    age_s = LONG_S
    match why:
        case "old":
            age_s = 1e-9
        case "never listed":
            with standing.store.turn():
                standing.store.rename_venue("other", "third", "test", 1.0)
                standing.store.record("shop", "shop/x@toy/y", 1, UNLISTED, 1.0, "test")
        case "open call":
            with standing.store.turn():
                standing.store.add_intent("shop", OPEN, standing.env.now())
    assert standing.plan(shop(*SHOP), age_s).within is None


def test_after_a_walk_that_was_stopped_nothing_is_taken_to_be_at_rest(site):
    stopped = threading.Event()
    stopped.set()
    world = site.world()
    hands = replace(HANDS, cancelled=stopped)
    reconcile(shop(*SHOP), world, site.journal(world), hands, lambda turn: None)
    rests = site.store.resting("shop")
    assert {name for name, rest in rests.items() if not rest.digest} >= {c.name for c in SHOP}
    site.up(shop(*SHOP))
    assert looked_at(site, shop(*SHOP)) == set()


def test_what_could_not_be_taken_away_is_looked_at(standing):
    standing.up(changed(shop(*SHOP), "mail", replicas=1))
    standing.faults = [{"verb": "delete", "code": "AccessDenied", "address": "shop/mail/0@*"}]
    app = changed(shop(*SHOP), "mail", replicas=1, environment={"LEVEL": "2"})
    _, walk = standing.up(app)
    assert walk.failures
    standing.faults = []
    assert looked_at(standing, app) == {"mail"}


class Forgetful(FakeProvider):
    """A venue that takes a change of labels and keeps none."""

    def update(self, item, want, op):
        kept = replace(want, properties={**want.properties, "labels": {}})
        return super().update(item, kept, op)


def test_what_was_done_and_is_still_not_so_is_looked_at(standing):
    standing.provider = Forgetful
    app = changed(shop(*SHOP), "mail", labels={"LEVEL": "2"})
    _, walk = standing.up(app)
    assert not walk.failures
    assert looked_at(standing, app) == {"mail"}


def test_after_down_all_is_to_be_made_again(standing):
    standing.down(shop(*SHOP))
    turn = standing.plan(shop(*SHOP), LONG_S)
    same(turn, standing.plan(shop(*SHOP)))
    assert {component(c) for c in turn.plan.changes} >= {c.name for c in SHOP}


def test_a_dropped_component_is_forgotten_in_the_end(standing):
    standing.up(shop(*SHOP[:-1]))
    standing.up(shop(*SHOP[:-1]))
    assert set(standing.store.resting("shop")) == {"", "db", "api", "web", "mail"}


def component(change: Create | Update | Delete) -> str:
    return component_of(change.address)
