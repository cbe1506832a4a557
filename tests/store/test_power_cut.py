"""The power fails at any moment: whatever the store has acknowledged is there afterwards."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from dataclasses import replace

import pytest
from disk_trace import Asked, Disk, NoLibrary, Recorder, library
from stored import INTENT, ITEM

from moot.model.diagnostic import Failure
from moot.store import open_store

TURNS = 400
CUTS = 1_000
SEED = 20_250_611


def work(store, recorder, numbers):
    """Every turn settles what the one before it began, and is acknowledged."""
    for number in numbers:
        with store.turn():
            for intent in store.open_intents("shop"):
                store.settle(intent.id, "done", float(number))
            store.add_intent("shop", replace(INTENT, address=f"a{number % 50}"), float(number))
            item = replace(ITEM, address=f"a{number % 50}", since=float(number))
            store.record("shop", item.address, 2, item, float(number), f"{number}")
            store.put_placement("shop", {"number": number})
        recorder.trace.append(Asked("ack", ack=number))


def recording():
    """A recorder, where SQLite can be recorded."""
    try:
        library()
    except NoLibrary as reason:
        pytest.skip(str(reason))
    return Recorder()


def recorded(path, synchronous=None):
    """What the disk was asked for by a store that is made, used, closed and used again."""
    recorder = recording()
    with recorder.recording():
        for part in range(2):
            store = open_store(path)
            if synchronous:
                store._database._db.execute(f"PRAGMA synchronous = {synchronous}")
            work(store, recorder, range(part * TURNS // 2, (part + 1) * TURNS // 2))
            store.close()
    return recorder.trace


def what_is_wrong(folder, files, acknowledged):
    """What of the acknowledged turns is not found after a cut, "" where nothing is amiss."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        store = open_store(folder / "moot.db")
        with contextlib.closing(store):
            placed = store.placement("shop")
            last = placed["number"] if placed else -1
            if last < acknowledged:
                return f"{acknowledged} was acknowledged, {last} is the last"
            causes = [int(v.cause) for v in store.versions("shop", -1.0, 1e9)]
            if causes != list(range(last + 1)):
                return "a version is missing"
            if [i.at for i in store.open_intents("shop")] != [float(last)] * (last >= 0):
                return "an intent is missing or settled in part"
            with store.turn():
                store.put_placement("shop", {"number": last + 1})
        with contextlib.closing(sqlite3.connect(folder / "moot.db")) as db:
            (said,) = db.execute("PRAGMA integrity_check").fetchone()
            return "" if said == "ok" else said
    except Failure as failure:
        return str(failure)
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def losses(trace, folder, cuts):
    """What is wrong after each of so many cuts at any moment of the trace."""
    chance = random.Random(SEED)
    moments = sorted(chance.choices(range(len(trace) + 1), k=cuts))
    disk, done, found = Disk(), 0, []
    for moment in moments:
        for asked in trace[done:moment]:
            disk.ask(asked)
        done = moment
        wrong = what_is_wrong(folder, disk.cut(chance), disk.acknowledged)
        found += [f"cut at {moment} of {len(trace)}: {wrong}"] if wrong else []
    return found


def test_recording_leaves_the_names_of_files_as_they_are(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    recorder, path = recording(), tmp_path / "moot.db"
    with recorder.recording(), contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("SELECT 1")
        used = [bytes(bytearray(size)) for size in range(40, 400) for _ in range(50)]
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (a)")
        del used  # memory that was free before: whoever kept a name without holding it lost it
        assert (tmp_path / "moot.db-shm").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.slow
def test_no_cut_loses_what_was_acknowledged(tmp_path):
    trace = recorded(tmp_path / "moot.db")
    checkpoints = sum(asked.what == "sync" and asked.file == "moot.db" for asked in trace)
    assert checkpoints > 3, "the write-ahead log was never copied: nothing of that is tested"
    assert losses(trace, tmp_path / "after", CUTS) == []


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_a_store_that_does_not_sync_is_found_out(tmp_path, synchronous):
    trace = recorded(tmp_path / "moot.db", synchronous)
    assert losses(trace, tmp_path / "after", 50)
