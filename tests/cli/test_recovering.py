"""A database lost, restored, copied or moved: noticed, read-only, and taken over by `recover`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from toy_house import COMPOSE, House

from moot.providers.fake.world import World

CHANGING = (
    "up",
    "down",
    "down --volumes",
    "undo --yes",
    "volume rm data",
    "sweep --delete --yes",
    "forget shop/web/0@toy/container",
    "adopt shop/web/0@toy/container fake.process x --venue toy",
    "venue rename toy attic",
    "venue remove toy",
)
READING = ("ps", "inventory", "plan --venue toy", "history shop/web/0@toy/container", "config")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    return House(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("create_class", ["NAME", "TOKEN", "TAG"])
def test_a_lost_database_is_rebuilt_from_the_venue(house: House, create_class: str):
    house.configure(create_class=create_class)
    house.up()
    house.up(MODE="b")  # so that something stands in its second incarnation
    before = house.json("inventory")["items"]
    house.lose_database()
    taken = house.json("recover", "--yes")
    assert {i["address"] for i in taken["items"]} == {i["address"] for i in before}
    assert taken["generation"] == 2
    assert taken["why"]["summary"].startswith("the database is gone")
    assert house.pending(MODE="b") == []
    after = house.json("inventory")["items"]
    for one, other in zip(before, after, strict=True):
        for field in ("address", "identifier", "incarnation", "depends_on", "properties"):
            assert one[field] == other[field]
    assert house.json("ps")["replicas"][0]["replica"] == "shop/db/0"
    house.json("--venue", "toy", "up", MODE="b")
    assert house.pending(MODE="b") == []
    house.json("-p", "shop", "down", "--volumes")
    assert house.things() == {}


def test_a_rebuilt_record_knows_what_was_asked(house: House):
    """Environments are shown by no venue: what was asked is told by the digests in the marks."""
    house.up()
    house.lose_database()
    house.json("recover", "--yes")
    replaced = {"shop/web/0@toy/container", "shop/web/1@toy/container"}
    assert replaced <= {address for _, address in house.pending(MODE="b")}
    changes = house.json("--venue", "toy", "plan", MODE="b")["changes"]
    reasons = {c["reason"] for c in changes if c["address"] in replaced and c["verb"] == "create"}
    assert reasons == {"environment changed"}
    assert house.json("sweep")["strays"] == []
    assert house.pending() == []
    (house.folder / "token").write_text("another")
    assert ("create", "shop/db/0@toy/container") in house.pending()


def test_an_address_keeps_its_uid_through_recover(house: House):
    """A token is made from it, and a later incarnation must not look like another's."""
    house.up()

    def uids() -> dict[str, str]:
        things = house.provider().world.things()
        return {t.tags["moot.address"]: t.tags["moot.uid"] for t in things}

    before = uids()
    house.lose_database()
    house.json("recover", "--yes")
    house.up(MODE="b")
    assert uids() == before


def test_down_right_after_recover_needs_no_declaration(house: House):
    house.up()
    house.lose_database()
    house.json("recover", "--yes")
    (house.folder / "compose.yaml").unlink()
    house.json("-p", "shop", "down")
    assert list(house.things()) == ["volume:shop@toy/volume/data"]
    house.json("-p", "shop", "down", "--volumes")
    assert house.things() == {}


def test_with_another_key_things_count_as_asked_for_as_declared(house: House):
    house.up()
    id = (house.home / "installation").read_text().strip()
    house.live_in(house.folder / "new")
    found = house.json("recover", "--yes")
    assert found["items"] == []
    assert [other["installation"] for other in found["others"]] == [id]
    taken = house.json("recover", "--installation", id, "--yes")
    assert len(taken["items"]) == 10
    assert taken["installation"] == id
    assert house.pending() == []
    house.json("down", "--volumes")
    assert house.things() == {}


def test_an_installation_with_things_of_its_own_takes_on_no_other(house: House):
    house.up()
    code, _, err = house.moot("recover", "--installation", "f" * 32, "--yes")
    assert code == 4
    assert "belongs to installation" in err


def test_a_lost_database_refuses_changes_until_recover(house: House):
    house.up()
    things = house.things()
    house.lose_database()
    code, _, err = house.moot("--venue", "toy", "up")
    assert code == 4
    assert "the database is gone" in err and "moot recover" in err
    assert house.things() == things


@pytest.mark.parametrize("line", CHANGING)
def test_a_restored_database_is_read_only(house: House, line: str):
    house.up()
    house.up(MODE="b")
    backup = house.saved()
    house.up(MODE="c")
    things = house.things()
    house.restore(backup)
    code, out, err = house.moot(*line.split(), MODE="b")
    assert code == 4, out + err
    assert "error: the database was restored" in err
    assert "it knows of 2 turns," in err and "3 turns" in err and "moot recover" in err
    assert house.things() == things


@pytest.mark.parametrize("line", READING)
def test_in_doubt_reading_works_with_a_warning(house: House, line: str):
    house.up()
    backup = house.saved()
    house.up(MODE="b")
    house.restore(backup)
    code, _, err = house.moot(*line.split(), MODE="b")
    assert code == 0
    assert err.startswith("warning: the database was restored")


def test_a_restored_database_is_made_whole_by_recover(house: House):
    house.up()
    backup = house.saved()
    house.up(MODE="b")
    things = house.things()
    house.restore(backup)
    taken = house.json("recover", "--yes")
    assert {i["incarnation"] for i in taken["items"]} == {2}
    assert house.pending(MODE="b") == []
    house.up(MODE="b")
    assert house.things() == things
    assert house.moot("ps")[2] == ""


def test_a_copied_home_is_noticed_and_the_original_is_not(house: House):
    house.up()
    house.up(MODE="b")
    shutil.copytree(house.home, house.folder / "copy", copy_function=shutil.copy2)
    house.up(MODE="c")
    things = house.things()
    house.live_in(house.folder / "copy")
    code, _, err = house.moot("--venue", "toy", "up")
    assert code == 4
    assert "copied or moved" in err and f"{house.folder}/home/installation" in err
    assert house.things() == things
    house.live_in(house.folder / "home")
    assert house.pending(MODE="c") == []
    house.up(MODE="c")


def test_a_copy_that_took_over_is_noticed_at_the_original(house: House):
    house.up()
    shutil.copytree(house.home, house.folder / "copy", copy_function=shutil.copy2)
    house.live_in(house.folder / "copy")
    assert house.json("recover", "--yes")["generation"] == 2
    house.up(MODE="b")
    things = house.things()
    house.live_in(house.folder / "home")
    code, _, err = house.moot("--venue", "toy", "up")
    assert code != 0
    assert "another copy of this store has taken over" in err
    assert house.things() == things
    assert house.json("recover", "--yes")["generation"] == 3
    assert house.pending(MODE="b") == []


def test_a_key_that_is_not_the_database_s_is_noticed(house: House):
    house.up()
    (house.home / "key").write_text("ab" * 32)
    code, _, err = house.moot("--venue", "toy", "up")
    assert code == 4
    assert "the key in MOOT_HOME is not the key of this database" in err


def test_a_crash_between_database_and_file_is_no_alarm(house: House):
    house.up()
    before = (house.home / "serial").read_text()
    house.up(MODE="b")
    (house.home / "serial").write_text(before)
    house.up(MODE="b")
    assert house.moot("ps")[2] == ""


def test_recover_shows_and_asks(house: House):
    house.up()
    house.lose_database()
    code, out, err = house.moot("recover")
    assert code == 2
    assert "shop@toy/volume/data" in out and "10 things to take on" in out
    assert "there is nobody to ask" in err
    assert house.json("inventory", "--all")["items"] == []


def test_recover_with_nothing_lost_changes_nothing_but_the_generation(house: House):
    house.up()
    before = house.json("inventory")["items"]
    taken = house.json("recover", "--yes")
    assert (taken["items"], taken["known"], taken["generation"]) == ([], 10, 2)
    after = house.json("inventory")["items"]
    assert [i["identifier"] for i in after] == [i["identifier"] for i in before]


def test_of_doubles_the_oldest_is_taken_on(house: House):
    house.configure(create_class="TAG")
    house.up()
    (volume,) = house.provider().world.things("fake.volume")
    World(house.world, unique_names=False).make(
        "fake.volume", volume.name, volume.tags, volume.properties, now=volume.born + 0.001
    )
    house.lose_database()
    taken = house.json("recover", "--yes")
    assert [d["address"] for d in taken["doubles"]] == ["shop@toy/volume/data"]
    kept = next(i for i in taken["items"] if i["address"] == "shop@toy/volume/data")
    assert kept["identifier"] == volume.id


def test_ports_of_another_app_are_not_given_away_after_recover(house: House):
    house.up()
    (other := house.folder / "other").mkdir()
    (other / "compose.yaml").write_text(COMPOSE.replace("name: shop", "name: blog"))
    (other / "token").write_text("x")
    house.lose_database()
    house.json("recover", "--yes")
    code, _, err = house.moot("-f", str(other / "compose.yaml"), "--venue", "toy", "plan")
    assert code == 4
    assert "port 8080 is taken" in err


def test_a_renamed_venue_keeps_its_addresses_through_recover(house: House):
    house.up()
    house.json("venue", "rename", "toy", "attic")
    house.lose_database()
    taken = house.json("recover", "--yes")
    assert all("@attic/" in item["address"] for item in taken["items"])
    changes = house.json("--venue", "attic", "plan")["changes"]
    assert changes == []
    house.json("down", "--volumes")
    assert house.things() == {}
