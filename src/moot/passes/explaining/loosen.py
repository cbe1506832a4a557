"""Ground x Promises -> Ground: what a placement would be decided from without these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from math import inf

from moot.model.app import Component, Policy
from moot.model.conflict import Aspect, Promise
from moot.model.rehearsal import Ground


def loosen(ground: Ground, promises: Iterable[Promise]) -> Ground:
    """The App without them, and of the ground what such an App may use.

    One replica is left where several were promised.  `ground` has the offerings of all venues, also
    of those that the App does not allow.
    """
    dropped: dict[str, list[Promise]] = {}
    for promise in promises:
        dropped.setdefault(promise.component, []).append(promise)
    app = ground.app
    policy = app.policy
    for promise in dropped.pop("", ()):
        if promise.aspect == "quota":
            site, _, kind = promise.subject.rpartition(":")
            ground = allowing(ground, site, kind)
        else:
            policy = _POLICY[promise.aspect](policy, promise)
    components = list(app.components)
    for index, component in enumerate(components):
        for promise in dropped.get(component.name, ()):
            if promise.aspect == "volumes":  # that data is on no spot is promised by itself
                leave = replace(app, policy=policy).leave(component)
                component = replace(component, spot=leave)
            component = _COMPONENT[promise.aspect](component, promise)
        components[index] = component
    app = replace(app, policy=policy, components=tuple(components))
    return _allowed(replace(ground, app=app))


def allowing(ground: Ground, site: str, kind: str, most: float = inf) -> Ground:
    """With another number of one kind in the quota of a venue or pool, or none."""
    offerings = [
        replace(o, quota=o.quota.allowing(kind, most)) if o.quota and o.site == site else o
        for o in ground.offerings
    ]
    return replace(ground, offerings=offerings)


def _allowed(ground: Ground) -> Ground:
    """Only the venues that the App allows."""
    allowed = {*ground.app.policy.venues}
    if not allowed:
        return ground
    return replace(
        ground,
        offerings=[o for o in ground.offerings if o.venue in allowed or o.site in allowed],
        absent={v: why for v, why in ground.absent.items() if _is_of(v, allowed)},
    )


def _is_of(venue: str, allowed: Collection[str]) -> bool:
    return venue in allowed or venue.partition(":")[0] in allowed


def _without_level(policy: Policy, promise: Promise) -> Policy:
    spread = {level: n for level, n in policy.spread.items() if level != promise.subject}
    return replace(policy, spread=spread)


def _without_volumes(component: Component, promise: Promise) -> Component:
    return replace(component, mounts=tuple(m for m in component.mounts if m.kind != "volume"))


def _without_latency(component: Component, promise: Promise) -> Component:
    kept = (each for each in component.latency if each.to != promise.subject)
    return replace(component, latency=tuple(kept))


def _without_trait(component: Component, promise: Promise) -> Component:
    needs = component.needs
    return replace(component, needs=replace(needs, traits=needs.traits - {promise.subject}))


def _without_gpus(component: Component, promise: Promise) -> Component:
    """That it is any GPU goes with it; a certain kind is promised by itself."""
    needs = component.needs
    needs = replace(needs, gpus=0.0, gpu_numbers=(), traits=needs.traits - {"gpu"})
    return replace(component, needs=needs)


_POLICY: Mapping[Aspect, Callable[[Policy, Promise], Policy]] = {
    "residency": lambda policy, _: replace(policy, residency=()),
    "venues": lambda policy, _: replace(policy, venues=()),
    "spread": _without_level,
    "budget": lambda policy, _: replace(policy, budget=None),
    "availability": lambda policy, _: replace(policy, availability=None),
    "headroom": lambda policy, _: replace(policy, headroom=None),
    "spot": lambda policy, _: replace(policy, spot="allowed"),
}
_COMPONENT: Mapping[Aspect, Callable[[Component, Promise], Component]] = {
    "replicas": lambda c, _: replace(c, replicas=min(1, c.replicas), quorum=min(1, c.quorum)),
    "isolation": lambda c, _: replace(c, isolation=None),
    "near": lambda c, _: replace(c, near=()),
    "apart": lambda c, _: replace(c, apart=()),
    "latency": _without_latency,
    "trait": _without_trait,
    "cpu": lambda c, _: replace(c, needs=replace(c.needs, cpu=0.0)),
    "memory": lambda c, _: replace(c, needs=replace(c.needs, memory_mib=0)),
    "disk": lambda c, _: replace(c, needs=replace(c.needs, disk_mib=0)),
    "gpus": _without_gpus,
    "volumes": _without_volumes,
    "segmentation": lambda c, _: replace(c, segmentation_required=False),
    "recipe": lambda c, _: replace(c, recipe=None),
    "spot": lambda c, _: replace(c, spot="allowed"),
}
