"""Stock x Asks -> Bins: the largest first, each to where it keeps what is left in proportion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from heapq import heappop, heappush

from moot.passes.placing.cards import WHOLE, Claim, Hand, best, room
from moot.passes.placing.stock import Demand, Stock, WithGpus

Rest = tuple[int, int, int, Hand]  # CPUs, memory, disk as in a Demand; thousandths of each GPU
Load = tuple[int, Rest]  # the kind of an offering, and what is left of it
Score = tuple[float, float, int]  # the least is best


@dataclass(frozen=True)
class Ask:
    """So many replicas that are alike, each of which offerings of these kinds could take."""

    demand: Demand
    kinds: frozenset[int]
    count: int

    @cached_property
    def claim(self) -> Claim | None:
        return self.demand.claim if isinstance(self.demand, WithGpus) else None

    @cached_property
    def gpus(self) -> int:
        """Thousandths; every one of a machine counts as more than any number."""
        claim = self.claim
        return 0 if claim is None else WHOLE**2 if claim.every else claim.count * claim.thousandths


@dataclass(slots=True)
class Bin:
    """One offering: what is left of it, and which asks were put there, each with its GPUs."""

    kind: int
    rest: Rest
    items: list[tuple[int, Hand]] = field(default_factory=list[tuple[int, Hand]])


def stow(of: Stock, asks: Sequence[Ask], ratio: float | None) -> list[Bin]:
    """As many replicas as go in.  What is not left in that `ratio` of millionths of a CPU to
    thousandths of a GPU, or of MiB to millionths of a CPU where nobody asks for GPUs, counts
    against a place; None: a place is only as good as it is full.
    """
    sizes, gpus = of.sizes, of.gpus or [()] * len(of.offerings)
    rests = zip(*sizes, gpus, strict=True)
    bins = [Bin(kind, rest) for kind, rest in zip(of.kind_of, rests, strict=True)]
    groups: dict[Load, list[int]] = {}
    for number in reversed(range(len(bins))):
        groups.setdefault((bins[number].kind, bins[number].rest), []).append(number)
    order = sorted(range(len(asks)), key=lambda index: _rank(of, asks[index], index))
    with_gpus = any(ask.gpus for ask in asks)
    for position, index in enumerate(order):
        coming = {asks[i].claim for i in order[position:]}
        single = {c.thousandths for c in coming if c and c.count == 1 and not c.every}
        wastes = waste(frozenset(single))
        _stow(_Turn(index, asks[index], wastes, ratio, with_gpus), groups, bins)
    return bins


@lru_cache(1024)
def waste(parts: frozenset[int]) -> Sequence[int]:
    """How much of so many thousandths no sum of such parts fills."""
    sums = 1  # a bit for each
    for part in parts:
        step = part
        while step <= WHOLE:
            sums |= sums << step
            step *= 2
    found, last = list[int](), 0
    for total in range(WHOLE + 1):
        last = total if sums >> total & 1 else last
        found.append(total - last)
    return found


def less(rest: Rest, ask: Ask, hand: Hand, times: int = 1) -> Rest:
    """What is left with that one more, or one less."""
    cpu, memory, disk, cards = rest
    if hand and ask.claim:
        part = ask.claim.thousandths * times
        cards = tuple(c - part if n in hand else c for n, c in enumerate(cards))
    a, b, c = ask.demand
    return cpu - a * times, memory - b * times, disk - c * times, cards


def takes(rest: Rest, ask: Ask) -> bool:
    """Whether one more has room."""
    return (
        rest[0] >= ask.demand[0]
        and rest[1] >= ask.demand[1]
        and rest[2] >= ask.demand[2]
        and (ask.claim is None or room(rest[3], ask.claim) > 0)
    )


@dataclass(frozen=True, slots=True)
class _Turn:
    """The ask whose turn it is."""

    index: int
    ask: Ask
    wastes: Sequence[int]
    ratio: float | None
    with_gpus: bool

    def hand(self, cards: Hand) -> Hand:
        """The GPUs it would get: where what is left is of most use to what is still to come."""
        claim, wastes = self.ask.claim, self.wastes
        if claim is None:
            return ()
        if claim.every:
            return tuple(range(len(cards)))
        if claim.named:
            return claim.named
        part = claim.thousandths
        if part == WHOLE:
            return best(cards, part, claim.count)
        able = (n for n, left in enumerate(cards) if left >= part)
        return (min(able, key=lambda n: (wastes[cards[n] - part] - wastes[cards[n]], cards[n], n)),)

    def score(self, rest: Rest, then: Rest) -> Score:
        """What it costs there: what it wastes of a GPU, and how it changes the proportions."""
        cards, after = rest[3], then[3]
        wasted = sum(self.wastes[c] for c in after) - sum(self.wastes[c] for c in cards)
        strays = 0.0 if self.ask.gpus else float(sum(cards))
        if self.ratio is None:
            return strays, wasted + sum(after) / WHOLE, then[0]
        return strays, wasted + self.bent(then) - self.bent(rest), then[0]

    def bent(self, rest: Rest) -> float:
        """How far out of proportion it is what is left."""
        assert self.ratio is not None
        if not self.with_gpus:
            return ((rest[1] - self.ratio * rest[0]) / 1000) ** 2
        cards = rest[3]
        if not cards:
            return 0.0
        return ((rest[0] - self.ratio * sum(cards)) / 1_000_000) ** 2 / len(cards)


def _stow(turn: _Turn, groups: dict[Load, list[int]], bins: list[Bin]) -> None:
    """Offerings of one kind that are equally full are one: what is alike is decided once."""
    heap: list[tuple[Score, Load, Load, Hand]] = []
    ask = turn.ask

    def consider(load: Load) -> None:
        kind, rest = load
        if kind in ask.kinds and takes(rest, ask):
            hand = turn.hand(rest[3])
            then = less(rest, ask, hand)
            heappush(heap, (turn.score(rest, then), load, (kind, then), hand))

    for load in groups:
        consider(load)
    left = ask.count
    while left and heap:
        _, load, then, hand = heap[0]
        members = groups.get(load)
        if not members:
            heappop(heap)
            continue
        number = members.pop()
        if not members:
            del groups[load]
        if then not in groups:
            consider(then)
        groups.setdefault(then, []).append(number)
        bins[number].rest = then[1]
        bins[number].items.append((turn.index, hand))
        left -= 1


def _rank(of: Stock, ask: Ask, index: int) -> tuple[object, ...]:
    """Those that need GPUs, of these those that few places can take, of these the largest."""
    places = sum(len(of.kinds[kind]) for kind in ask.kinds)
    return not ask.gpus, places, -ask.gpus, *(-part for part in ask.demand), index


def cpus_of(asks: Iterable[Ask]) -> float:
    """How many millionths of a CPU go with a thousandth of a GPU; 0 where nobody asks for one."""
    needy = [ask for ask in asks if ask.gpus]
    gpus = sum(ask.gpus * ask.count for ask in needy)
    return sum(ask.demand[0] * ask.count for ask in needy) / gpus if gpus else 0.0


def left_out(asks: Sequence[Ask], bins: Iterable[Bin]) -> dict[int, int]:
    """How many of each ask have no place."""
    left = {index: ask.count for index, ask in enumerate(asks)}
    for each in bins:
        for index, _ in each.items:
            left[index] -= 1
    return left


def worth(asks: Sequence[Ask], bins: Iterable[Bin]) -> tuple[int, int]:
    """Thousandths of GPUs that are given out, and how many replicas have a place."""
    items = [(index, hand) for each in bins for index, hand in each.items]
    given = (len(hand) * c.thousandths for i, hand in items if (c := asks[i].claim))
    return sum(given), len(items)
