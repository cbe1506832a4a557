"""Component x Offerings -> those that can take it, and why the others cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from moot.model.app import App, Component, Needs
from moot.model.placement import Rejection, RunsAs
from moot.model.venue import Offering
from moot.passes.placing.cards import lack, sizes
from moot.passes.placing.ration import takes
from moot.passes.placing.stock import Stock

NEEDS = ", it needs "  # in the reason for which an offering is too small
ISOLATION = ("process", "container", "vm", "metal")


@dataclass(frozen=True, slots=True)
class Fits:
    """`ways` is by kind of offering how the component runs there: these can take it."""

    ways: Mapping[int, RunsAs]
    rejected: tuple[Rejection, ...]


def fit(app: App, component: Component, stock: Stock, homes: Mapping[str, str]) -> Fits:
    """Offerings on which one replica could run, each with how, and the others with the reason.

    `homes` says in which venue each existing volume is.
    """
    ways: dict[int, RunsAs] = {}
    out: list[tuple[int, str]] = []
    for kind, numbers in enumerate(stock.kinds):
        offering = stock.offerings[numbers[0]]
        runs_as = _way(component, offering)
        reason = _misfit(app, component, offering, homes)
        if runs_as and not reason:
            ways[kind] = runs_as
        else:
            reason = reason or _no_way(component, offering)
            out += [(number, reason) for number in numbers]
    found = ((stock.offerings[number], reason) for number, reason in sorted(out))
    rejected = (Rejection(component.name, o.venue, o.name, reason) for o, reason in found)
    return Fits(ways, tuple(rejected))


def aloof(component: Component, offering: Offering) -> str:
    """Why no replica there may have others in another venue or pool; "" where it may.

    Every gateway must be able to send to each of them, if anybody is to connect at all.
    """
    if component.targets and offering.names:
        return "components find one another by name within it only"
    if component.targets and not offering.reach:
        return "it has no address at which other machines reach it"
    return ""


def _way(component: Component, offering: Offering) -> RunsAs | None:
    """How it would run there: as a process where both ways are open and isolation allows it."""
    floor = ISOLATION.index(component.isolation) if component.isolation else 0
    processes = "runs:process" in offering.traits
    containers = "runs:container" in offering.traits
    if component.process and processes and floor <= ISOLATION.index("process"):
        return "process"
    if component.container and containers and floor <= ISOLATION.index("container"):
        return "container"
    return None


def _no_way(component: Component, offering: Offering) -> str:
    if component.isolation and ISOLATION.index(component.isolation) > 0:
        return f"cannot isolate it as a {component.isolation}"
    if component.container and not component.process:
        return "runs no containers"
    if component.process and not component.container:
        return "runs no plain processes"
    return "runs neither containers nor plain processes"


def _misfit(
    app: App, component: Component, offering: Offering, homes: Mapping[str, str]
) -> str | None:
    """The first reason why the offering cannot take one replica, None when it can."""
    needs = component.needs
    if app.policy.venues and not {offering.venue, offering.site} & set(app.policy.venues):
        return f"is not among the app's venues ({', '.join(app.policy.venues)})"
    if unwanted := _unleased(app, component, offering):
        return unwanted
    missing = sorted(needs.traits - offering.traits - ({"gpu"} if sizes(offering) else set()))
    if missing:
        return f"lacks {', '.join(missing)}"
    residency = app.policy.residency
    if residency and offering.traits.isdisjoint(residency):
        return f"lacks {' or '.join(residency)}"
    for mount in component.mounts:
        home = homes.get(mount.source) if mount.kind == "volume" else None
        if home is not None and home != offering.venue:
            return (
                f"its volume {mount.source!r} with the data is on {home}, and data cannot move yet"
            )
    if too_small := _too_small(needs, offering) or _over_quota(needs, offering):
        return too_small
    if component.segmentation_required and not offering.segmented:
        return "cannot keep networks apart, and it requires segmentation"
    if component.recipe and "runs:recipe" not in offering.traits:
        return "runs no recipes: that takes a machine on which moot is root"
    return None


def _unleased(app: App, component: Component, offering: Offering) -> str | None:
    """Why it may not be on spot, or on nothing else."""
    leave = app.leave(component)
    if leave == "only" and not offering.spot:
        return "is not spot, and x-moot.spot is only"
    if leave != "never" or not offering.spot:
        return None
    if component.spot or app.policy.spot in (None, "never"):
        return "is spot, which x-moot.spot does not allow"
    return "is spot, where data is only if its own service says `x-moot: {spot: allowed}`"


def _too_small(needs: Needs, offering: Offering) -> str | None:
    if offering.cpu < needs.cpu:
        return f"has {offering.cpu:g} CPUs{NEEDS}{needs.cpu:g}"
    if offering.memory_mib < needs.memory_mib:
        return f"has {offering.memory_mib} MiB of memory{NEEDS}{needs.memory_mib}"
    if offering.disk_mib < needs.disk_mib:
        return f"has {offering.disk_mib} MiB of disk{NEEDS}{needs.disk_mib}"
    own_cpu, own_memory_mib = offering.own_cpu, offering.own_memory_mib
    if own_cpu is not None and own_cpu < needs.cpu:
        return f"has {own_cpu:g} CPUs for one replica{NEEDS}{needs.cpu:g}"
    if own_memory_mib is not None and own_memory_mib < needs.memory_mib:
        return f"has {own_memory_mib} MiB of memory for one replica{NEEDS}{needs.memory_mib}"
    return lack(sizes(offering), needs) or None


def _over_quota(needs: Needs, offering: Offering) -> str | None:
    """What other Apps have left of its quota is too little."""
    quota = offering.quota
    return quota.lack(offering.site, takes(needs, offering)) or None if quota else None
