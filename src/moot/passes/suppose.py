"""Ground x Trouble -> Ground: what a placement would be decided from, were it so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from moot.model.app import App, Component
from moot.model.rehearsal import Ground, PriceChange, Trouble, key_of
from moot.model.venue import Offering

LOST = "it is lost"


def suppose(ground: Ground, trouble: Trouble) -> Ground:
    """What is lost offers nothing, as if it did not answer; the rest has its new price.

    All traffic is multiplied by the load, and the replicas of a component are where it may have
    several: where it is not waited for to be completed and has no container_name, and where of a
    single one no volume of the App's and no fixed port is the reason that there is one.
    """
    lost = frozenset(key for loss in trouble.losses for key in loss.offerings)
    asked = {offering.venue for offering in ground.offerings}
    gone = {venue for loss in trouble.losses for venue in loss.venues if venue in asked}
    return replace(
        ground,
        app=_multiplied(ground.app, trouble.load),
        offerings=[_priced(o, trouble.prices) for o in ground.offerings if key_of(o) not in lost],
        absent={**ground.absent, **dict.fromkeys(sorted(gone), LOST)},
    )


def completed(app: App) -> frozenset[str]:
    """The one-shots: components that others wait for to be completed."""
    waits = (wait for component in app.components for wait in component.depends_on)
    return frozenset(wait.component for wait in waits if wait.condition == "completed")


def keepers(app: App) -> dict[str, tuple[str, ...]]:
    """The components with a volume of the App's, with the names of those volumes."""
    ours = {volume.name for volume in app.volumes if not volume.external}
    kept = {
        c.name: tuple(m.source for m in c.mounts if m.kind == "volume" and m.source in ours)
        for c in app.components
    }
    return {name: volumes for name, volumes in kept.items() if volumes}


def _multiplied(app: App, load: int) -> App:
    if load == 1:
        return app
    alone = {*completed(app), *(c.name for c in app.components if "container_name" in _options(c))}
    kept = keepers(app)

    def several(component: Component) -> bool:
        fixed = component.process is not None and component.process.fixed_port
        single = component.replicas == 1 and (component.name in kept or fixed)
        return component.name not in alone and not single

    def multiplied(component: Component) -> Component:
        traffic = tuple(replace(t, gb_monthly=t.gb_monthly * load) for t in component.traffic)
        replicas = component.replicas * (load if several(component) else 1)
        return replace(component, replicas=replicas, traffic=traffic)

    return replace(app, components=tuple(map(multiplied, app.components)))


def _options(component: Component) -> Iterable[str]:
    return component.container.options if component.container else ()


def _priced(offering: Offering, changes: Sequence[PriceChange]) -> Offering:
    """At the last of the prices that are said of its venue; what is unknown stays so."""
    last = next((change for change in reversed(changes) if offering.venue in change.venues), None)
    if last is None:
        return offering
    price = last.hourly
    if price is None and offering.hourly is not None:
        price = offering.hourly * last.factor
    egress, disk = offering.egress * last.factor, offering.disk * last.factor
    return replace(offering, hourly=price, egress=egress, disk=disk)
