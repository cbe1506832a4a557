"""Trays -> all that is on them on cheaper machines: chosen first, then packed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from moot.model.purchase import Lot, Ware
from moot.passes.buying.appraise import Appraisal
from moot.passes.buying.cover import cover
from moot.passes.buying.exhaust import Tray
from moot.passes.buying.squeeze import squeeze
from moot.passes.chance import Chance

MOST_GIVEN_UP = 5
MOST_SLACK = 255  # thousandths
NODES = 2_000  # that are looked at for machines that are cheaper
HASTES = (2, 5, 10)  # until some are found
MOVES, MOST_MOVES = 30_000, 300_000
MOVES_OF_A_ROUND = 1_000  # take as long as a round without them


@dataclass(slots=True)
class Effort:
    """How it is tried the next time: with so many `slack` thousandths more than is wanted, and so
    many `moves` until it is given up that all has room there.
    """

    chance: Chance = field(default_factory=Chance)
    tries: int = 0
    slack: int = 7
    moves: int = MOVES

    @property
    def rounds(self) -> int:
        """How long the moves take."""
        return self.moves // MOVES_OF_A_ROUND


def renew(
    lot: Lot, wares: Sequence[Ware], appraisal: Appraisal, trays: Sequence[Tray], effort: Effort
) -> tuple[list[Tray] | None, int]:
    """Some machines, or all, are given up for cheaper ones that have enough with the others; and
    how many rounds it took.  None where none are found, or not all of the lot has room on them.
    """
    given_up = _given_up(len(trays), effort)
    kept = [ware for n, (ware, _) in enumerate(trays) if n not in given_up]
    below = sum(trays[n][0].micros for n in given_up)
    more = _cheaper(wares, appraisal, kept, below, effort.slack)
    if more is None:
        effort.slack //= 2
        return None, 1
    took = 1 + effort.rounds
    squeezed = squeeze(lot, [*kept, *more], effort.moves, effort.chance)
    if squeezed is None:
        effort.slack = min(effort.slack * 2 + 1, MOST_SLACK)
        effort.moves = min(effort.moves * 7 // 5, MOST_MOVES)
    else:
        effort.slack //= 2
    return squeezed, took


def _given_up(count: int, effort: Effort) -> set[int]:
    """All of them at first; then one to five, or one to all."""
    effort.tries += 1
    if effort.tries % 8 == 1:
        return set(range(count))
    most = count if effort.tries % 2 else MOST_GIVEN_UP
    return effort.chance.some(count, most)


def _cheaper(
    wares: Sequence[Ware], appraisal: Appraisal, kept: Sequence[Ware], below: int, slack: int
) -> tuple[Ware, ...] | None:
    """Machines that have what these are lacking of what is wanted."""
    index = {ware: n for n, ware in enumerate(wares)}
    there = [index[ware] for ware in kept]
    wanted = [
        max(0, demand.wanted * (1000 + slack) // 1000 - sum(demand.rooms[n] for n in there))
        for demand in appraisal.demands
    ]
    for haste in HASTES:
        found = cover(appraisal, wares, NODES, wanted=wanted, below=below, haste=haste)
        if found.machines is not None:
            return found.machines
    return None
