"""The GPUs of every offering: what is left of each in thousandths, and which replica has which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from moot.model.app import Needs
from moot.model.venue import Offering

WHOLE = 1000  # thousandths

Replica = tuple[str, int]  # component and index
Stand = tuple[int, int, int]  # first index of replicas, how many, and the number of the offering
Hand = tuple[int, ...]  # the GPUs of an offering that one replica has, by number from 0 on
Recorded = Mapping[Replica, tuple[int, Hand]]  # the number of the offering where that was


@dataclass(frozen=True, slots=True)
class Claim:
    """What each replica of a component takes: `count` GPUs, or `every` one, of each so many
    `thousandths`; those of the numbers `named`, where there are any.
    """

    component: str
    count: int
    thousandths: int = WHOLE
    every: bool = False
    named: Hand = ()


def claim(needs: Needs, component: str = "") -> Claim | None:
    """None where it takes none.  What is less than a whole one is part of a single one."""
    if not needs.gpus:
        return None
    if needs.gpus == inf:
        return Claim(component, 1, every=True)
    if needs.gpus < 1:
        return Claim(component, 1, round(needs.gpus * WHOLE))
    return Claim(component, int(needs.gpus), named=needs.gpu_numbers)


def sizes(offering: Offering) -> Hand:
    """What is free of each: a trait such as `gpu:a100` without a number stands for one GPU."""
    if offering.gpus_left:
        return offering.gpus_left
    has = offering.gpus or any(t == "gpu" or t.startswith("gpu:") for t in offering.traits)
    return (WHOLE,) * int(has)


class Cards:
    """A replica keeps the GPUs that are `recorded` of it for as long as it is where it was."""

    def __init__(self, free: Iterable[Hand], recorded: Recorded) -> None:
        self.left = [[*each] for each in free]
        self.recorded = recorded
        self.hands: dict[tuple[str, int, int], Hand] = {}

    def capacity(self, number: int, claim: Claim, most: int) -> int:
        """How many such replicas there is room for, up to so many."""
        return min(most, room(self.left[number], claim))

    def take(self, stands: Iterable[Stand], claim: Claim) -> None:
        """Give the replicas on these what they claim, more than there is if need be: those first of
        which it is recorded what they had.
        """
        each = [(index, n) for first, count, n in stands for index in range(first, first + count)]
        for index, number in sorted(each, key=lambda one: not self.before(claim, *one)):
            left, hand = self.left[number], self.chosen(claim, index, number)
            for card in hand:
                left[card] -= claim.thousandths
            self.hands[claim.component, index, number] = hand

    def give_back(self, stands: Iterable[Stand], claim: Claim) -> None:
        """Exactly what these replicas took there."""
        for first, count, number in stands:
            left = self.left[number]
            for index in range(first, first + count):
                for card in self.hands.pop((claim.component, index, number)):
                    left[card] += claim.thousandths

    def handed(self, component: str, stand: Stand) -> list[tuple[int, int, int, Hand]]:
        """Those replicas of an offering in stretches that have the same GPUs."""
        first, count, number = stand
        found: list[tuple[int, int, int, Hand]] = []
        for index in range(first, first + count):
            hand = self.hands.get((component, index, number), ())
            if found and found[-1][3] == hand:
                found[-1] = found[-1][0], found[-1][1] + 1, number, hand
            else:
                found.append((index, 1, number, hand))
        return found

    def stray(self, number: int, claim: Claim | None) -> float:
        """How much one more replica would leave of the GPUs it uses, or would keep from others."""
        left = self.left[number]
        if claim is None:
            return float(WHOLE in left)
        parts = [rest - claim.thousandths for rest in left if rest >= claim.thousandths]
        return (min(parts, default=0) + sum(left) / len(left) / 8) / WHOLE

    def before(self, claim: Claim, index: int, number: int) -> Hand:
        """Those that a replica is known to have had there."""
        where, hand = self.recorded.get((claim.component, index), (number, ()))
        return hand if where == number else ()

    def chosen(self, claim: Claim, index: int, number: int) -> Hand:
        """Those it had if they are free, else what fits best."""
        left = self.left[number]
        if claim.every:
            return tuple(range(len(left)))
        count = min(claim.count, len(left))
        for wished in (claim.named, self.before(claim, index, number)):
            hand = tuple(card for card in wished if card < len(left))
            if len(hand) == count and all(left[card] >= claim.thousandths for card in hand):
                return hand
        return best(left, claim.thousandths, count)


def room(left: Sequence[int], claim: Claim) -> int:
    """How many such replicas these GPUs can take."""
    if claim.every:
        return int(bool(left) and min(left) == WHOLE)
    if claim.named:
        return int(all(card < len(left) and left[card] == WHOLE for card in claim.named))
    if claim.thousandths == WHOLE:
        return left.count(WHOLE) // claim.count
    return sum(max(0, rest) // claim.thousandths for rest in left)


def best(left: Sequence[int], thousandths: int, count: int) -> Hand:
    """The GPUs of which this leaves least; where it is too much for all, of which most is left."""
    ranked = sorted(
        range(len(left)),
        key=lambda card: (left[card] < thousandths, abs(left[card] - thousandths), card),
    )
    return tuple(sorted(ranked[:count]))


def lack(left: Sequence[int], needs: Needs) -> str:
    """What these are too little for, in words; "" where one more replica has its GPUs there."""
    wanted = claim(needs)
    if wanted is None or room(left, wanted):
        return ""
    asked = "it needs all" if wanted.every else f"it needs {needs.gpus:.15g}"
    if wanted.named:
        asked += f", number {' and '.join(map(str, wanted.named))}"
    count, free = len(left), left.count(WHOLE)
    if wanted.thousandths < WHOLE:
        return f"has at most {max(left, default=0) / WHOLE:g} of a GPU left, {asked}"
    if free < count:
        return f"has {free} of {count} GPUs left, {asked}"
    return f"has {count or 'no'} GPU{'' if count == 1 else 's'}, {asked}"
