"""Lot x Wares x Appraisal -> machines with all of it on them, cheap ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from moot.model.purchase import Lot, Piece, Ware
from moot.passes.buying.appraise import Appraisal
from moot.passes.buying.exhaust import Tray
from moot.passes.buying.renew import Effort, renew

TRIED = 12  # wares that are filled for a machine: the most efficient ones
MOST_MIXED = 5  # of them at once, in a round
MOST_EMPTIED = 5  # machines that are packed anew in a round
AFRESH = 4  # one round in so many packs everything anew
MOST_SQUEEZED = 50_000  # replicas times machines: beyond, those that are alike go together
# How much more a round looks at CPUs than at memory, when it chooses what to put where.
LEANS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
RARE = 16.0  # more than what any piece takes of a machine, as parts of its CPU and its memory


def pack(lot: Lot, wares: Sequence[Ware], appraisal: Appraisal, rounds: int) -> list[Tray]:
    """Every piece must fit on some ware.

    Machine after machine is the one that gives most value for its price when it is filled.  Then
    for so many `rounds` some machines are emptied and what was on them is packed anew, on what is
    free and on a few kinds of machines drawn by lot; or some or all are given up for the cheapest
    that have enough for the rest, and everything is put on these, which counts as many rounds.
    Where that is too much work, everything is packed on a few kinds instead.  What is no dearer
    stays.  It ends early where nothing can be cheaper.
    """
    packer = _Packer(lot, wares, appraisal)
    trays = packer.packed([piece.amount for piece in lot], packer.usual)
    tries = 0
    while packer.rounds < rounds and _cost(trays) > appraisal.least:
        packer.lean = LEANS[packer.chance.below(len(LEANS))]
        tried = packer.shaken(trays) if tries % AFRESH else packer.renewed(trays)
        if tried is not None and _cost(tried) <= _cost(trays):
            trays = tried
        packer.rounds += 1
        tries += 1
    return trays


def _cost(trays: Iterable[Tray]) -> int:
    return sum(ware.micros for ware, _ in trays)


class _Size(NamedTuple):
    """What one of a Piece takes; `rare` is above 0 where only some machines can take it."""

    piece: int
    millicpu: int
    memory_mib: int
    gpus: int
    traits: frozenset[str]
    most: int
    rare: float


@dataclass
class _Packer:
    lot: Lot
    wares: Sequence[Ware]
    appraisal: Appraisal
    lean: float = 1.0
    rounds: int = 0  # that are over
    effort: Effort = field(default_factory=Effort)

    def __post_init__(self) -> None:
        self.chance = self.effort.chance
        self.usual = self.appraisal.efficient[:TRIED]
        self.sizes = [
            _Size(n, p.millicpu, p.memory_mib, p.gpus, p.traits, p.most or p.amount, _rare(p))
            for n, p in enumerate(self.lot)
        ]

    def few(self) -> list[Ware]:
        """Some of the usual wares, drawn by lot."""
        return [self.usual[n] for n in sorted(self.chance.some(len(self.usual), MOST_MIXED))]

    def packed(self, left: list[int], wares: Sequence[Ware]) -> list[Tray]:
        """Machines for all that is left, of these where it fits; nothing is left afterwards."""
        trays: list[Tray] = []
        while any(left):
            ware, content = self.best(wares, left) or self.best(self.wares, left) or _impossible()
            times = min(left[n] // count for n, count in content.items())
            _take(left, content, times)
            trays += [(ware, content)] * times
        return trays

    def best(self, wares: Iterable[Ware], left: Sequence[int]) -> Tray | None:
        """The machine that is worth most for its price, with as much on it as goes."""
        found: Tray | None = None
        most = -1.0
        values = self.appraisal.values
        for ware in wares:
            content = self.filled(ware, left, {})
            if content:
                least = self.cheapest(content)
                value = sum(values[n] * count for n, count in content.items()) / least.micros
                if value > most:
                    found, most = (least, content), value
        return found

    def filled(self, ware: Ware, left: Sequence[int], before: Mapping[int, int]) -> dict[int, int]:
        """What more goes on it: piece after piece that which takes most of what is plentiful."""
        content: dict[int, int] = {}
        cpu, memory_mib, gpus = self.rest(ware, before)
        per_cpu, per_mib = 1 / (ware.millicpu**2 or 1), 1 / (ware.memory_mib**2 or 1)
        open = [
            (size, limit)
            for size in self.sizes
            if (limit := min(left[size.piece], size.most - before.get(size.piece, 0))) > 0
            and ware.traits >= size.traits
        ]
        while open := [
            (size, limit)
            for size, limit in open
            if size.millicpu <= cpu and size.memory_mib <= memory_mib and size.gpus <= gpus
        ]:
            a, b = cpu * per_cpu * self.lean, memory_mib * per_mib
            most, entry = -1.0, open[0]
            for candidate in open:
                size = candidate[0]
                value = size.rare + a * size.millicpu + b * size.memory_mib
                if value > most:
                    most, entry = value, candidate
            size, limit = entry
            content[size.piece] = content.get(size.piece, 0) + 1
            cpu, memory_mib = cpu - size.millicpu, memory_mib - size.memory_mib
            gpus -= size.gpus
            if content[size.piece] == limit:
                open.remove(entry)
        return content

    def rest(self, ware: Ware, content: Mapping[int, int]) -> tuple[int, int, int]:
        """What is free beside that."""
        here = [(self.sizes[n], count) for n, count in content.items()]
        return (
            ware.millicpu - sum(size.millicpu * count for size, count in here),
            ware.memory_mib - sum(size.memory_mib * count for size, count in here),
            ware.gpus - sum(size.gpus * count for size, count in here),
        )

    def cheapest(self, content: Mapping[int, int]) -> Ware:
        """The first, so the cheapest, of the wares that hold this."""
        traits = frozenset[str]().union(*(self.sizes[n].traits for n in content))
        return next(
            ware
            for ware in self.wares
            if ware.traits >= traits and min(self.rest(ware, content)) >= 0
        )

    def renewed(self, trays: Sequence[Tray]) -> list[Tray] | None:
        """All on other machines."""
        whole = [piece.amount for piece in self.lot]
        if len(trays) * sum(whole) > MOST_SQUEEZED:
            return self.packed(whole, self.few())
        tried, took = renew(self.lot, self.wares, self.appraisal, trays, self.effort)
        self.rounds += took - 1
        return tried and [(self.cheapest(content), content) for _, content in tried]

    def shaken(self, trays: Sequence[Tray]) -> list[Tray]:
        """Some machines emptied, and what was on them on the others and on new ones."""
        chosen = self.chance.some(len(trays), MOST_EMPTIED)
        left = [0] * len(self.lot)
        for n in chosen:
            _take(left, trays[n][1], -1)
        kept: list[Tray] = []
        squeezed = self.chance.below(2)
        for n, (ware, content) in enumerate(trays):
            if n not in chosen:
                more = self.filled(ware, left, content) if squeezed else None
                if more:
                    _take(left, more, 1)
                    content = {
                        piece: content.get(piece, 0) + more.get(piece, 0)
                        for piece in (*content, *more)
                    }
                kept.append((ware, content))
        return kept + self.packed(left, self.few())


def _rare(piece: Piece) -> float:
    """What comes before all sizes."""
    return RARE * (len(piece.traits) + (piece.gpus > 0))


def _take(left: list[int], content: Mapping[int, int], times: int) -> None:
    for n, count in content.items():
        left[n] -= count * times


def _impossible() -> Tray:
    raise AssertionError("every piece fits on some ware")
