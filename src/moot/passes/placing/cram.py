"""Stock x Asks -> Bins: as much as goes in where not everything does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moot.passes.placing.mend import mend
from moot.passes.placing.stock import Stock
from moot.passes.placing.stow import Ask, Bin, cpus_of, stow, worth

ROUNDS = 4_000
SLANTS = (0.9, 1.0, 1.2)  # of what all asks need in proportion


def cram(of: Stock, asks: Sequence[Ask], rounds: int = ROUNDS) -> list[Bin]:
    """As much of the GPUs as can be given out, then as many replicas: by number of the offering.

    What fills places up is tried, and what keeps them in several proportions; the best of these is
    mended in so many `rounds`.  The same input gives the same; nothing says that it is the most.
    """
    tried = [stow(of, asks, ratio) for ratio in (None, *_ratios(asks))]
    found = max(tried, key=lambda bins: worth(asks, bins))
    mend(asks, found, rounds)
    return found


def _ratios(asks: Sequence[Ask]) -> Iterator[float]:
    """Of what goes along to what is scarce, as all asks together have it."""
    cpu = sum(ask.demand[0] * ask.count for ask in asks)
    memory = sum(ask.demand[1] * ask.count for ask in asks)
    ratio = cpus_of(asks) or (memory / cpu if cpu else 0.0)
    yield from (slant * ratio for slant in SLANTS if ratio)
