"""No room on the disk, no answer from it, or another process at it: a word, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess

import pytest
from stored import ITEM, process, record

from moot.model.diagnostic import Failure
from moot.store import open_store
from moot.store.sql import SqlStore
from moot.store.sqlite import SQLite

LARGE = random.Random(1).randbytes(50_000).hex()  # of which nothing can be made smaller


@contextlib.contextmanager
def disk(folder, megabytes):
    """A folder on a disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "moot-small", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small(tmp_path):
    with disk(tmp_path / "small", 2) as folder:
        yield folder


def fill(store, numbers=range(1_000)):
    """Turns until one fails; returns how many did not."""
    for number in numbers:
        with store.turn():
            store.put_identity("shop", f"a{number}", "uid", number)
            store.add_revision("shop", {"number": number, "large": LARGE}, 1.0, "up")
    raise AssertionError("the disk was never full")


def test_a_full_disk_is_said_and_nothing_is_lost(small):
    ballast = small / "ballast"
    ballast.write_bytes(bytes(500_000))
    store = open_store(small / "moot.db")
    with pytest.raises(Failure) as failure:
        fill(store)
    (said,) = failure.value.diagnostics
    assert (said.summary, str(small) in said.detail) == ("moot's memory cannot be written", True)
    assert "make room" in said.remedy
    kept = len(store.revisions("shop"))
    assert kept > 3
    assert set(store.identities("shop")) == {f"a{number}" for number in range(kept)}
    with pytest.raises(Failure):
        fill(store, range(kept, 1_000))
    ballast.unlink()
    with store.turn():
        assert store.add_revision("shop", {"number": kept}, 2.0, "up") == kept + 1
    store.close()
    with contextlib.closing(open_store(small / "moot.db")) as again:
        assert len(again.revisions("shop")) == kept + 1
        assert set(again.identities("shop")) == {f"a{number}" for number in range(kept)}


def test_a_disk_that_is_full_from_the_start_is_said_too(small):
    with contextlib.suppress(OSError):
        (small / "ballast").write_bytes(bytes(4_000_000))
    with pytest.raises(Failure) as failure:
        open_store(small / "moot.db")
    assert str(small) in failure.value.diagnostics[0].detail


def test_a_disk_that_refuses_to_write_is_said(tmp_path):
    store = open_store(tmp_path / "moot.db")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
        with pytest.raises(Failure) as failure:
            fill(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert failure.value.diagnostics[0].summary == "moot's memory cannot be written"
    kept = len(store.revisions("shop"))
    assert set(store.identities("shop")) == {f"a{number}" for number in range(kept)}
    with store.turn():
        store.add_revision("shop", {"goes": "on"}, 2.0, "up")
    assert len(store.revisions("shop")) == kept + 1
    store.close()


HOLD = """
    import sqlite3, sys
    db = sqlite3.connect(sys.argv[1], isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_database_that_another_holds_is_waited_for_and_then_said(tmp_path):
    store = SqlStore(SQLite(tmp_path / "moot.db", locked_s=0.3))
    record(store, ITEM)
    holder = process(HOLD, tmp_path / "moot.db", stdin=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Failure) as failure, store.turn():
        store.put_placement("shop", {"a": 1})
    assert "locked" in failure.value.diagnostics[0].summary
    assert store.inventory("shop") == (ITEM,)  # reading needs no lock
    holder.communicate()
    with store.turn():
        store.put_placement("shop", {"a": 2})
    assert store.placement("shop") == {"a": 2}
    store.close()


def test_a_file_that_is_no_database_is_said(tmp_path):
    path = tmp_path / "moot.db"
    path.write_bytes(b"no database at all" * 1_000)
    with pytest.raises(Failure) as failure:
        open_store(path)
    assert str(path) in failure.value.diagnostics[0].detail
    assert path.read_bytes() == b"no database at all" * 1_000


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Failure) as failure:
        open_store(tmp_path / "file" / "moot.db")
    assert str(tmp_path) in failure.value.diagnostics[0].detail


@pytest.mark.postgresql
def test_a_full_disk_under_postgresql_is_said_and_nothing_is_lost(postgresql):
    """Its data only: where PostgreSQL has no room for its log it stops, as in a crash."""
    owner = (postgresql.folder / "data").stat()
    with disk(postgresql.folder / "small", 24) as small:
        os.chown(small, owner.st_uid, owner.st_gid)
        postgresql.psql(f"CREATE TABLESPACE small LOCATION '{small}'")
        postgresql.psql("CREATE DATABASE full_disk TABLESPACE small")
        store = open_store(postgresql.url("full_disk"))
        with pytest.raises(Failure) as failure:
            fill(store)
        assert failure.value.diagnostics[0].summary == "moot's memory cannot be written"
        kept = len(store.revisions("shop"))
        assert set(store.identities("shop")) == {f"a{number}" for number in range(kept)}
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        with store.turn():
            assert store.add_revision("shop", {"number": kept}, 2.0, "up") == kept + 1
        store.close()
        postgresql.psql("DROP DATABASE full_disk")
        postgresql.psql("DROP TABLESPACE small")
