"""Lot x Ware x what each Piece is worth -> what goes on one machine and is worth most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from moot.model.purchase import Lot, Ware

STEPS = 20  # until a price is good enough


class Stuffed(NamedTuple):
    """Content of a machine and what it is worth; no content is worth more than `most`."""

    content: Mapping[int, int]
    value: int
    most: int


def stuff(lot: Lot, ware: Ware, worth: Sequence[int], states: int, enough: int) -> Stuffed:
    """Piece after piece it is looked at how many of it there might be; of what that makes of the
    machine at most so many `states` go on to the next piece, and what the others might still be
    worth is not forgotten; nor do those that cannot be worth more than is `enough`.

    A CPU and a MiB have a price; what is free is worth no more than that, and a piece only what it
    is worth beyond its own room.  It is counted in whole numbers: whatever the prices, this is so.
    """
    things = _things(lot, ware, worth)
    prices = _prices(things, ware)
    things.sort(key=lambda thing: (-thing.over(prices), thing.piece))
    rest = sum(max(0, thing.over(prices)) * thing.limit for thing in things)
    layer: dict[tuple[int, int, int], _State] = {
        (ware.millicpu, ware.memory_mib, ware.gpus): _State(0, ())
    }
    best, most = _State(0, ()), 0
    for thing in things:
        rest -= max(0, thing.over(prices)) * thing.limit
        after: dict[tuple[int, int, int], _State] = {}
        for room, state in layer.items():
            for count, left in enumerate(thing.put(room)):
                value = state.value + count * thing.worth
                known = after.get(left)
                if known is None or value > known.value:
                    after[left] = _State(value, (thing.piece, count, state.chain))
        best = max((best, *after.values()), key=_value)
        ranked = sorted(
            (
                (state.value + room[0] * prices[0] + room[1] * prices[1] + rest, room)
                for room, state in after.items()
            ),
            reverse=True,
        )
        kept = [room for most_here, room in ranked[:states] if most_here > max(best.value, enough)]
        most = max([most, *(most_here for most_here, _ in ranked[len(kept) : len(kept) + 1])])
        layer = {room: after[room] for room in kept}
    return Stuffed(_content(best), best.value, max(best.value, most))


class _State(NamedTuple):
    value: int
    chain: tuple[Any, ...]  # a piece, how many of it, and the chain before


def _value(state: _State) -> int:
    return state.value


class _Thing(NamedTuple):
    """A piece of which some have room on the machine, at most so many."""

    piece: int
    millicpu: int
    memory_mib: int
    gpus: int
    worth: int
    limit: int

    def over(self, prices: tuple[int, int]) -> int:
        """What one is worth beyond its room."""
        return self.worth - self.millicpu * prices[0] - self.memory_mib * prices[1]

    def put(self, room: tuple[int, int, int]) -> list[tuple[int, int, int]]:
        """What is free with none of it, with one, and so on."""
        cpu, mib, gpus = room
        found = [room]
        for _ in range(self.limit):
            cpu, mib, gpus = cpu - self.millicpu, mib - self.memory_mib, gpus - self.gpus
            if cpu < 0 or mib < 0 or gpus < 0:
                break
            found.append((cpu, mib, gpus))
        return found


def _things(lot: Lot, ware: Ware, worth: Sequence[int]) -> list[_Thing]:
    return [
        _Thing(n, *piece[1:4], worth[n], min(piece.amount, piece.most or piece.amount))
        for n, piece in enumerate(lot)
        if worth[n] > 0 and ware.holds(piece)
    ]


def _prices(things: Sequence[_Thing], ware: Ware) -> tuple[int, int]:
    """Of a CPU and a MiB, so that what they say the machine is worth at most is low: the one of a
    MiB by trisection, and for each the best one of a CPU.
    """
    low, high = 0.0, max((t.worth / t.memory_mib for t in things if t.memory_mib), default=0.0)
    for _ in range(STEPS):
        third = (high - low) / 3
        if _most(things, ware, low + third) <= _most(things, ware, high - third):
            high -= third
        else:
            low += third
    return int(_cpu_price(things, ware, low)), int(low)


def _most(things: Sequence[_Thing], ware: Ware, mib_price: float) -> float:
    prices = _cpu_price(things, ware, mib_price), mib_price
    over = (t.worth - t.millicpu * prices[0] - t.memory_mib * prices[1] for t in things)
    return (
        ware.millicpu * prices[0]
        + ware.memory_mib * prices[1]
        + sum(t.limit * value for t, value in zip(things, over, strict=True) if value > 0)
    )


def _cpu_price(things: Sequence[_Thing], ware: Ware, mib_price: float) -> float:
    """What the last CPU brings where those go first that bring most for theirs."""
    brought = sorted(
        (
            ((t.worth - t.memory_mib * mib_price) / t.millicpu, t.millicpu * t.limit)
            for t in things
            if t.millicpu
        ),
        reverse=True,
    )
    left = ware.millicpu
    for each, size in brought:
        left -= size
        if left < 0:
            return max(0.0, each)
    return 0.0


def _content(state: _State) -> dict[int, int]:
    content: dict[int, int] = {}
    chain = state.chain
    while chain:
        piece, count, chain = chain
        if count:
            content[piece] = count
    return content
