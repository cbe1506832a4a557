"""A pool: its machines take an App together, and one that is silent holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from moot.model.diagnostic import BadInput, Failure, Refused
from moot.model.report import Outcome, Proposal
from moot.service import Moot, Selection

COMPOSE = """
name: shop
services:
  db:
    x-moot: {process: {command: [db]}}
    expose: [5432]
    healthcheck: {test: "true"}
    volumes: [data:/data]
  api:
    x-moot: {process: {command: [api]}}
    expose: [8000]
    healthcheck: {test: "true"}
    deploy: {replicas: 2}
    depends_on: {db: {condition: service_healthy}}
  web:
    x-moot: {process: {command: [web]}}
    deploy: {replicas: 3}
    ports: ["8080:80"]
    depends_on: {api: {condition: service_healthy}}
volumes: {data: {}}
"""


@dataclass
class Lab:
    """One user with a pool of fake machines beside a fake laptop."""

    folder: Path
    silent: set[str] = field(default_factory=set)
    machines: Sequence[str] = ("h1", "h2", "h3", "h4")
    pool: str = "lab"

    def moot(self, *venues: str, app: str = "shop", text: str = COMPOSE) -> Moot:
        hosts = [
            {
                "host": host,
                "world": str(self.folder / f"{host}.world"),
                "silent": host in self.silent,
            }
            for host in self.machines
        ]
        # Dearer than a pool for nothing: nothing goes there of itself.
        dear = [{"name": "room", "hourly": 1, "machine": "mine"}]
        entries = {
            self.pool: {"provider": "fake", "hosts": hosts},
            "laptop": {"provider": "fake", "world": str(self.folder / "l"), "offerings": dear},
            "docker": {"provider": "fake", "world": "memory", "silent": True},
        }
        (self.folder / "venues.yaml").write_text(yaml.safe_dump({"venues": entries}))
        place = self.folder / app
        place.mkdir(exist_ok=True)
        (place / "compose.yaml").write_text(text.replace("name: shop", f"name: {app}"))
        environ = {
            "HOME": str(self.folder),
            "MOOT_HOME": str(self.folder / "home"),
            "MOOT_VENUES": str(self.folder / "venues.yaml"),
        }
        files = (str(place / "compose.yaml"),)
        return Moot(Selection(files=files, folder=str(place), venues=venues), environ)

    def up(self, *venues: str, **more: str) -> Outcome:
        return self.moot(*venues, **more).up(quiet, quiet, threading.Event())

    def down(self, volumes: bool = True) -> Outcome:
        return self.moot().down(
            volumes=volumes, observer=quiet, announce=quiet, cancelled=threading.Event()
        )

    def plan(self, *venues: str, **more: str) -> Proposal:
        return self.moot(*venues, **more).plan()

    def where(self) -> dict[str, str]:
        replicas, _ = self.moot().ps()
        return {r.replica: r.venue for r in replicas if r.status != "stale"}

    def has(self, address: str) -> bool:
        items, _ = self.moot().inventory()
        return any(item.address == address for item in items)


def quiet(_: object) -> None:
    """Nobody listens."""


@pytest.fixture
def lab(tmp_path) -> Lab:
    return Lab(tmp_path)


def test_an_app_is_spread_over_its_machines_and_stays(lab):
    outcome = lab.up()
    assert outcome.failures == ()
    places = lab.where()
    assert len({v for r, v in places.items() if "/web/" in r}) == 3
    assert len({v for r, v in places.items() if "/api/" in r}) == 2
    assert lab.plan().plan.changes == ()


def test_each_machine_asks_its_own_gateway_which_knows_replicas_everywhere(lab):
    lab.up()
    places = lab.where()
    for index in range(3):
        venue = places[f"shop/web/{index}"]
        assert lab.has(f"shop/api/0@{venue}/backend/8000")
        assert lab.has(f"shop/api/1@{venue}/backend/8000")


def test_a_dead_machine_s_replicas_move_and_the_others_stay(lab):
    lab.up()
    before = lab.where()
    data = before["shop/db/0"]
    dead = next(v for r, v in before.items() if "/web/" in r and v != data)
    lab.silent = {dead.removeprefix("lab:")}
    outcome = lab.up()
    assert outcome.failures == ()  # all that is wanted stands
    after = lab.where()
    assert after.keys() == before.keys()
    assert dead not in after.values()
    assert {r for r in before if before[r] != after[r]} == {
        r for r, v in before.items() if v == dead
    }
    assert any("something may be left" in w.summary for w in outcome.warnings)
    left = [r for r in lab.moot().ps()[0] if r.status == "stale"]
    assert {line.venue for line in left} == {dead}
    assert lab.plan().plan.changes == ()


def test_what_a_machine_kept_running_ends_when_it_comes_back(lab):
    lab.up()
    before = lab.where()
    dead = next(v for r, v in before.items() if "/web/" in r and v != before["shop/db/0"])
    lab.silent = {dead.removeprefix("lab:")}
    lab.up()
    moved = lab.where()
    lab.silent = set()
    outcome = lab.up()
    assert outcome.failures == ()
    assert {c.address.partition("@")[2].partition("/")[0] for c in outcome.plan.changes} == {dead}
    assert lab.where() == moved
    assert lab.plan().plan.changes == ()


def test_what_has_its_data_on_a_dead_machine_waits_there_and_the_rest_is_healed(lab):
    lab.up()
    before = lab.where()
    home = before["shop/db/0"]
    lab.silent = {home.removeprefix("lab:")}
    outcome = lab.up()
    assert [f.summary.partition(":")[0] for f in outcome.failures] == ["not all is known to run"]
    assert home in outcome.failures[0].summary
    after = lab.where()
    assert "shop/db/0" not in after
    assert home not in after.values()
    assert len(after) == len(before) - 1
    lab.silent = set()
    assert lab.up().failures == ()
    assert lab.where()["shop/db/0"] == home


def test_data_does_not_move_and_the_refusal_says_why(lab):
    lab.up()
    home = lab.where()["shop/db/0"]
    with pytest.raises(Refused) as refused:
        lab.plan("laptop")
    assert f"its volume 'data' with the data is on {home}" in refused.value.diagnostics[0].detail


def test_an_app_without_data_moves_by_venue(lab):
    text = COMPOSE.replace("    volumes: [data:/data]\n", "").replace("volumes: {data: {}}\n", "")
    lab.up(text=text)
    assert lab.up("laptop", text=text).failures == ()
    assert set(lab.where().values()) == {"laptop"}
    assert lab.up("lab:h2", text=text).failures == ()
    assert set(lab.where().values()) == {"lab:h2"}


def test_hosts_cannot_reach_the_laptop_and_the_refusal_says_so(lab):
    lab.up("laptop")
    with pytest.raises(Refused) as refused:
        lab.plan("lab", "laptop", text=COMPOSE + "x-moot: {spread: {host: 3}}\n")
    assert "laptop" in refused.value.diagnostics[0].detail


def test_each_machine_s_ports_are_its_own(lab):
    lab.up("lab:h1")
    assert lab.up("lab:h2", app="blog").failures == ()
    with pytest.raises(Refused) as refused:
        lab.plan("lab:h1", app="wiki")
    assert refused.value.diagnostics[0].summary == "port 8080 is taken"
    assert "on lab:h1" in refused.value.diagnostics[0].detail


def test_nothing_is_left_after_down_and_what_cannot_be_taken_down_is_told(lab):
    lab.up()
    home = lab.where()["shop/db/0"]
    lab.silent = {home.removeprefix("lab:")}
    outcome = lab.down()
    assert home in outcome.failures[0].summary
    lab.silent = set()
    assert lab.down().failures == ()
    assert lab.moot().inventory()[0] == ()


def test_a_pool_is_no_venue_for_a_thing_of_its_own(lab):
    text = COMPOSE + "x-moot: {resources: {n: {type: fake.network, venue: lab}}}\n"
    with pytest.raises(BadInput) as refused:
        lab.plan(text=text)
    assert "is a pool of 4 machines" in refused.value.diagnostics[0].summary


def test_renaming_a_pool_renames_its_machines(lab):
    lab.up()
    moot = lab.moot()
    moot.venue_rename("lab", "rack")
    lab.pool = "rack"
    items, _ = lab.moot().inventory()
    assert {i.venue.partition(":")[0] for i in items} == {"rack"}


def test_a_renamed_pool_runs_all_where_it_was(lab):
    lab.up()
    before, endpoints = lab.where(), lab.moot()._store.placement("shop")["endpoints"]
    lab.moot().venue_rename("lab", "rack")
    lab.pool = "rack"
    after = lab.moot()._store.placement("shop")
    assert after["endpoints"] == [
        [*end, venue.replace("lab:", "rack:")] for *end, venue in endpoints
    ]
    assert {offering["pool"] for offering in after["offerings"].values()} == {"rack"}
    assert lab.where() == {r: v.replace("lab:", "rack:") for r, v in before.items()}
    assert lab.up().plan.changes == ()
    assert lab.where() == {r: v.replace("lab:", "rack:") for r, v in before.items()}


def test_with_a_dead_machine_less_spread_is_told_and_made_good_when_it_is_back(lab):
    text = COMPOSE + "x-moot: {spread: {host: 3}}\n"
    text = text.replace("    volumes: [data:/data]\n", "").replace("volumes: {data: {}}\n", "")
    lab.machines = ("h1", "h2", "h3")
    lab.up(text=text)
    lab.silent = {"h2"}
    outcome = lab.up(text=text)
    assert outcome.failures == ()
    told = [w for w in outcome.warnings if "is not spread" in w.summary]
    assert [w.summary for w in told] == [
        "web is not spread as x-moot.spread wants: 2 of 3 machines"
    ]
    assert "lab:h2" in told[0].detail
    lab.silent = set()
    outcome = lab.up(text=text)
    assert outcome.warnings == ()
    assert len({v for r, v in lab.where().items() if "/web/" in r}) == 3


def test_forgetting_a_machine_leaves_alone_the_apps_that_have_nothing_there(lab):
    lab.up("lab:h1")
    lab.up("lab:h2", app="blog", text=COMPOSE.replace("8080", "8081"))
    store = lab.moot()._store
    store.claim("blog", "another", time.time(), 1e6, lambda holder: False)
    assert lab.moot().forget("@lab:h1")
    with pytest.raises(Failure):
        lab.moot().forget("@lab:h2")


def test_a_pool_is_checked_machine_by_machine(lab):
    lab.silent = {"h3"}
    statuses = {s.name: s for s in lab.moot().venue_check(["lab"])}
    assert list(statuses) == ["lab:h1", "lab:h2", "lab:h3", "lab:h4"]
    assert {name for name, s in statuses.items() if s.problems} == {"lab:h3"}


def test_a_pool_is_added_as_one_and_no_machine_is_removed_from_it(lab):
    moot = lab.moot()
    with pytest.raises(Refused) as twins:
        moot.venue_add("rack", "fake", {"hosts": ["r[1:2]"], "world": str(lab.folder / "r")})
    assert twins.value.diagnostics[0].summary == "two venues are one"
    assert moot.venue_add("rack", "fake", {"hosts": ["r[1:2]"]}).name == "rack"
    names = {s.name for s in Moot(Selection(), moot._environ).venue_list()}
    assert {"rack:r1", "rack:r2"} <= names
    with pytest.raises(BadInput) as refused:
        moot.venue_remove("lab:h1")
    assert refused.value.diagnostics[0].summary == "'lab:h1' is one machine of the pool 'lab'"


def test_a_slip_in_hosts_is_told_with_file_line_and_column(lab):
    (lab.folder / "venues.yaml").write_text(
        "venues:\n  lab:\n    provider: fake\n    hosts:\n      - h1\n      - h[3:1]\n"
    )
    environ = {"HOME": str(lab.folder), "MOOT_VENUES": str(lab.folder / "venues.yaml")}
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), {**environ, "MOOT_HOME": str(lab.folder / "home")})
    place = refused.value.diagnostics[0].place
    assert place is not None
    assert (place.line, place.column) == (6, 9)


def test_a_machine_that_never_comes_back_is_forgotten_as_a_whole(lab):
    lab.up()
    home = lab.where()["shop/db/0"]
    lab.silent = {home.removeprefix("lab:")}
    assert lab.up().failures
    lab.moot().forget(f"@{home}")
    outcome = lab.up()
    assert (outcome.failures, outcome.warnings) == ((), ())
    assert lab.where()["shop/db/0"] != home
    with pytest.raises(BadInput):
        lab.moot().forget(f"@{home}")


def test_a_machine_that_was_taken_out_of_the_pool_is_not_missed_once_nothing_is_known_of_it(lab):
    lab.up()
    lab.machines = ("h1", "h2", "h3")
    assert [stale.venue for stale in lab.up().stale] == ["lab:h4"]
    lab.moot().forget("@lab:h4")
    assert lab.up().stale == ()


def test_an_app_may_name_a_pool_or_one_of_its_machines(lab):
    for named, allowed in (("lab", 4), ("lab:h2", 1)):
        text = COMPOSE + f"x-moot: {{venues: ['{named}']}}\n"
        placement = lab.plan(text=text).placement
        assert {a.offering.venue.partition(":")[0] for a in placement.assignments} == {"lab"}
        assert len({a.offering.venue for a in placement.assignments}) == min(allowed, 4)


def test_two_machines_that_are_one_are_refused_before_anything_is_made(lab):
    lab.moot()
    venues = yaml.safe_load((lab.folder / "venues.yaml").read_text())
    for entry in venues["venues"]["lab"]["hosts"]:
        entry["offerings"] = [{"name": "room", "machine": "copied"}]
    moot = lab.moot()
    (lab.folder / "venues.yaml").write_text(yaml.safe_dump(venues))
    moot = Moot(moot._selection, moot._environ)
    with pytest.raises(Refused) as refused:
        moot.plan()
    assert refused.value.diagnostics[0].summary == "two machines of a pool are one"
    assert "lab:h1 and lab:h2 both are copied" in refused.value.diagnostics[0].detail


def test_one_machine_makes_way_for_no_other(lab):
    """The gateway a move leaves behind goes last: until then it serves."""
    text = COMPOSE.replace("    volumes: [data:/data]\n", "").replace("volumes: {data: {}}\n", "")
    lab.up("lab:h1", text=text)
    keys = [change.key for change in lab.plan("lab:h2", text=text).plan.changes]
    assert keys.index("create shop@lab:h2/gateway#1") < keys.index("delete shop@lab:h1/gateway#1")


def test_hosts_of_an_ssh_config_are_read_from_its_file(lab):
    config = lab.folder / "ssh_config"
    config.write_text("Host rack-1 rack-2\n  User me\nHost other\n")
    entry = {"provider": "fake", "hosts": [{"ssh_config": str(config), "match": "rack-*"}]}
    environ = lab.moot()._environ
    file = lab.folder / "venues.yaml"
    file.write_text(yaml.safe_dump({"venues": {"lab": entry}}))
    with pytest.raises(BadInput) as refused:  # the fake has no use for an ssh_config
        Moot(Selection(), environ).venue_check(["lab"])
    assert "venue lab:rack-1 has no setting ssh_config" in refused.value.diagnostics[0].detail
    config.unlink()
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), environ)
    assert "ssh_config cannot be read" in refused.value.diagnostics[0].detail
    assert refused.value.diagnostics[0].place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("venues: {1: {provider: fake}}", "wrong shape"),
        ("venues: {lab: {provider: fake, 1: 2}}", "wrong shape"),
        ("venues: {lab: {provider: fake, was: [1]}}", "cannot have been [1]"),
        ("venues: {lab: {provider: fake, sla: {1: 2, foo: 3}}}", "sla of venue 'lab'"),
        ("venues: {lab: {provider: fake, hosts: [{ssh_config: x, match: 5}]}}", "cannot be used"),
    ],
)
def test_whatever_is_in_venues_yaml_is_refused_in_words(lab, text, words):
    environ = lab.moot()._environ
    (lab.folder / "venues.yaml").write_text(text)
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), environ).venue_list()
    problem = refused.value.diagnostics[0]
    assert words in problem.summary
    assert problem.remedy


def test_venues_yaml_of_the_wrong_shape_names_the_entry(lab):
    environ = lab.moot()._environ
    (lab.folder / "venues.yaml").write_text("venues: {lab: {provider: fake}, attic: 3}")
    with pytest.raises(BadInput) as refused:
        Moot(Selection(), environ)
    assert "'attic' is not like that" in refused.value.diagnostics[0].detail
