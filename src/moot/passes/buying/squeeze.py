"""Lot x machines that are there -> what goes on each of them, where all of it does."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from moot.model.purchase import Lot, Ware
from moot.passes.buying.exhaust import Tray
from moot.passes.chance import Chance

ALL = 1 << 40  # parts of all there is of CPU, of memory, of GPUs
# What a step may make worse, of all there is, at the beginning and at the end.
WARM, COLD = 0.02, 0.0001
STAGES = 50

Sizes = tuple[int, int, int]  # CPU, memory and GPUs, in parts of all there is


def squeeze(lot: Lot, machines: Sequence[Ware], moves: int, chance: Chance) -> list[Tray] | None:
    """None where it was not found out in so many moves how all of it has room.

    Everything is put somewhere, the largest first, and where it has no room nevertheless.  Then
    one thing moves or two change places: always where less is lacking afterwards, and at first
    also where somewhat more is (simulated annealing, with a threshold that is drawn by lot).
    """
    press = _Press(lot, machines, chance)
    if not press.filled():
        return None
    for stage in range(STAGES):
        if not any(press.lacks):
            break
        press.anneal(moves // STAGES, int(ALL * WARM * (COLD / WARM) ** (stage / STAGES)))
    return None if any(press.lacks) else press.trays()


class _Press:
    """By the index of a machine what is free of it, which may be less than nothing, how much it is
    lacking, and by Piece how many more might be on it, were there room.
    """

    def __init__(self, lot: Lot, machines: Sequence[Ware], chance: Chance) -> None:
        self.lot, self.machines, self.chance = lot, machines, chance
        self.per_cpu = ALL // (sum(piece.millicpu * piece.amount for piece in lot) or 1)
        self.per_mib = ALL // (sum(piece.memory_mib * piece.amount for piece in lot) or 1)
        self.per_gpu = ALL // (sum(piece.gpus * piece.amount for piece in lot) or 1)
        self.sizes = [
            (p.millicpu * self.per_cpu, p.memory_mib * self.per_mib, p.gpus * self.per_gpu)
            for p in lot
        ]
        self.free = [
            (w.millicpu * self.per_cpu, w.memory_mib * self.per_mib, w.gpus * self.per_gpu)
            for w in machines
        ]
        most = [piece.most or piece.amount for piece in lot]
        takes = {
            ware: [count * ware.holds(piece) for piece, count in zip(lot, most, strict=True)]
            for ware in set(machines)
        }
        self.takes = [takes[ware].copy() for ware in machines]
        order = sorted(range(len(lot)), key=lambda n: (max(self.sizes[n]), n), reverse=True)
        self.things = [n for n in order for _ in lot[n].names]
        self.where: list[int] = []
        self.lacks: list[int] = []

    def filled(self) -> bool:
        """Each thing where least is lacking afterwards, and of those where the ratio of what is
        free is most like its own; False where there is no machine for it.
        """
        for n in self.things:
            able = [k for k, takes in enumerate(self.takes) if takes[n]]
            if not able:
                return False
            best = min(able, key=lambda k: self._fit(k, n))
            self.free[best] = _less(self.free[best], self.sizes[n])
            self.takes[best][n] -= 1
            self.where.append(best)
        self.lacks = [_lack(*free) for free in self.free]
        return True

    def _fit(self, k: int, n: int) -> tuple[int, float]:
        free, size = self.free[k], self.sizes[n]
        cpu, mib = max(free[0], 0), max(free[1], 0)
        likeness = (size[0] * cpu + size[1] * mib) / (sqrt(cpu * cpu + mib * mib) or 1.0)
        return _lack(*_less(free, size)) - _lack(*free), -likeness

    def anneal(self, moves: int, warmth: int) -> None:
        """So many moves are looked at."""
        things, where, takes, draw = self.things, self.where, self.takes, self.chance.below
        for number in range(moves):
            thing = draw(len(things))
            n, here = things[thing], where[thing]
            if number % 3:
                other = draw(len(things))
                m, there = things[other], where[other]
                if n == m or here == there or not (takes[there][n] and takes[here][m]):
                    continue
                size, back = self.sizes[n], self.sizes[m]
                change = size[0] - back[0], size[1] - back[1], size[2] - back[2]
            else:
                other, m, there = -1, -1, draw(len(takes))
                if here == there or not takes[there][n]:
                    continue
                change = self.sizes[n]
            cpu, mib, gpu = self.free[here]
            more = cpu + change[0], mib + change[1], gpu + change[2]
            cpu, mib, gpu = self.free[there]
            less = cpu - change[0], mib - change[1], gpu - change[2]
            lacks = _lack(*more), _lack(*less)
            worse = lacks[0] + lacks[1] - self.lacks[here] - self.lacks[there]
            if worse <= 0 or worse < draw(warmth):
                self.free[here], self.free[there] = more, less
                self.lacks[here], self.lacks[there] = lacks
                self._moved(thing, here, there)
                if other >= 0:
                    self._moved(other, there, here)
                if worse < 0 and not any(self.lacks):
                    return

    def _moved(self, thing: int, here: int, there: int) -> None:
        self.where[thing] = there
        self.takes[here][self.things[thing]] += 1
        self.takes[there][self.things[thing]] -= 1

    def trays(self) -> list[Tray]:
        contents: list[dict[int, int]] = [{} for _ in self.machines]
        for n, k in zip(self.things, self.where, strict=True):
            contents[k][n] = contents[k].get(n, 0) + 1
        return [(w, content) for w, content in zip(self.machines, contents, strict=True) if content]


def _less(one: Sizes, other: Sizes) -> Sizes:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]


def _lack(cpu: int, mib: int, gpu: int) -> int:
    """How much less than nothing is free."""
    return (-cpu if cpu < 0 else 0) - (mib if mib < 0 else 0) - (gpu if gpu < 0 else 0)
