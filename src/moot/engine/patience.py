"""How long one of many alike is waited for that nothing depends on, by how soon the others answer.

The rule and what it costs: docs/decisions/0022-the-silent-of-a-pool-are-passed-over.md.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from math import inf

FEW = 12  # so many must have answered before anything is told from how soon they did
MOST = 3, 4  # and so many of those asked have said something: else it may be the way to them
LEAST_S = 3.0  # TCP sends a first packet again after 1 s and after 3 s: one may be lost, not two
TIMES = 2  # what it takes when nothing else keeps us busy, as the quickest tenth tells
QUIET_S = 1.0  # and so long nobody of them has said anything


@dataclass
class Peers:
    """Machines of one pool that are asked the same at once, `asked` of them; all times in seconds,
    of one clock that nothing here reads.
    """

    asked: int = 0
    heard: int = 0
    heard_at: float = 0.0
    _took: list[float] = field(default_factory=list[float])

    def said(self, took_s: float | None, now: float) -> None:
        """One has answered after so long; None where it only said why it does not."""
        self.heard += 1
        self.heard_at = now
        if took_s is not None:
            insort(self._took, took_s)

    @property
    def usual_s(self) -> float:
        """What half of those that answered took at most."""
        return self._took[(len(self._took) - 1) // 2] if self._took else 0.0

    @property
    def enough_s(self) -> float:
        """What one is given at least."""
        quick_s = self._took[len(self._took) // 10] if self._took else 0.0
        return max(LEAST_S, TIMES * quick_s)

    @property
    def settled_at(self) -> float:
        """From when on anybody may be passed over, if no more is heard; inf while none may be."""
        share, of = MOST
        if len(self._took) < FEW or self.heard * of < self.asked * share:
            return inf
        return self.heard_at + QUIET_S

    def until(self, begun_at: float) -> float:
        """When one that is asked since then need not be waited for any more; inf while that cannot
        be told.

        It has had twice as long as all but the quickest tenth took at least, and nobody has said
        anything for a second: whoever is only slow because all are asked at once comes before.
        """
        return max(begun_at + self.enough_s, self.settled_at)
