"""What is kept -> the same with one more, one less, or one in place of another: the likeliest."""

from __future__ import annotations

from itertools import product

from moot.model.purchase import NEVER
from moot.passes.buying.apportion import Apportionment

MOST_LOOKED_AT = 60  # of which it is found out what machines for the rest cost at least

Names = frozenset[str]


def exchange(parts: Apportionment, region: str, kept: Names) -> list[tuple[int, Names]]:
    """Each with what it costs at least, in millionths an hour, with its traffic; the lowest first.

    Those are looked at that save most by what the Batches that change sides are worth, each by
    itself.
    """
    sharing = parts.sharings[region]
    share, beside = sharing.without(kept), parts.beside(region, kept)

    def dearer(n: int) -> int:
        """By how much it is so, if this one changes sides."""
        names = sharing.batches[n].names
        saves = share.values[n] if names <= kept else -share.values[n]
        return parts.beside(region, kept ^ names) - beside + saves

    costs = {n: dearer(n) for n in sharing.able}
    inside = [n for n in sharing.able if sharing.batches[n].names <= kept]
    outside = [n for n in sharing.able if n not in {*inside}]
    changes = product([(), *((n,) for n in inside)], [(), *((n,) for n in outside)])
    likely = sorted((sum(costs[n] for n in one + other), one + other) for one, other in changes)
    found: list[tuple[int, Names]] = []
    for _, change in likely:
        names = kept ^ frozenset[str]().union(*(sharing.batches[n].names for n in change))
        if change and names and parts.rest(names) and parts.has_room(names):
            least = sharing.left(names, share) + parts.beside(region, names)
            found.append((min(NEVER, least), names))
            if len(found) == MOST_LOOKED_AT:
                break
    return sorted(found, key=lambda each: (each[0], sorted(each[1])))
