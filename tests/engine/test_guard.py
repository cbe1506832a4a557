"""The guard: a database behind its home's count, or in another place, is not to be trusted."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moot.engine.guard import Guard
from moot.engine.seal import Seal
from moot.home import Home
from moot.model.diagnostic import Refused
from moot.store import open_store

OPENED: list[Guard] = []


def at(folder: Path, clock: float = 1000.0, store: str = "") -> Guard:
    environ = {"MOOT_HOME": str(folder), "HOME": str(folder), "MOOT_STORE": store}
    home = Home.of(environ)
    seal = Seal(home.key(), lambda _: ())
    OPENED.append(Guard(home, open_store(home.store), seal, lambda: clock))
    return OPENED[-1]


def close() -> None:
    """As if every process had ended."""
    while OPENED:
        OPENED.pop().store.close()


def why(guard: Guard) -> str | None:
    doubt = guard.doubt()
    return doubt.why if doubt else None


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    close()


def test_a_new_home_is_trusted(home: Path):
    guard = at(home)
    assert why(guard) is None
    guard.admit()
    assert guard.generation == 1
    guard.advance()
    assert why(at(home)) is None


def test_the_file_is_never_ahead_of_the_database_but_for_a_restore(home: Path):
    guard = at(home)
    guard.advance()
    shutil.copy(home / "serial", home.parent)
    guard.advance()
    shutil.copy(home.parent / "serial", home)
    assert why(at(home)) is None  # killed between the commit and the file


def test_the_file_never_counts_backwards(home: Path):
    """Two that change different Apps at once may come to the file in the other order."""
    guard = at(home)
    guard.advance()
    (home / "serial").write_text('{"serial": 10, "at": 1.0}')
    guard.advance()
    assert '"serial": 10' in (home / "serial").read_text()


def test_the_last_turn_and_since_when_are_said(home: Path):
    at(home, 1000.0).advance()
    close()
    shutil.copytree(home, home.parent / "backup")
    at(home, 5000.0).advance()
    close()
    shutil.copy(home.parent / "backup" / "moot.db", home)
    doubt = at(home).doubt()
    assert doubt and (doubt.why, doubt.since) == ("restored", 1000.0)
    with pytest.raises(Refused) as refused:
        at(home).admit()
    assert refused.value.exit_code == 4


def test_after_taking_over_it_is_trusted_above_every_generation_seen(home: Path):
    at(home).advance()
    close()
    shutil.copytree(home, home.parent / "copy")
    copy = at(home.parent / "copy")
    assert why(copy) == "moved"
    assert copy.take_over(copy.installation, seen_generation=4) == 5
    assert why(at(home.parent / "copy")) is None
    assert why(at(home)) is None
    assert at(home.parent / "copy").generation == 5


def test_a_folder_restored_as_a_whole_is_noticed_by_its_file(home: Path):
    at(home).advance()
    close()
    shutil.copytree(home, home.parent / "backup")
    at(home).advance()
    close()
    home.rename(home.parent / "old")
    shutil.copytree(home.parent / "backup", home)
    assert why(at(home)) == "moved"


def test_another_store_of_the_same_home_has_a_count_of_its_own(home: Path):
    at(home).advance()
    guard = at(home, store=str(home / "other.db"))
    assert why(guard) is None
    guard.advance()
    assert why(at(home)) is None


def test_another_key_is_not_the_key_of_this_database(home: Path):
    at(home).advance()
    (home / "key").write_text("ab" * 32)
    assert why(at(home)) == "key"


def test_an_installation_can_be_taken_from_elsewhere(home: Path):
    guard = at(home)
    guard.home.put_installation("f" * 32)
    assert guard.installation == "f" * 32
    guard.take_over("f" * 32, 0)
    (home / "installation").write_text("another\n")
    assert at(home).installation == "f" * 32


def test_many_at_once_never_raise_an_alarm(home: Path):
    """The file is read before the database: what is written meanwhile can only be newer."""
    at(home).advance()
    alarms: list[str] = []

    def advance() -> None:
        mine = at(home)
        for _ in range(10):
            mine.advance()

    def watch() -> None:
        mine = at(home)
        for _ in range(200):
            if found := why(mine):
                alarms.append(found)

    threads = [threading.Thread(target=job) for job in (advance, advance, watch, watch)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert alarms == []
    assert at(home).store.meta("serial") == "21"


@pytest.mark.postgresql
def test_on_postgresql_every_home_with_the_key_is_welcome_and_no_other(home: Path, postgresql: Any):
    store = postgresql.database()
    first = at(home, store=store)
    first.advance()
    second = at(home.parent / "second", store=store)
    assert why(second) == "key"
    shutil.copy(home / "key", home.parent / "second")
    second = at(home.parent / "second", store=store)
    assert why(second) is None
    assert second.installation == first.installation
    second.advance()
    assert why(at(home, store=store)) is None


@pytest.mark.postgresql
def test_a_postgresql_restored_from_a_backup_is_noticed_by_the_home(home: Path, postgresql: Any):
    store = postgresql.database()
    guard = at(home, 1000.0, store=store)
    guard.advance()
    backup = {key: guard.store.meta(key) for key in ("serial", "serial_at")}
    guard.advance()
    with guard.store.turn():
        for key, value in backup.items():
            guard.store.put_meta(key, value)
    doubt = at(home, store=store).doubt()
    assert doubt and (doubt.why, doubt.since) == ("restored", 1000.0)
    guard.take_over(guard.installation, 1)
    assert why(at(home, store=store)) is None
