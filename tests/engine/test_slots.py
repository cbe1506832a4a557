"""Slots: a venue's share of threads, and what becomes of one that hangs."""

from __future__ import annotations

import threading

from moot.engine.slots import Slots


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
