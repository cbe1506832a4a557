"""Lot x machines that are there -> what goes on each of them, and what has no room on any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

from moot.model.purchase import Lot, Piece, Ware
from moot.passes.buying.exhaust import Tray


def scatter(
    lot: Lot, machines: Sequence[Ware], ranks: Sequence[float]
) -> tuple[list[Tray], list[int]]:
    """Piece by piece, the highest of these ranks first; how many are left of each.

    A piece goes where the ratio of what is free is most like its own: what is left over is then
    not all CPU here and all memory there.  Machines on which nothing is are not among the trays.
    """
    per_cpu = 1 / (sum(piece.millicpu * piece.amount for piece in lot) or 1)
    per_mib = 1 / (sum(piece.memory_mib * piece.amount for piece in lot) or 1)
    bins = [_Bin(m, m.millicpu, m.memory_mib, m.gpus) for m in machines]
    left = [0] * len(lot)
    for n in sorted(range(len(lot)), key=lambda n: (-ranks[n], n)):
        piece = lot[n]
        able = [bin for bin in bins if bin.ware.holds(piece)]
        across, along = piece.millicpu * per_cpu * per_cpu, piece.memory_mib * per_mib * per_mib
        for _ in range(piece.amount):
            best, most = None, -1.0
            for bin in able:
                if bin.takes(n, piece):
                    cpu, mib = bin.millicpu, bin.memory_mib
                    size = sqrt((cpu * per_cpu) ** 2 + (mib * per_mib) ** 2) or 1.0
                    likeness = (across * cpu + along * mib) / size
                    if likeness > most:
                        best, most = bin, likeness
            if best:
                best.take(n, piece)
            else:
                left[n] += 1
    return [(bin.ware, bin.content) for bin in bins if bin.content], left


@dataclass(slots=True)
class _Bin:
    """A machine, what is free on it, and what is on it."""

    ware: Ware
    millicpu: int
    memory_mib: int
    gpus: int
    content: dict[int, int] = field(default_factory=dict[int, int])

    def takes(self, n: int, piece: Piece) -> bool:
        return (
            self.millicpu >= piece.millicpu
            and self.memory_mib >= piece.memory_mib
            and self.gpus >= piece.gpus
            and (piece.most is None or self.content.get(n, 0) < piece.most)
        )

    def take(self, n: int, piece: Piece) -> None:
        self.millicpu -= piece.millicpu
        self.memory_mib -= piece.memory_mib
        self.gpus -= piece.gpus
        self.content[n] = self.content.get(n, 0) + 1
