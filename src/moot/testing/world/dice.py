"""Chance from a seed: small, quick, and copied in no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
MASK = (1 << 64) - 1


@dataclass
class Dice:
    """SplitMix64 (Steele, Lea, Flood 2014): the same seed, the same throws on every machine."""

    seed: int

    def copy(self) -> Dice:
        """Dice that will throw the same from here on."""
        return Dice(self.seed)

    def throw(self) -> int:
        """64 random bits."""
        self.seed = z = (self.seed + 0x9E3779B97F4A7C15) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def random(self) -> float:
        """At least 0 and below 1."""
        return (self.throw() >> 11) / (1 << 53)

    def between(self, low: float, high: float) -> float:
        """At least `low` and below `high`."""
        return low + (high - low) * self.random()

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        return self.throw() % bound

    def choice(self, many: Sequence[T]) -> T:
        """One of many."""
        return many[self.throw() % len(many)]
