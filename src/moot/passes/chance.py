"""Numbers that look drawn by lot and are always the same."""

from __future__ import annotations

# A linear congruential generator: D. Knuth, The Art of Computer Programming, 3.3.4, line 26.
MULTIPLIER, INCREMENT, MODULUS = 6364136223846793005, 1442695040888963407, 1 << 64


class Chance:
    """Two of them draw the same."""

    def __init__(self) -> None:
        self._state = 1

    def below(self, limit: int) -> int:
        """A number from nothing to one below the limit."""
        self._state = (self._state * MULTIPLIER + INCREMENT) % MODULUS
        return (self._state >> 20) * limit >> 44

    def some(self, count: int, most: int) -> set[int]:
        """Of the numbers below the count one, or as many as `most`."""
        return {self.below(count) for _ in range(1 + self.below(most))}
