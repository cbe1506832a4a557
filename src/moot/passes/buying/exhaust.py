"""Lot x Wares -> the cheapest purchase there is, where all of them can be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import prod

from moot.model.purchase import NEVER, Content, Lot, Ware

MOST_SPLITS = 20_000  # of what is left into what one machine gets and the rest

Tray = tuple[Ware, Content]  # a machine, and what is on it


def exhaust(lot: Lot, wares: Sequence[Ware]) -> list[Tray] | None:
    """None where there are too many; every piece must fit on some ware.

    What is left after some machines is a state; the cheapest way to its end is the cheapest of
    what one more machine may get, which is never less than one of the first piece that is left.
    """
    counts = tuple(piece.amount for piece in lot)
    mosts = tuple(min(piece.most or piece.amount, piece.amount) for piece in lot)
    if prod((count + 1) * (count + 2) // 2 for count in counts) > MOST_SPLITS:
        return None
    states = _states(counts)
    held = [_cheapest(lot, wares, content) for content in states]
    costs, chosen = [0] * len(states), [0] * len(states)
    for state, contents in enumerate(_splits(counts, mosts)):
        if state:
            costs[state], chosen[state] = min(
                (costs[state - content] + held[content][0], content) for content in contents
            )
    return list(_trays(states, held, chosen, wares))


def _states(counts: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Every content there is, by its number."""
    return list(product(*(range(count + 1) for count in counts)))


@lru_cache(maxsize=8)
def _splits(counts: tuple[int, ...], mosts: tuple[int, ...]) -> list[list[int]]:
    """By the number of a state those of the contents that a next machine may get of it."""
    strides = [prod(count + 1 for count in counts[n + 1 :]) for n in range(len(counts))]
    found: list[list[int]] = []
    for state in _states(counts):
        first = next((n for n, left in enumerate(state) if left), 0)
        ranges = [
            range(stride if n == first else 0, min(left, most) * stride + 1, stride)
            for n, (left, most, stride) in enumerate(zip(state, mosts, strides, strict=True))
        ]
        found.append([sum(parts) for parts in product(*ranges)])
    return found


def _cheapest(lot: Lot, wares: Sequence[Ware], content: tuple[int, ...]) -> tuple[int, int]:
    """Price and index of the first ware that holds it; they are in the order of their prices."""
    here = [(piece, count) for piece, count in zip(lot, content, strict=True) if count]
    cpu = sum(piece.millicpu * count for piece, count in here)
    memory_mib = sum(piece.memory_mib * count for piece, count in here)
    gpus = sum(piece.gpus * count for piece, count in here)
    traits = frozenset[str]().union(*(piece.traits for piece, _ in here))
    for n, ware in enumerate(wares):
        if (
            ware.millicpu >= cpu
            and ware.memory_mib >= memory_mib
            and ware.gpus >= gpus
            and ware.traits >= traits
        ):
            return ware.micros, n
    return NEVER, -1


def _trays(
    states: Sequence[tuple[int, ...]],
    held: Sequence[tuple[int, int]],
    chosen: Sequence[int],
    wares: Sequence[Ware],
) -> Iterator[Tray]:
    state = len(states) - 1
    while state:
        content = chosen[state]
        counts = {n: count for n, count in enumerate(states[content]) if count}
        yield wares[held[content][1]], counts
        state -= content
