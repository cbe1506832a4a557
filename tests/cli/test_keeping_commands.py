"""undo, sweep, adopt, forget, diff and --max-age over the fake venue, as a user drives them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from toy_house import COMPOSE, House

from moot.store import open_store

WEB = "shop/web/0@toy/container"
VOLUME = "shop@toy/volume/data"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    return House(tmp_path, monkeypatch, capsys)


def modes(house: House) -> set[str]:
    """The variable MODE of every process there really is."""
    processes = house.provider().world.things("fake.process")
    return {t.properties["environment"].get("MODE", "none") for t in processes}


def token(house: House) -> list[str]:
    """The secret that replicas were given, as their venue keeps it."""
    processes = house.provider().world.things("fake.process")
    return [file["content"] for one in processes for file in one.properties["files"]]


def test_of_a_venue_that_is_silent_nothing_old_is_said_by_those_that_only_list(house: House):
    house.up()
    house.configure(silent=True)
    assert "what is said of it was seen" in house.moot("--venue", "toy", "ps")[2]
    code, _, said = house.moot("sweep")
    assert code == 0
    assert "venue toy does not answer" in said
    assert "was seen" not in said


def test_volumes_that_could_not_be_reached_are_not_said_to_be_kept(house: House):
    house.up()
    house.configure(silent=True)
    code, _, said = house.moot("--venue", "toy", "down", "--volumes")
    assert code == 1
    assert "something may be left" in said
    assert "kept: " not in said


class TestUndo:
    def test_goes_back_and_forth(self, house: House):
        house.up()
        house.up(MODE="b")
        assert modes(house) == {"none", "b"}
        done = house.json("undo", "--yes")
        assert done["done"] and done["undone"]["cause"] == "moot up"
        assert modes(house) == {"none", "a"}
        assert house.pending() == []
        house.json("undo", "--yes")
        assert modes(house) == {"none", "b"}
        causes = {v["cause"] for v in house.json("history", WEB)["versions"]}
        assert causes == {"moot up", "moot undo"}

    def test_needs_no_file_as_it_was(self, house: House):
        house.up()
        (house.folder / "compose.yaml").write_text(COMPOSE.replace("image: web", "image: other"))
        house.up()
        (house.folder / "compose.yaml").unlink()
        house.json("-p", "shop", "undo", "--yes")
        images = {t.properties["image"] for t in house.provider().world.things("fake.process")}
        assert images == {"web", "db"}

    def test_plan_only_shows(self, house: House):
        house.up()
        house.up(MODE="b")
        things = house.things()
        code, out, err = house.moot("undo", "--plan")
        assert code == 0
        assert "back to revision 1" in out and f"-/+ {WEB}" in out
        assert f"the data in {VOLUME} stays as it is now" in err
        assert house.json("undo", "--plan")["undone"]["revision"] == 1
        assert house.things() == things

    def test_asks_and_without_a_terminal_refuses(self, house: House):
        house.up()
        house.up(MODE="b")
        code, _, err = house.moot("undo")
        assert code == 2
        assert "there is nobody to ask" in err
        assert modes(house) == {"none", "b"}

    def test_deleted_data_is_said_not_to_come_back(self, house: House):
        house.up()
        without = COMPOSE.replace('    volumes: ["data:/data"]\n', "")
        (house.folder / "compose.yaml").write_text(without)
        house.up()
        house.json("volume", "rm", "data")
        lost = house.json("undo", "--plan")["undone"]["lost"]
        assert [each["summary"] for each in lost] == [f"{VOLUME} comes back empty"]

    def test_a_job_that_has_run_is_said_to_stay_done(self, house: House):
        house.up()
        job = '  job: {x-moot: {process: {command: [exit, "0"]}}, restart: "no"}\nvolumes: {'
        (house.folder / "compose.yaml").write_text(COMPOSE.replace("volumes: {", job, 1))
        house.up()
        lost = house.json("undo", "--plan")["undone"]["lost"]
        assert any(each["summary"].startswith("shop/job/0 has run") for each in lost)

    def test_a_secret_comes_back_as_it_was(self, house: House):
        house.up()
        (house.folder / "token").write_text("rotated since")
        house.up()
        (house.folder / "token").write_text("another one")
        house.up(MODE="b")
        (house.folder / "token").unlink()
        house.json("-p", "shop", "undo", "--yes")
        assert token(house) == ["rotated since"]

    def test_a_secret_that_changed_and_is_not_kept_is_refused_by_name(self, house: House):
        house.up()
        house.up(MODE="b")
        house.json("secret", "forget", "token")
        (house.folder / "token").write_text("another one")
        code, _, err = house.moot("undo", "--yes")
        assert code == 4
        assert "secret 'token' is not what it was at revision 1" in err
        (house.folder / "token").unlink()
        assert house.moot("-p", "shop", "undo", "--yes")[0] == 4
        (house.folder / "token").write_text("a token of its own")
        assert house.moot("undo", "--yes")[0] == 0

    def test_nothing_to_go_back_to(self, house: House):
        house.up()
        house.up()
        code, _, err = house.moot("undo", "--yes")
        assert code == 2
        assert "one declaration only" in err

    def test_what_is_kept_is_unreadable_without_the_key(self, house: House):
        secret = "a-value-of-mode-that-nobody-else-has"
        house.up(MODE=secret)
        house.up()
        kept = [path for path in house.home.rglob("*") if path.is_file()]
        assert any(path.name == "moot.db" for path in kept)
        for path in kept:
            content = path.read_bytes()
            assert secret.encode() not in content
            assert b"a token of its own" not in content
        house.json("undo", "--yes")
        assert modes(house) == {"none", secret}


class TestSweep:
    def stray(self, house: House, **changed: Any) -> str:
        """One more thing with our marks, as a lost answer might have left it."""
        world = house.provider().world
        model = next(t for t in world.things("fake.network"))
        tags = {**model.tags, "moot.address": "shop@toy/network/lost", **changed}
        made = world.make("fake.network", tags["moot.address"], tags, model.properties, now=1.0)
        return made.id

    def test_lists_and_deletes_only_when_asked_to(self, house: House):
        house.up()
        assert house.json("sweep")["strays"] == []
        id = self.stray(house)
        (found,) = house.json("sweep")["strays"]
        assert (found["identifier"], found["explained"], found["app"]) == (id, False, "shop")
        assert id in house.things()
        code, _, err = house.moot("sweep", "--delete")
        assert code == 2
        assert "Delete 1 thing?" in err
        assert id in house.things()
        answer = house.json("sweep", "--delete", "--yes")
        assert answer["deleted"] == 1
        assert id not in house.things()
        assert house.pending() == []

    def test_another_installation_s_things_are_never_listed(self, house: House):
        house.up()
        id = self.stray(house, **{"moot.installation": "f" * 32})
        assert house.json("sweep", "--delete", "--yes")["strays"] == []
        assert id in house.things()

    def test_what_keeps_data_stays_without_volumes(self, house: House):
        house.up()
        house.json("forget", VOLUME)
        house.json("forget", "shop/db/0@toy/container")
        answer = house.json("sweep", "--delete", "--yes")
        assert answer["deleted"] == 1
        things = house.things()
        assert f"volume:{VOLUME}" in things
        assert "process:shop/db/0@toy/container" not in things
        assert house.json("sweep", "--delete", "--volumes", "--yes")["deleted"] == 1
        assert f"volume:{VOLUME}" not in house.things()

    def test_what_a_running_turn_holds_is_not_swept(self, house: House):
        house.up()
        self.stray(house)
        store = open_store(house.home / "moot.db")
        store.claim("shop", "elsewhere pid 1 start 1", time.time(), 60.0, lambda _: False)
        store.close()
        code, _, err = house.moot("sweep", "--delete", "--yes")
        assert code == 5
        assert "being changed by another" in err


class TestAdoptAndForget:
    def test_what_is_forgotten_stays_and_can_be_taken_back(self, house: House):
        house.up()
        things = house.things()
        (item,) = house.json("forget", WEB)["items"]
        assert house.things() == things
        assert ("create", WEB) in house.pending()
        (stray,) = house.json("sweep")["strays"]
        assert (stray["address"], stray["explained"]) == (WEB, False)
        house.json("adopt", WEB, "fake.process", item["identifier"], "--venue", "toy")
        assert house.pending() == []
        assert house.things() == things
        causes = [v["cause"] for v in house.json("history", WEB)["versions"]]
        assert causes[-3:] == ["moot adopt", "moot forget", "moot up"]
        house.json("down", "--volumes")
        assert house.things() == {}

    def test_what_is_forgotten_is_made_anew_beside_the_old(self, house: House):
        house.up()
        house.up()  # so that all of it is at rest
        house.json("forget", WEB)
        house.up()
        assert {f"process:{WEB}", f"process:{WEB}#2"} <= house.things().keys()
        assert house.pending() == []

    def test_a_thing_of_ours_can_be_taken_on_under_another_address(self, house: House):
        house.up()
        (item,) = house.json("forget", VOLUME)["items"]
        renamed = "shop@toy/volume/archive"
        house.json("adopt", renamed, "fake.volume", item["identifier"])
        assert renamed in {i["address"] for i in house.json("inventory")["items"]}
        store = open_store(house.home / "moot.db")
        named = {i.address: i.marked_as for i in store.inventory("shop")}
        store.close()
        assert named[renamed] == VOLUME
        house.json("down", "--volumes")
        assert house.things() == {}

    def test_a_thing_without_marks_gets_ours(self, house: House):
        made = house.provider().world.make(
            "fake.volume", "by hand", {}, {"options": {}}, now=time.time() - 9
        )
        house.json("adopt", VOLUME, "fake.volume", made.id, "--venue", "toy")
        installation = (house.home / "installation").read_text().strip()
        assert house.things() == {made.id: installation}
        house.up()
        (db,) = (t for t in house.provider().world.things("fake.process") if "/db/" in t.name)
        assert db.properties["mounts"][0]["source"] == made.id
        house.json("down")
        assert list(house.things()) == [made.id]

    @pytest.mark.parametrize(
        ("type", "identifier", "address", "said", "code"),
        [
            ("fake.volume", "volume:theirs", VOLUME, "belongs to another installation", 4),
            ("fake.volume", "volume:nowhere", VOLUME, "there is no fake.volume", 2),
            ("fake.process", f"process:{WEB}", WEB, "in the inventory already", 4),
            ("fake.volume", "volume:spare", VOLUME, "there is something at", 4),
            ("fake.volume", "volume:spare", "shop", "is no address of a thing", 2),
            ("fake.house", "volume:spare", VOLUME, "has no type 'fake.house'", 2),
        ],
    )
    def test_refusals(
        self, house: House, type: str, identifier: str, address: str, said: str, code: int
    ):
        house.up()
        world = house.provider().world
        tags = next(t.tags for t in world.things("fake.volume"))
        theirs = {**tags, "moot.installation": "f" * 32, "moot.uid": "other"}
        world.make("fake.volume", "theirs", theirs, {"options": {}}, now=1.0)
        world.make("fake.volume", "spare", {}, {"options": {}}, now=1.0)
        things = house.things()
        got, _, err = house.moot("adopt", address, type, identifier, "--venue", "toy")
        assert (got, said in err) == (code, True), err
        assert house.things() == things

    def test_the_venue_is_told_by_the_address(self, house: House):
        code, _, err = house.moot("adopt", VOLUME, "fake.volume", "x", "--venue", "docker")
        assert code == 2
        assert "--venue toy" in err


class TestTimes:
    def test_inventory_at_and_diff_ask_no_venue(self, house: House):
        house.up()
        first = time.time()
        time.sleep(0.05)
        house.up(MODE="b")
        before = house.json("inventory", "--at", f"{first:.3f}")["items"]
        assert {i["incarnation"] for i in before} == {1}
        fault = {"verb": "list", "code": "NetworkFailure"}
        house.configure(faults=[fault, {**fault, "verb": "read"}])
        assert house.json("inventory", "--at", f"{first:.3f}")["items"] == before
        (only,) = house.json("inventory", "--at", "0s", "--type", "fake.volume")["items"]
        assert only["address"] == VOLUME
        found = house.json("diff", "--from", f"{first:.3f}")["differences"]
        web = next(d for d in found if d["address"] == WEB)
        assert (web["kind"], web["cause"]) == ("changed", "moot up")
        assert {p["path"] for p in web["paths"]} >= {"identifier", "incarnation"}
        assert VOLUME not in {d["address"] for d in found}
        came = house.json("diff", "--from", "1h", "--to", f"{first:.3f}")["differences"]
        assert {d["kind"] for d in came} == {"came"}
        assert house.json("diff", "--from", "1h", "--to", "30m")["differences"] == []

    def test_diff_says_what_went(self, house: House):
        house.up()
        middle = time.time()
        house.json("down")
        code, out, _ = house.moot("diff", "--from", f"{middle:.3f}")
        assert code == 0
        assert f"- {WEB}  moot down" in out
        assert VOLUME not in out

    def test_young_facts_are_not_asked_again(self, house: House):
        house.up()
        house.up()
        house.provider().world.destroy(f"process:{WEB}")
        young = house.json("ps", "--max-age", "1h")["replicas"]
        assert "shop/web/0" in {r["replica"] for r in young}
        seen = {i["address"]: i["observed_at"] for i in house.json("inventory")["items"]}
        assert WEB not in seen
        old = house.json("inventory", "--max-age", "1h")["items"]
        assert {i["address"]: i["observed_at"] < seen[VOLUME] for i in old}[VOLUME]
        plan = house.json("--venue", "toy", "plan", "--max-age", "1h")["changes"]
        assert plan == []
        assert ("create", WEB) in house.pending()
