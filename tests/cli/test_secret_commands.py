"""Secrets on the command line: asked for when they are needed, kept no longer, printed never."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_house import COMPOSE, House

CONTENT = "correct horse battery staple"
PROGRAM = "x-moot: {command: [sh, ./ask]}"
ASKING = COMPOSE.replace("file: ./token", PROGRAM)


@pytest.fixture
def house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> House:
    house = House(tmp_path, monkeypatch, capsys)
    (tmp_path / "compose.yaml").write_text(ASKING)
    answer(house, CONTENT)
    return house


def answer(house: House, content: str, code: int = 0) -> None:
    """What the program of the secret says from now on; it counts how often it is asked."""
    script = f"echo asked >> asked\necho '{content}'\nexit {code}\n"
    (house.folder / "ask").write_text(script)


def asked(house: House) -> int:
    file = house.folder / "asked"
    return len(file.read_text().splitlines()) if file.exists() else 0


def given(house: House) -> list[str]:
    """What replicas were given, as their venue keeps it."""
    processes = house.provider().world.things("fake.process")
    return [file["content"] for one in processes for file in one.properties["files"]]


def test_a_program_is_asked_by_what_needs_its_answer(house: House):
    house.json("config")
    house.json("ps")
    assert asked(house) == 0
    house.pending()
    assert asked(house) == 1
    house.up()
    assert asked(house) == 2
    assert given(house) == [CONTENT]


def test_another_answer_replaces_exactly_those_who_use_it(house: House):
    house.up()
    assert house.pending() == []
    answer(house, "something else")
    changes = {address for _, address in house.pending()}
    assert "shop/db/0@toy/container" in changes
    assert all(address.startswith("shop/db/") for address in changes)
    house.up()
    assert given(house) == ["something else"]


def test_a_program_that_fails_is_an_error_with_a_place_and_nothing_is_done(house: House):
    answer(house, CONTENT, code=3)
    code, out, err = house.moot("--venue", "toy", "up")
    assert code == 2
    assert "command sh ./ask ended with exit code 3" in err
    assert "compose.yaml:15:" in err
    assert CONTENT not in out + err
    assert house.things() == {}


def test_a_program_that_is_away_is_stood_in_for_by_what_is_kept(house: House):
    house.up()
    (house.folder / "compose.yaml").write_text(ASKING.replace("[sh, ./ask]", "[not-there]"))
    assert house.moot("--venue", "toy", "plan")[0] == 2
    (house.folder / "compose.yaml").write_text(ASKING)
    house.patch.setenv("PATH", str(house.folder))
    code, _, err = house.moot("--venue", "toy", "plan")
    assert code == 0
    assert "a secret could not be asked for; the content kept is used" in err
    assert house.pending() == []
    house.json("secret", "forget", "token")
    assert house.moot("--venue", "toy", "plan")[0] == 2


def test_ls_says_who_uses_what_and_from_where_and_never_a_content(house: House):
    house.up()
    (secret,) = house.json("secret", "ls")["secrets"]
    del secret["version"], secret["declared_at"]
    assert secret == {
        "app": "shop",
        "name": "token",
        "origin": "command sh ./ask",
        "used_by": ["db"],
    }
    _, out, err = house.moot("secret", "ls")
    assert "token" in out
    assert CONTENT not in out + err


def test_a_secret_is_one_line_however_it_is_given(house: House):
    text = COMPOSE.replace('MODE: "${MODE:-a}"', 'PASSWORD: "${moot:secret.token}"')
    (house.folder / "compose.yaml").write_text(text)
    (house.folder / "token").write_text(f"{CONTENT}\n")
    house.up()
    whole = given(house)
    (secret,) = house.json("secret", "ls")["secrets"]
    assert sorted(secret["used_by"]) == ["db", "web"]
    assert [gone["name"] for gone in house.json("secret", "forget", "token")["secrets"]] == [
        "token",
        "token",
    ]
    text = text.replace("${moot:secret.token}", "none")
    (house.folder / "compose.yaml").write_text(text)
    house.up()
    (alone,) = house.json("secret", "ls")["secrets"]
    assert (alone["version"], given(house)) == (secret["version"], whole)


def test_forgetting_says_what_is_gone_and_what_never_was(house: House):
    house.up()
    (gone,) = house.json("secret", "forget", "token")["secrets"]
    assert gone["name"] == "token"
    assert house.json("secret", "ls")["secrets"] == []
    code, _, err = house.moot("secret", "forget", "token")
    assert code == 2
    assert "nothing is kept of a secret 'token'" in err


def test_what_is_taken_down_is_forgotten(house: House):
    house.up()
    house.json("down")
    assert house.json("secret", "ls")["secrets"] == []


def test_a_former_version_goes_when_no_undo_needs_it(house: House):
    house.up()
    answer(house, "second")
    house.up()
    assert len(house.json("secret", "ls")["secrets"]) == 1
    answer(house, "third")
    house.up(MODE="b")
    assert len(house.json("secret", "ls")["secrets"]) == 2


def test_the_key_may_lie_elsewhere(house: House):
    house.patch.setenv("MOOT_KEY_FILE", str(house.folder / "elsewhere.key"))
    house.up()
    assert (house.folder / "elsewhere.key").stat().st_mode & 0o777 == 0o600
    assert not (house.home / "key").exists()
    (house.folder / "elsewhere.key").write_text("nonsense")
    code, _, err = house.moot("secret", "ls")
    assert code == 1
    assert "elsewhere.key: what is in it is no key" in err
