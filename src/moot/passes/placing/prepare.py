"""App x Offerings x prior Placement -> Basis: what is the same whatever the order of placing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from moot.model.app import App, Component
from moot.model.placement import Placement, Run
from moot.model.venue import Offering
from moot.passes.apart import Spread, apart
from moot.passes.placing.fill import stood
from moot.passes.placing.fit import Fits, aloof, fit
from moot.passes.placing.stock import Shelf, Stand, Stock, stock


def prepare(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None,
    homes: Mapping[str, str],
    absent: Mapping[str, str],
) -> Basis:
    """From what `place` is given."""
    related = any(component.near or component.apart for component in app.components)
    atlas = apart(offerings if app.policy.spread or related else ())
    told_apart = {*app.policy.venues, *homes.values()}
    offered = stock(offerings, atlas, told_apart)
    before: dict[str, list[Run]] = {}
    for run in prior.runs if prior else ():
        before.setdefault(run.component, []).append(run)
    volumes = {volume.name for volume in app.volumes if not volume.external}
    return Basis(
        app=app,
        stock=offered,
        fits={c.name: fit(app, c, offered, homes) for c in app.components},
        homes=homes,
        absent=absent,
        before=before,
        stood={c.name: stood(c, before.get(c.name, ()), offered) for c in app.components},
        volumes=volumes,
        sharers=_sharers(app, volumes),
        silent=Counter(venue.partition(":")[0] for venue in absent),
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """What every attempt starts from: it is worked out once.

    `silent` counts the machines that do not answer by venue or pool, `sharers` are by component
    the others that share a volume with it, each with that volume.
    """

    app: App
    stock: Stock
    fits: Mapping[str, Fits]
    homes: Mapping[str, str]
    absent: Mapping[str, str]
    before: Mapping[str, Sequence[Run]]
    stood: Mapping[str, Sequence[Stand]]
    volumes: Set[str]
    sharers: Mapping[str, Sequence[tuple[str, str]]]
    silent: Counter[str]

    def afresh(self) -> Basis:
        """As if nothing ran yet."""
        nowhere = {c.name: stood(c, (), self.stock) for c in self.app.components}
        return replace(self, before={}, stood=nowhere)

    def keeps(self, component: Component) -> bool:
        """Whether it has data, which holds it on one machine."""
        return any(m.kind == "volume" and m.source in self.volumes for m in component.mounts)

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


def _sharers(app: App, ours: Set[str]) -> dict[str, list[tuple[str, str]]]:
    """By component the others with replicas that share a volume with it, each with that volume."""
    users: dict[str, list[str]] = {}
    for component in app.components:
        for source in {m.source for m in component.mounts if m.kind == "volume"} & ours:
            users.setdefault(source, []).append(component.name)
    position = {c.name: index for index, c in enumerate(app.components) if c.replicas}
    found: dict[str, list[tuple[str, str]]] = {}
    for source, names in users.items():
        for name in names:
            others = ((other, source) for other in names if other != name and other in position)
            found.setdefault(name, []).extend(others)
    for shared in found.values():
        shared.sort(key=lambda other: (position[other[0]], other[1]))
    return found
