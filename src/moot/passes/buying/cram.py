"""Components x own machines of each site -> where they would stand, packed tightly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from moot.model.app import Component
from moot.model.placement import Assignments, Placement, Run, RunsAs
from moot.model.purchase import Piece, Ware
from moot.model.venue import Offering
from moot.passes.apart import wanted
from moot.passes.buying.estate import Estate
from moot.passes.buying.squeeze import squeeze
from moot.passes.chance import Chance

MOVES = 20_000


def cram(estate: Estate, sites: Mapping[str, str], chance: Chance) -> Placement | None:
    """`sites` says on which each component is; None where it was not found how they have room."""
    found: list[Run] = []
    for site in sorted({*sites.values()}):
        here = [c for c in estate.ground.app.components if sites.get(c.name) == site]
        there = [o for o in estate.basis.stock.offerings if o.site == site]
        runs = _packed(estate, here, there, chance)
        if runs is None:
            return None
        found += runs
    return Placement(assignments=Assignments(found))


def _packed(
    estate: Estate, components: Sequence[Component], offerings: Sequence[Offering], chance: Chance
) -> list[Run] | None:
    stock, fits = estate.basis.stock, estate.basis.fits
    numbers = [stock.numbers[offering.venue, offering.name] for offering in offerings]
    takes = {c.name: set(stock.shelf(fits[c.name].ways).numbers) for c in components}
    lot = tuple(_piece(estate, component) for component in components)
    machines = [
        Ware(
            str(n),
            int(offering.cpu * 1000 + 0.001),
            offering.memory_mib,
            offering.gpus,
            frozenset(name for name, able in takes.items() if n in able),
            0,
        )
        for n, offering in zip(numbers, offerings, strict=True)
    ]
    trays = squeeze(lot, machines, MOVES, chance)
    if trays is None:
        return None
    ways = {c.name: fits[c.name].ways for c in components}
    placed = ((stock.offerings[int(w.type)], int(w.type), content) for w, content in trays)
    return list(
        _runs(
            estate.ground.app.name,
            (
                (components[n].name, ways[components[n].name][stock.kind_of[m]], offering, count)
                for offering, m, content in placed
                for n, count in content.items()
            ),
        )
    )


def _piece(estate: Estate, component: Component) -> Piece:
    """What it needs; its name is the trait of machines that can take it."""
    needs, count = component.needs, component.replicas
    hosts = wanted(estate.ground.app.policy, component).get("host", 1)
    return Piece(
        (component.name,) * count,
        int(needs.cpu * 1000 + 0.999),
        needs.memory_mib,
        int(min(needs.gpus, 1 << 10)),
        frozenset({component.name}),
        count // hosts if hosts > 1 else None,
    )


def _runs(app: str, placed: Iterable[tuple[str, RunsAs, Offering, int]]) -> Iterator[Run]:
    firsts: Counter[str] = Counter()
    for name, way, offering, count in placed:
        yield Run(app, name, firsts[name], count, offering, way)
        firsts[name] += count
