"""How it is decided x offerings -> the same, where nothing can be started on these offerings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from moot.model.app import Component
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Placement, Run
from moot.model.rehearsal import Ground, Key, key_of
from moot.passes.explaining.attempt import Decide
from moot.passes.fare import fare
from moot.passes.striving.stride import restored


def freeze(decide: Decide, frozen: Collection[Key]) -> Decide:
    """What runs on these goes on there, as nothing costs less; there is room for no more.

    Refused, for its component, is what is started there all the same.
    """

    def decided(ground: Ground) -> Placement:
        found = restored(decide(_held(ground, frozen)), ground)
        before = ground.prior.runs if ground.prior else ()
        fates, _ = fare(ground.app, before, found.runs, (), {})
        started = (f.component for f in fates if f.target and key_of(f.target) in frozen)
        if problems := tuple(map(_unstartable, dict.fromkeys(started))):
            raise Refused(*problems)
        return found

    return decided if frozen else decide


def _held(ground: Ground, frozen: Collection[Key]) -> Ground:
    """Each component asks for a mark, which of the frozen only those have on which it runs, and as
    it may need nothing else for a part of a MiB of disk, of which these have one for each replica.
    """
    parts = 1 + sum(component.replicas for component in ground.app.components)
    components = tuple(_counted(component, parts) for component in ground.app.components)
    needs = {component.name: component.needs for component in components}
    there: dict[Key, list[Run]] = {key: [] for key in frozen}
    for run in ground.prior.runs if ground.prior else ():
        if run.component in needs and key_of(run.offering) in there:
            there[key_of(run.offering)].append(run)
    marks = frozenset(map(_mark, needs))
    offerings = [
        replace(
            o, traits=o.traits | marks, disk_mib=(o.disk_mib + 1) * parts - 1, disk=o.disk / parts
        )
        if (runs := there.get(key_of(o))) is None
        else replace(
            o,
            traits=o.traits | {_mark(run.component) for run in runs},
            disk_mib=sum(run.count * needs[run.component].disk_mib for run in runs),
            hourly=Decimal(0),
            disk=Decimal(0),
        )
        for o in ground.offerings
    ]
    return replace(ground, app=replace(ground.app, components=components), offerings=offerings)


def _counted(component: Component, parts: int) -> Component:
    """Of a MiB: all replicas together need less than one more than they do."""
    needs = component.needs
    traits = needs.traits | {_mark(component.name)}
    needs = replace(needs, traits=traits, disk_mib=needs.disk_mib * parts + 1)
    return replace(component, needs=needs)


def _mark(component: str) -> str:
    """As a refusal says what an offering lacks."""
    return f"its control plane, which would have to start {component} there"


def _unstartable(component: str) -> Diagnostic:
    return Diagnostic(
        summary=f"nothing is left that could start component {component!r}",
        detail="there is room only where the control plane is lost",
        component=component,
    )
