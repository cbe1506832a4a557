"""App x Offerings x prior Placement -> Basis: what is the same whatever the order of placing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from moot.model.app import App, Component
from moot.model.placement import Placement, Run
from moot.model.venue import Offering
from moot.passes.apart import Spread, apart
from moot.passes.egress import Talk, talk
from moot.passes.placing.bonds import minded
from moot.passes.placing.cards import Recorded
from moot.passes.placing.fill import stood
from moot.passes.placing.fit import Fits, aloof, fit
from moot.passes.placing.stock import Shelf, Stand, Stock, key, stock
from moot.passes.suppose import keepers


def prepare(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None,
    homes: Mapping[str, str],
    absent: Mapping[str, str],
) -> Basis:
    """From what `place` is given."""
    related = any(c.near or c.apart or c.latency or c.traffic for c in app.components)
    spread = app.policy.spread or any(component.spread for component in app.components)
    atlas = apart(offerings if spread or related else ())
    told_apart = {*app.policy.venues, *homes.values()}
    offered = stock(offerings, atlas, told_apart)
    before: dict[str, list[Run]] = {}
    for run in prior.runs if prior else ():
        before.setdefault(run.component, []).append(run)
    keeping = keepers(app)
    return Basis(
        app=app,
        stock=offered,
        fits={c.name: fit(app, c, offered, homes) for c in app.components},
        homes=homes,
        absent=absent,
        before=before,
        stood={c.name: stood(c, before.get(c.name, ()), offered) for c in app.components},
        recorded=_recorded(prior, offered),
        keeping=keeping,
        sharers=_sharers(app, keeping),
        silent=Counter(venue.partition(":")[0] for venue in absent),
        talks=_talks(app, offerings),
        minded=minded(app),
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """What every attempt starts from: it is worked out once.

    `keeping` are by component the volumes it has of the App's, `sharers` the others that share one
    with it, each with that volume; `silent` counts the machines that do not answer by venue or
    pool; `recorded` are the GPUs of what runs; `talks` are by component those it has, where traffic
    costs anything anywhere; `minded` are the others that have a say in where it is.
    """

    app: App
    stock: Stock
    fits: Mapping[str, Fits]
    homes: Mapping[str, str]
    absent: Mapping[str, str]
    before: Mapping[str, Sequence[Run]]
    stood: Mapping[str, Sequence[Stand]]
    recorded: Recorded
    keeping: Mapping[str, Sequence[str]]
    sharers: Mapping[str, Sequence[tuple[str, str]]]
    silent: Counter[str]
    talks: Mapping[str, Sequence[Talk]]
    minded: Mapping[str, Sequence[str]]

    def afresh(self) -> Basis:
        """As if nothing ran yet."""
        nowhere = {c.name: stood(c, (), self.stock) for c in self.app.components}
        return replace(self, before={}, stood=nowhere, recorded={})

    def keeps(self, component: Component) -> bool:
        """Whether it has data, which holds it on one machine."""
        return component.name in self.keeping

    def crosses(self, component: Component, spread: Spread) -> bool:
        """Whether it may run in several venues and pools: more machines alone are no reason."""
        return not self.keeps(component) and not spread.keys() <= {"host"}

    def places(self, component: Component, shelf: Shelf) -> Mapping[str, Shelf]:
        """What its replicas may not leave: the machine of their data, else venue or pool."""
        return shelf.venues if self.keeps(component) else shelf.sites

    def reachable(self, component: Component, shelf: Shelf) -> Shelf:
        """What may be one of several venues or pools."""
        offerings = self.stock.offerings
        return shelf.only(lambda number: not aloof(component, offerings[number]))


def _recorded(prior: Placement | None, offered: Stock) -> Recorded:
    """The GPUs that replicas had on what is still offered."""
    return {
        (run.component, index): (offered.numbers[key(run.offering)], run.gpus)
        for run in (prior.runs if prior else ())
        if run.gpus and key(run.offering) in offered.numbers
        for index in range(run.first, run.first + run.count)
    }


def _talks(app: App, offerings: Iterable[Offering]) -> dict[str, list[Talk]]:
    found: dict[str, list[Talk]] = {}
    if any(offering.egress for offering in offerings):
        for each in talk(app):
            found.setdefault(each.one, []).append(each)
            found.setdefault(each.other, []).append(each)
    return found


def _sharers(app: App, keeping: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[str, str]]]:
    """By component the others with replicas that share a volume with it, each with that volume."""
    users: dict[str, list[str]] = {}
    for name, volumes in keeping.items():
        for source in dict.fromkeys(volumes):
            users.setdefault(source, []).append(name)
    position = {c.name: index for index, c in enumerate(app.components) if c.replicas}
    found: dict[str, list[tuple[str, str]]] = {}
    for source, names in users.items():
        for name in names:
            others = ((other, source) for other in names if other != name and other in position)
            found.setdefault(name, []).extend(others)
    for shared in found.values():
        shared.sort(key=lambda other: (position[other[0]], other[1]))
    return found
