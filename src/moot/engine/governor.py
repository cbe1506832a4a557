"""How often a venue may be asked: a rate per API, learned from its Throttling."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

QUICK = 0.5  # calls/s that every success adds while the rate is well below what was once too much
SLOW = 0.01  # and near that
NEAR = 0.9  # of what was too much
CALM_S = 10.0  # after so long without a complaint what was too much is forgotten
LOWEST = 0.1  # calls/s
FEW = 10.0  # calls/s: who was asked more seldom has not complained about the rate of one caller
SETTLES_S = 1.0  # how long the calls before a complaint may still be held against us
MOMENT_S = 1e-4  # no pause: added to a time since the epoch it would soon be lost in rounding
BURST_S = 0.1  # calls of so much time may be made at once


@dataclass
class Governor:
    """A token bucket for one API of one venue; without a limit until the venue complains.

    A complaint halves the rate, or that at which calls got through in the second before it where
    that was less; the first one leaves half of FEW at least.  Complaints within SETTLES_S of it
    say nothing new.  Successes raise the rate again, quickly up to NEAR what was too much and
    slowly from there: so it stays close below what the venue allows, and finds out when that
    becomes more.
    All times are of one clock, in seconds; nothing here reads it.  It may be set back.
    """

    rate: float | None = None  # calls/s
    too_much: float = 0.0
    complained_at: float = float("-inf")
    _held_until: float = float("-inf")
    _tokens: float = 0.0
    _filled_at: float = 0.0
    _through: deque[float] = field(default_factory=deque[float])

    def pause_s(self, now: float) -> float:
        """How long the next call has to wait; 0 when it may be made."""
        self._fill(now)
        token_s = (1 - self._tokens) / self.rate if self.rate is not None else 0.0
        pause_s = max(self._held_until - now, token_s)
        return pause_s if pause_s > MOMENT_S else 0.0

    def take(self, now: float) -> None:
        """A call is made."""
        if self.rate is not None:
            self._fill(now)
            self._tokens -= 1

    def succeeded(self, now: float) -> None:
        """The venue took a call, whatever came of it."""
        self._through.append(now)
        while self._through[0] <= now - 1:
            self._through.popleft()
        if self.rate is None:
            return
        self._fill(now)
        if now <= self.complained_at + SETTLES_S:  # the answer was only slower than the complaint
            self.too_much = max(self.too_much, float(len(self._through)))
            self.rate = max(self.rate, self.too_much / 2)
        near = self.rate >= NEAR * self.too_much and now <= self.complained_at + CALM_S
        self.rate += SLOW if near else QUICK

    def throttled(self, begun_at: float, now: float, retry_after: float | None) -> None:
        """The venue refused a call begun at `begun_at` because there were too many."""
        self._fill(now)
        self._held_until = max(self._held_until, now + (retry_after or 0.0))
        self._tokens = min(self._tokens, 0.0)
        if begun_at <= self.complained_at + SETTLES_S:
            return
        through = float(sum(at > now - 1 for at in self._through))
        self.too_much = (
            max(FEW, through) if self.rate is None else min(self.rate, max(1.0, through))
        )
        self.rate = max(self.too_much / 2, LOWEST)
        self.complained_at = now

    def _fill(self, now: float) -> None:
        if now < self._filled_at:  # somebody has set the clock back
            self._held_until -= self._filled_at - now
            self.complained_at -= self._filled_at - now
        if self.rate is not None:
            gained = max(0.0, now - self._filled_at) * self.rate
            self._tokens = min(self._tokens + gained, max(1.0, self.rate * BURST_S))
        self._filled_at = now
