"""What tests of buying share: lots, wares and markets drawn by lot, and every way tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hypothesis import assume
from hypothesis import strategies as some

from moot.model.app import App
from moot.model.market import Kind, Vendor
from moot.model.purchase import NEVER, Estimate, Lot, Piece, Ware
from moot.passes.buying.estimate import estimate
from moot.passes.buying.supply import supply
from moot.passes.buying.terms import Inquiry

ARCHES = ("amd64", "arm64")

sizes = some.integers(0, 4)
arches = some.frozensets(some.sampled_from([f"arch:{arch}" for arch in ARCHES]), max_size=1)
pieces = some.builds(
    Piece,
    names=some.integers(1, 2).map(lambda count: ("it",) * count),
    millicpu=sizes.map(lambda size: size * 500),
    memory_mib=sizes.map(lambda size: size * 512),
    gpus=some.sampled_from([0, 0, 0, 1]),
    traits=arches,
    most=some.sampled_from([None, None, 1]),
)
lots = some.lists(pieces, min_size=1, max_size=3).map(tuple)
kinds = some.builds(
    lambda number, cpu, gib, arch, gpus, micros: Kind(
        f"t{number}", cpu, gib * 512, arch, gpus, "T4" if gpus else "", {"r": (micros, 0, 0)}
    ),
    number=some.integers(0, 99),
    cpu=some.sampled_from([0.5, 1, 2, 4, 8]),
    gib=some.integers(1, 16),
    arch=some.sampled_from(ARCHES),
    gpus=some.sampled_from([0, 0, 0, 0.5, 2]),
    micros=some.integers(1, 400).map(lambda micros: micros * 100),
)
markets = some.lists(kinds, min_size=1, max_size=8, unique_by=lambda kind: kind.name)


def vendor(kinds: Iterable[Kind], name: str = "cloud", **regions: Sequence[str]) -> Vendor:
    """One that sells these in the region `r`, or in those that are named with their zones."""
    return Vendor(
        name=name,
        currency="USD",
        priced="2025-03-02",
        source="a table",
        regions=regions or {"r": []},
        kinds=list(kinds),
    )


def estimated(
    app: App,
    market: Sequence[Vendor],
    areas: Mapping[str, Mapping[str, frozenset[str]]],
    rounds: int,
    **more: Any,
) -> tuple[Estimate, ...]:
    """The lines of an App."""
    return estimate(Inquiry(app=app, market=market, areas=areas, rounds=rounds, **more))


def offered(lot: Lot, market) -> tuple[Ware, ...]:
    """The wares of the market, where every piece has room on some."""
    wares = supply(vendor(market), lot, {"r": ""})["r"]
    assume(all(any(ware.holds(piece) for ware in wares) for piece in lot))
    return wares


def check(lot: Lot, trays) -> int:
    """What machines cost on which all of the lot is, and no more than there is room for."""
    assert sum((Counter(content) for _, content in trays), Counter()) == Counter(
        {n: piece.amount for n, piece in enumerate(lot)}
    )
    for ware, content in trays:
        assert content and holds(
            ware, [lot[n] for n, count in content.items() for _ in range(count)]
        )
    return sum(ware.micros for ware, _ in trays)


def cheapest(lot: Lot, wares: Sequence[Ware]) -> int:
    """The least that machines for all of it cost, every way tried; NEVER where there is none."""
    things = [piece for piece in lot for _ in piece.names]
    return min(
        NEVER, *(sum(price(content, wares) for content in contents) for contents in _split(things))
    )


def price(content: Sequence[Piece], wares: Iterable[Ware]) -> int:
    """Of the cheapest machine that holds this."""
    return min((ware.micros for ware in wares if holds(ware, content)), default=NEVER)


def holds(ware: Ware, content: Sequence[Piece]) -> bool:
    """Whether all of these have room on one machine together."""
    together = Piece(
        ("all",),
        sum(piece.millicpu for piece in content),
        sum(piece.memory_mib for piece in content),
        sum(piece.gpus for piece in content),
        frozenset[str]().union(*(piece.traits for piece in content)),
    )
    alone = all(sum(other is piece for other in content) == 1 for piece in content if piece.most)
    return alone and ware.holds(together)


def _split(things: Sequence[Piece]) -> Iterator[list[list[Piece]]]:
    """Every way of putting things together."""
    if not things:
        yield []
        return
    first, *rest = things
    for groups in _split(rest):
        yield [[first], *groups]
        for n, group in enumerate(groups):
            yield [*groups[:n], [first, *group], *groups[n + 1 :]]
