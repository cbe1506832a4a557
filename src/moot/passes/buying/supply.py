"""Vendor x Lot -> by region the Wares that may serve it: none that another makes needless."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import gcd

from moot.model.market import Kind, Vendor
from moot.model.purchase import SPOT, Lot, Ware

# What every machine with Linux can do, where nothing keeps root from it.
LINUX = frozenset({"os:linux", "runs:container", "runs:process", "runs:recipe"})
NVIDIA = frozenset({"a100", "a10g", "h100", "h200", "l4", "l40s", "t4", "t4g", "v100"})
LEASE = "lease:"  # how traits begin of which each machine is sold with one
LASTING, TAKEN_BACK = f"{LEASE}lasting", f"{LEASE}spot"
WAYS = (("", LASTING), (SPOT, TAKEN_BACK))  # as prices are in `Prices`
MOST_STEPS = 200_000  # of a sum, to find out which sums there are

Shape = tuple[int, int, int, frozenset[str]]  # millicpu, MiB, GPUs, traits
Offer = tuple[tuple[int, str], Shape]  # millionths an hour and the type, for what it is good for
Reach = Callable[[int], int]


def supply(vendor: Vendor, lot: Lot, zones: Mapping[str, str]) -> dict[str, tuple[Ware, ...]]:
    """All types are looked at, in the regions that `zones` names, each with the zone that is meant
    or "" for any.

    A ware has no more of anything than pieces of the lot can use at once there.  What has as much
    of everything as another, for no more money, makes the other needless.  A type that has a price
    of spot is two wares, as far as anything may be on spot.
    """
    cheapest: dict[str, dict[Shape, tuple[int, str]]] = {region: {} for region in zones}
    bits = {region: _bit(vendor, region, zone) for region, zone in zones.items()}
    shaped = _shaper(lot)
    ways = WAYS if any(LASTING not in piece.traits for piece in lot) else WAYS[:1]
    for way, (ending, lease) in enumerate(ways):
        for kind in vendor.kinds:
            shape = shaped(kind, lease)
            if shape is None:
                continue
            name = kind.name + ending
            for region, prices in kind.prices.items():
                known = cheapest.get(region)
                micros = prices[way]
                if known is None or (way and not micros):
                    continue
                if bits[region] and not bits[region] & prices[2]:
                    continue
                best = known.get(shape)
                if best is None or (micros, name) < best:
                    known[shape] = micros, name
    return {region: _needed(known) for region, known in cheapest.items()}


def abilities(kind: Kind) -> frozenset[str]:
    """The traits that machines of this type may have."""
    spot = any(micros for _, micros, _ in kind.prices.values())
    return _traits(kind) | {LASTING, *([TAKEN_BACK] if spot else [])}


def _traits(kind: Kind) -> frozenset[str]:
    """Whichever way it is sold."""
    traits = {*LINUX, f"arch:{kind.arch}"}
    if kind.gpus:
        gpu = kind.gpu.lower()
        traits |= {"gpu", f"gpu:{gpu}", *(["gpu:nvidia"] if gpu in NVIDIA else [])}
    return frozenset(traits)


def _bit(vendor: Vendor, region: str, zone: str) -> int:
    return 1 << list(vendor.regions[region]).index(zone) if zone else 0


def _shaper(lot: Lot) -> Callable[[Kind, str], Shape | None]:
    """What a machine of a type is good for, sold that way; None where no piece has room there."""
    asked = frozenset[str]().union(*(piece.traits for piece in lot))
    cpu = _reach([(piece.millicpu, piece.most or piece.amount) for piece in lot])
    memory = _reach([(piece.memory_mib, piece.most or piece.amount) for piece in lot])
    gpus = sum(piece.gpus * piece.amount for piece in lot)

    def shaped(kind: Kind, lease: str) -> Shape | None:
        room = Ware(
            kind.name,
            cpu(int(kind.cpu * 1000 + 0.001)),
            memory(kind.memory_mib),
            min(max(int(kind.gpus), kind.gpus > 0), gpus),  # a part of one serves one piece
            (_traits(kind) | {lease}) & asked if asked else asked,
            0,
        )
        return room[1:5] if any(map(room.holds, lot)) else None

    return shaped


def _reach(sizes: Sequence[tuple[int, int]]) -> Reach:
    """The largest sum, of at most so many of each size, that is no more than a number."""
    total = sum(size * count for size, count in sizes)
    unit = gcd(*(size for size, _ in sizes)) or 1
    if total // unit > MOST_STEPS:
        return lambda room: min(room, total)
    sums = 1  # a bit for every sum there is
    for size, count in sizes:
        step, left = size // unit, count
        while left:
            some = (left + 1) // 2
            sums |= sums << step * some
            left -= some

    @cache
    def reach(room: int) -> int:
        within = sums & (1 << min(room, total) // unit + 1) - 1
        return (within.bit_length() - 1) * unit

    return reach


def _needed(known: Mapping[Shape, tuple[int, str]]) -> tuple[Ware, ...]:
    """The cheapest first, without those for which one before has room and can do as much."""
    stairs: dict[tuple[int, frozenset[str]], _Stairs] = {}
    found: list[Ware] = []
    offers: list[Offer] = [(price, shape) for shape, price in known.items()]
    for (micros, name), (cpu, memory_mib, gpus, traits) in sorted(offers, key=_order):
        if any(
            more >= gpus and able >= traits and stair.over(cpu, memory_mib)
            for (more, able), stair in stairs.items()
        ):
            continue
        stairs.setdefault((gpus, traits), _Stairs()).add(cpu, memory_mib)
        found.append(Ware(name, cpu, memory_mib, gpus, traits, micros))
    return tuple(found)


def _order(offer: Offer) -> tuple[object, ...]:
    """At one price what has more of it comes first."""
    (micros, name), (cpu, memory_mib, gpus, traits) = offer
    return micros, -cpu, -memory_mib, -gpus, -len(traits), sorted(traits), name


class _Stairs:
    """Pairs of sizes, of which none is below another in both: wider to the right, and lower."""

    def __init__(self) -> None:
        self.widths: list[int] = []
        self.heights: list[int] = []

    def over(self, width: int, height: int) -> bool:
        """Whether one of them is at least so wide and so high."""
        at = bisect_left(self.widths, width)
        return at < len(self.widths) and self.heights[at] >= height

    def add(self, width: int, height: int) -> None:
        """One that none is over, in place of those that it is over."""
        end = bisect_right(self.widths, width)
        at = end
        while at and self.heights[at - 1] <= height:
            at -= 1
        self.widths[at:end] = [width]
        self.heights[at:end] = [height]
