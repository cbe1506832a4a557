"""Who may read a store, who may open it at the same time, and what a kill leaves of it."""

from __future__ import annotations

import os
import signal
import stat

from stored import ITEM, process, record

from moot.store import open_store


def test_only_the_user_can_read_it(tmp_path):
    open_store(tmp_path / "deep" / "moot.db").close()
    assert stat.S_IMODE((tmp_path / "deep" / "moot.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep").stat().st_mode) == 0o700


def test_what_is_there_survives_opening_it_again(address):
    first = open_store(address)
    record(first, ITEM)
    first.close()
    second = open_store(address)
    assert second.inventory() == (ITEM,)
    second.close()


OPEN_AND_WRITE = """
    import sys
    from moot.store import open_store
    store = open_store(sys.argv[1])
    for number in range(10):
        with store.turn():
            store.put_identity(sys.argv[2], f"a{number}", "uid", number)
    print("done")
"""


def test_two_processes_may_make_the_same_database_at_once(address):
    processes = [process(OPEN_AND_WRITE, address, app) for app in ("one", "two", "three")]
    assert [p.communicate(timeout=60)[0] for p in processes] == ["done\n"] * 3
    store = open_store(address)
    assert all(len(store.identities(app)) == 10 for app in ("one", "two", "three"))
    store.close()


WRITE_FOR_EVER = """
    import itertools, sys
    from moot.store import open_store
    store = open_store(sys.argv[1])
    for number in itertools.count():
        with store.turn():
            store.put_identity("shop", "a", "uid", number)
            store.put_placement("shop", {"number": number})
        print(number, flush=True)
"""


def test_after_a_kill_all_that_was_committed_is_there_and_nothing_half(address):
    writer = process(WRITE_FOR_EVER, address)
    seen = [int(writer.stdout.readline()) for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    seen += [int(line) for line in writer.communicate()[0].split()]
    store = open_store(address)
    (_, number) = store.identities("shop")["a"]
    assert number >= seen[-1]
    assert store.placement("shop") == {"number": number}
    with store.turn():
        store.put_placement("shop", {"number": -1})
    store.close()
