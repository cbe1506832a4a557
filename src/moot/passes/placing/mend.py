"""Bins -> Bins in which more of the GPUs is given out: some are emptied and filled anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moot.passes.chance import Chance
from moot.passes.placing.cards import WHOLE
from moot.passes.placing.stow import Ask, Bin, cpus_of, left_out, less

LOOKS = 60  # at asks, while one GPU is filled
TOGETHER = 12  # GPUs that are emptied at once, at most

Spot = tuple[int, int]  # the number of a bin, and of one of its GPUs


def mend(asks: Sequence[Ask], bins: Sequence[Bin], rounds: int) -> None:
    """First every GPU that is not full by itself, then some at a time, so often; what gives out
    less than before is undone.
    """
    spots = [
        (number, card)
        for number, each in enumerate(bins)
        for card in range(len(each.rest[3]))
        if not any(card in hand and _is_fixed(asks[index]) for index, hand in each.items)
    ]
    pool = left_out(asks, bins)
    if not any(count and asks[index].gpus for index, count in pool.items()):
        return
    desk = _Desk(asks, bins, pool, _by_kind(asks, bins), cpus_of(asks))
    for spot in spots:
        desk.refill([spot])
    chance = Chance()
    for _ in range(rounds if len(spots) > 1 else 0):
        chosen = dict.fromkeys(chance.below(len(spots)) for _ in range(TOGETHER))
        desk.refill([spots[position] for position in chosen])


@dataclass
class _Desk:
    """`pool` counts what has no place, by ask; `able` are by kind of a bin those that may go there,
    the largest first; `cpus` go with a thousandth of a GPU, all in all.
    """

    asks: Sequence[Ask]
    bins: Sequence[Bin]
    pool: dict[int, int]
    able: Mapping[int, Sequence[int]]
    cpus: float

    def refill(self, spots: Sequence[Spot]) -> None:
        """Empty these GPUs and fill them one after the other, if that gives out more."""
        numbers = dict.fromkeys(number for number, _ in spots)
        kept = [(n, self.bins[n].rest, self.bins[n].items) for n in numbers]
        pool = {**self.pool}
        before = sum(WHOLE - self.bins[n].rest[3][card] for n, card in spots)
        for spot in spots:
            self.empty(spot)
        after = sum(self.filled(spot) for spot in spots)
        if after < before:
            self.pool = pool
            for number, rest, items in kept:
                self.bins[number].rest, self.bins[number].items = rest, items

    def empty(self, spot: Spot) -> None:
        number, card = spot
        each, stay = self.bins[number], list[tuple[int, tuple[int, ...]]]()
        for index, hand in each.items:
            if card in hand:
                each.rest = less(each.rest, self.asks[index], hand, -1)
                self.pool[index] += 1
            else:
                stay.append((index, hand))
        each.items = stay

    def filled(self, spot: Spot) -> int:
        """How much of it is given out then."""
        number, card = spot
        each = self.bins[number]
        able = [(index, self.pool[index]) for index in self.able[each.kind] if self.pool[index]]
        if each.rest[0] > self.cpus * sum(each.rest[3]):  # of equals those that need more CPUs
            able.sort(key=lambda one: (-self.asks[one[0]].gpus, -self.asks[one[0]].demand[0]))
        search = _Search(self.asks, able)
        search.descend(0, each.rest[:3], each.rest[3][card], [])
        for index in search.best:
            each.rest = less(each.rest, self.asks[index], (card,))
            each.items.append((index, (card,)))
            self.pool[index] -= 1
        return WHOLE - each.rest[3][card]


class _Search:
    """What fills one GPU best, in so many looks."""

    def __init__(self, asks: Sequence[Ask], able: Sequence[tuple[int, int]]) -> None:
        self.asks = [asks[index] for index, _ in able]
        self.able = able
        self.looks = 0
        self.least = WHOLE + 1  # thousandths left by the best
        self.best: list[int] = []

    def descend(self, start: int, rest: tuple[int, int, int], left: int, chosen: list[int]) -> None:
        if left < self.least:
            self.least, self.best = left, [*chosen]
        cpu, memory, disk = rest
        for position in range(start, len(self.able)):
            if not self.least or self.looks > LOOKS:
                return
            ask, (index, count) = self.asks[position], self.able[position]
            a, b, c = ask.demand
            if ask.gpus > left or a > cpu or b > memory or c > disk:
                continue
            if chosen.count(index) == count:
                continue
            self.looks += 1
            chosen.append(index)
            self.descend(position, (cpu - a, memory - b, disk - c), left - ask.gpus, chosen)
            chosen.pop()


def _is_fixed(ask: Ask) -> bool:
    """What takes several GPUs, or certain ones, stays where it is."""
    claim = ask.claim
    return bool(claim and (claim.count > 1 or claim.every or claim.named))


def _by_kind(asks: Sequence[Ask], bins: Sequence[Bin]) -> dict[int, list[int]]:
    """The largest first, of equals those that need fewer CPUs."""
    parts = [i for i, ask in enumerate(asks) if ask.gpus and not _is_fixed(ask)]
    parts.sort(key=lambda index: (-asks[index].gpus, asks[index].demand[0]))
    kinds = {each.kind for each in bins}
    return {kind: [index for index in parts if kind in asks[index].kinds] for kind in kinds}
