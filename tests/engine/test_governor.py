"""Governor: a rate learned from complaints, against venues that allow so much and no more."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import pytest

from moot.engine.governor import BURST_S, CALM_S, FEW, LOWEST, NEAR, SETTLES_S, Governor


@dataclass
class Api:
    """A venue that takes so many calls in any one second; `used` are those it took."""

    allowed: int
    used: list[float] = field(default_factory=list)
    refused: int = 0

    def takes(self, now: float) -> bool:
        if sum(at > now - 1 for at in self.used[-self.allowed :]) >= self.allowed:
            self.refused += 1
            return False
        self.used.append(now)
        return True


def drive(api: Api, calls: int, latency_s: float = 0.02, share: int = 16) -> float:
    """Make calls as an apply would, again where they are refused; how long that takes."""
    governor, now, left = Governor(), 0.0, calls
    flying: list[tuple[float, float, bool]] = []
    while left or flying:
        while left and len(flying) < share and not governor.pause_s(now):
            governor.take(now)
            left -= 1
            heapq.heappush(flying, (now + latency_s, now, api.takes(now + latency_s / 2)))
        waits = [flying[0][0]] if flying else []
        if left and len(flying) < share:
            waits.append(now + governor.pause_s(now))
        now = min(waits)
        while flying and flying[0][0] <= now:
            _, begun_at, taken = heapq.heappop(flying)
            if taken:
                governor.succeeded(now)
            else:
                governor.throttled(begun_at, now, None)
                left += 1
    return now


@pytest.mark.parametrize("allowed", [5, 50, 300])
def test_a_bulk_of_calls_comes_close_to_what_is_allowed(allowed):
    api = Api(allowed)
    took_s = drive(api, 20 * allowed)
    assert len(api.used) == 20 * allowed
    assert 20 * allowed / took_s >= 0.8 * allowed


@pytest.mark.parametrize("latency_s", [0.001, 0.3])
def test_that_holds_for_quick_venues_and_for_slow_ones(latency_s):
    assert 1000 / drive(Api(50), 1000, latency_s) >= 0.8 * 50


def test_few_calls_are_refused():
    api = Api(50)
    drive(api, 1000)
    assert 0 < api.refused < 100


def test_without_a_complaint_there_is_no_limit():
    governor = Governor()
    for _ in range(1000):
        assert governor.pause_s(5.0) == 0
        governor.take(5.0)


def complained(rate: int) -> Governor:
    """One that has had `rate` calls through within a second, and then a complaint at 10.0."""
    governor = Governor()
    for number in range(rate):
        governor.take(9.5)
        governor.succeeded(9.5 + number / rate / 2)
    governor.throttled(9.6, 10.0, None)
    return governor


def test_the_first_complaint_halves_what_got_through():
    assert complained(40).rate == 20


def test_one_complaint_in_a_quiet_time_does_not_bring_a_small_plan_to_a_halt():
    assert complained(1).rate == FEW / 2


def test_a_complaint_counts_once_in_a_while():
    governor = complained(40)
    governor.throttled(9.9, 10.1, None)
    governor.throttled(10.0 + SETTLES_S, 11.1, None)
    assert governor.rate == 20
    governor.throttled(10.1 + SETTLES_S, 11.2, None)
    assert governor.rate < 20


def test_answers_slower_than_the_complaint_still_count():
    governor = Governor()
    governor.throttled(9.6, 10.0, None)
    for _ in range(30):
        governor.succeeded(10.1)
    assert governor.too_much == 30
    assert governor.rate >= 15


def test_the_rate_never_falls_to_nothing():
    governor = complained(1)
    for number in range(100):
        governor.throttled(12.0 + 2 * number, 12.5 + 2 * number, None)
    assert governor.rate == LOWEST


def test_nothing_is_asked_before_the_venue_says_so():
    governor = complained(40)
    governor.throttled(9.9, 10.0, 33.0)
    assert governor.pause_s(10.0) == 33.0
    assert governor.pause_s(42.0) == 1.0
    assert governor.pause_s(43.0) == 0.0


@pytest.mark.parametrize("rate", [0.3, 7.0, 50.0, 3000.0])
def test_after_its_pause_a_call_may_be_made_also_late_in_the_century(rate):
    governor, now = complained(40), 3.0e9
    governor.rate = rate
    for _ in range(1000):
        now += governor.pause_s(now)
        assert governor.pause_s(now) == 0
        governor.take(now)


def test_a_clock_that_is_set_back_holds_nothing_up():
    governor = complained(40)
    governor.throttled(9.9, 10.0, 33.0)
    assert governor.pause_s(20.0) == 23.0
    assert governor.pause_s(-5000.0) == 23.0
    assert governor.pause_s(-4977.0) == 0.0


def test_calls_are_spread_and_a_rest_allows_only_a_short_burst():
    governor = complained(400)
    governor.rate = 200.0
    made, now = 0, 60.0
    while not governor.pause_s(now):
        governor.take(now)
        made += 1
    assert made == 200 * BURST_S
    assert governor.pause_s(now) == pytest.approx(1 / 200)


def test_the_rate_rises_quickly_then_slowly_and_quickly_again_when_all_is_calm():
    governor = complained(40)
    rises = []
    for number in range(200):
        before, at = governor.rate, 11.1 + number / 10
        governor.succeeded(at)
        rises.append((before, at, governor.rate - before))
    quick = {rise for rate, at, rise in rises if rate < NEAR * 40 or at > 10.0 + CALM_S}
    slow = {rise for rate, at, rise in rises if rate >= NEAR * 40 and at <= 10.0 + CALM_S}
    assert min(quick) > 10 * max(slow) > 0
