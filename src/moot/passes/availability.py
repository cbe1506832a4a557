"""A tree of failure domains -> the probability that of each component enough replicas are up."""

from __future__ import annotations

from collections.abc import Mapping

from moot.model.availability import Domain

# What is less likely is left out: far below what a double can tell from nothing in a sum.
NEGLIGIBLE = 1e-30

Counts = tuple[int, ...]  # per component how many are up; more than are needed count as enough
Chances = Mapping[Counts, float]


class TooLarge(Exception):
    """An exact figure would take more steps than were allowed."""


def availability(tree: Domain, needed: Mapping[str, int], most_steps: int | None = None) -> float:
    """Exactly, by convolution from the replicas up: a domain that is down takes its parts along.

    Every domain is up or down by itself, with its probability given that the one around it is up.
    Components that `needed` does not name do not matter.  Raises TooLarge after `most_steps`.
    """
    enough = tuple(needed.values())
    reckoning = _Reckoning(tuple(needed), enough, most_steps)
    return reckoning.chances(tree).get(enough, 0.0)


class _Reckoning:
    def __init__(self, components: tuple[str, ...], enough: Counts, most_steps: int | None) -> None:
        self.components = components
        self.enough = enough
        self.left = most_steps
        self.none: Counts = (0,) * len(enough)

    def chances(self, domain: Domain) -> Chances:
        """How likely each count of replicas is in all the domains that are like this one."""
        inside: Chances = {self.none: 1.0}
        if not domain.parts:
            inside = {self.single(domain.component): 1.0}
        for part in domain.parts:
            inside = self.together(inside, self.chances(part))
        return self.several(self.under(domain.up, inside), domain.count)

    def single(self, component: str) -> Counts:
        """One replica, where anybody asked for it."""
        return tuple(
            min(1, most) if name == component else 0
            for name, most in zip(self.components, self.enough, strict=True)
        )

    def under(self, up: float, inside: Chances) -> Chances:
        """What is inside, or nothing at all when the domain is down."""
        if up == 1.0:
            return inside
        found = {counts: chance * up for counts, chance in inside.items()}
        found[self.none] = found.get(self.none, 0.0) + (1.0 - up)
        return found

    def together(self, one: Chances, other: Chances) -> Chances:
        """The convolution of two that fail independently."""
        if self.left is not None:
            self.left -= len(one) * len(other)
            if self.left < 0:
                raise TooLarge
        found: dict[Counts, float] = {}
        for here, chance in one.items():
            for there, likely in other.items():
                both = tuple(map(min, map(int.__add__, here, there), self.enough))
                found[both] = found.get(both, 0.0) + chance * likely
        return {counts: chance for counts, chance in found.items() if chance > NEGLIGIBLE}

    def several(self, one: Chances, count: int) -> Chances:
        """`count` of these, by doubling."""
        found: Chances | None = None
        while True:
            if count & 1:
                found = one if found is None else self.together(found, one)
            count >>= 1
            if not count:
                return found or {self.none: 1.0}
            one = self.together(one, one)
