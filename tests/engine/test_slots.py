"""Slots: a venue's share of threads, and what becomes of one that hangs."""

from __future__ import annotations

import threading

from moot.engine.slots import READ, Slots


class Gate:
    """Jobs that wait, and how many of them run."""

    def __init__(self):
        self.open = threading.Event()
        self.running = threading.Semaphore(0)
        self.count = 0
        self.lock = threading.Lock()

    def job(self):
        def job():
            with self.lock:
                self.count += 1
            self.running.release()
            assert self.open.wait(20)

        return job

    def await_running(self, count):
        for _ in range(count):
            assert self.running.acquire(timeout=20)


def run(slots, venue):
    """Whether a job of this venue is run."""
    done = threading.Event()
    slots.submit(venue, done.set)
    return done.wait(10)


def test_a_venue_has_its_share_and_no_more():
    slots, gate = Slots(share=3), Gate()
    for _ in range(10):
        slots.submit("v", gate.job())
    gate.await_running(3)
    assert gate.count == 3
    assert run(slots, "other"), "one venue starves another"
    assert gate.count == 3
    gate.open.set()
    gate.await_running(7)
    assert run(slots, "v")


def test_a_slot_that_hangs_is_given_to_those_that_wait():
    slots, gate = Slots(share=1), Gate()
    hung = gate.job()
    slots.submit("v", hung)
    gate.await_running(1)
    done = threading.Event()
    slots.submit("v", done.set)
    slots.abandon("v", hung)
    assert done.wait(10)
    gate.open.set()


def test_the_share_is_the_same_after_a_hung_call_came_back():
    slots, hung, gate = Slots(share=2), Gate(), Gate()
    jobs = [hung.job(), hung.job()]
    for job in jobs:
        slots.submit("v", job)
    hung.await_running(2)
    for job in jobs:
        slots.abandon("v", job)
    hung.open.set()
    for _ in range(6):
        slots.submit("v", gate.job())
    gate.await_running(2)
    assert run(slots, "other")
    assert gate.count == 2
    gate.open.set()
    gate.await_running(4)


def test_a_job_that_has_not_begun_is_never_run_once_abandoned():
    slots, gate = Slots(share=1), Gate()
    slots.submit("v", gate.job())
    gate.await_running(1)
    late = threading.Event()
    job = late.set
    slots.submit("v", job)
    slots.abandon("v", job)
    gate.open.set()
    assert run(slots, "v")
    assert not late.is_set()


def test_a_job_that_is_through_can_be_abandoned_without_harm():
    slots = Slots(share=1)
    done = threading.Event()
    job = done.set
    slots.submit("v", job)
    assert done.wait(10)
    assert run(slots, "v")
    slots.abandon("v", job)
    assert run(slots, "v")


def order(slots, *jobs):
    """In which order jobs (venue, rank, name) begin while one slot is free at a time."""
    gate, begun, all_done = Gate(), [], threading.Event()

    def job(name):
        def job():
            begun.append(name)
            if len(begun) == len(jobs):
                all_done.set()

        return job

    slots.submit("v", gate.job(), 0)
    gate.await_running(1)
    for venue, rank, name in jobs:
        slots.submit(venue, job(name), rank)
    gate.open.set()
    assert all_done.wait(20)
    return begun


def test_the_highest_rank_gets_the_slot_first_and_equals_in_their_order():
    jobs = [("v", 1, "a"), ("v", 3, "b"), ("v", 1, "c"), ("v", READ, "look"), ("v", 2, "d")]
    assert order(Slots(share=1), *jobs) == ["look", "b", "d", "a", "c"]


def test_venues_that_share_the_total_go_by_rank_too():
    jobs = [("v", 1, "a"), ("w", 2, "b"), ("x", 3, "c"), ("w", 0, "d")]
    assert order(Slots(share=1, total=1), *jobs) == ["c", "b", "a", "d"]


def test_all_venues_together_have_no_more_than_the_total():
    slots, gate = Slots(share=4, total=6), Gate()
    for venue in "abcd":
        for _ in range(4):
            slots.submit(venue, gate.job(), 0)
    gate.await_running(6)
    assert gate.count == 6
    gate.open.set()
    gate.await_running(10)


def test_a_read_does_not_wait_for_slow_calls():
    slots, gate = Slots(share=4, total=4), Gate()
    for _ in range(8):
        slots.submit("v", gate.job(), 7)
    gate.await_running(4)
    assert run(slots, "v")
    assert gate.count == 4
    gate.open.set()
    gate.await_running(4)


def test_threads_are_used_again():
    slots, names = Slots(share=4), set()
    for _ in range(50):
        done = threading.Event()

        def job(done=done):
            names.add(threading.current_thread().name)
            done.set()

        slots.submit("v", job)
        assert done.wait(10)
    assert len(names) < 10


def test_an_idle_thread_ends(monkeypatch):
    monkeypatch.setattr("moot.engine.slots.IDLE_S", 0.01)
    threads = []
    slots = Slots()
    slots.submit("v", lambda: threads.append(threading.current_thread()))
    while not threads:
        pass
    threads[0].join(20)
    assert not threads[0].is_alive()
    assert run(slots, "v")


def test_a_slot_that_is_lent_is_not_missed_by_other_venues_but_by_its_own():
    slots, gate = Slots(share=1, total=1), Gate()
    hung, waits = gate.job(), threading.Event()
    slots.submit("v", hung, 0)
    gate.await_running(1)
    done = threading.Event()
    slots.submit("v", waits.set, 0)
    slots.submit("w", done.set, 0)
    slots.lend(hung)
    assert done.wait(10)
    assert not waits.is_set()
    gate.open.set()
    assert waits.wait(10)
    again = Gate()
    for venue in "vwxyz":
        slots.submit(venue, again.job(), 0)
    assert len(slots._running) == 1
    again.open.set()
    again.await_running(5)
