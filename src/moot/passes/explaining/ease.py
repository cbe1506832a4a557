"""App x Promise of a number -> the Apps that promise less of it, the least first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil

from moot.model.app import App, Component, Needs
from moot.model.availability import Level
from moot.model.conflict import Aspect, Promise
from moot.model.venue import Offering
from moot.passes.apart import PLURALS, WITHIN_MS, apart

INWARDS: Sequence[Level] = tuple(PLURALS)
STEPS = 16  # into which a need is divided, beside what fits on what is offered


def ease(app: App, promise: Promise, offerings: Sequence[Offering]) -> Sequence[App]:
    """All whole numbers of replicas and domains, all latencies that there are, some of a need;
    nothing of what is no number.
    """
    if promise.aspect == "spread":
        counts = range(2, app.policy.spread[promise.subject])
        return [_spread(app, promise.subject, count) for count in counts]
    if promise.aspect == "headroom" and app.policy.headroom:
        narrower = INWARDS[INWARDS.index(app.policy.headroom) + 1 :]
        return [_headroom(app, level) for level in reversed(narrower)]
    component = next((c for c in app.components if c.name == promise.component), None)
    if component is None:
        return ()
    if promise.aspect == "replicas":
        counts = range(1, component.replicas)
        return [_with(app, _replicas(component, count)) for count in counts]
    if promise.aspect == "latency":
        return [_with(app, far) for far in _farther(component, promise.subject, offerings)]
    if promise.aspect not in _NEEDS:
        return ()
    of, put, unit = _NEEDS[promise.aspect]
    rooms = {of(offering) for offering in offerings}
    most = min(of(component.needs), max(rooms, default=0) + unit)
    if promise.aspect == "gpus" and most < 1:
        unit = 0.05
    step = unit * ceil(most / STEPS / unit)
    together = range(1, min(component.replicas, STEPS) + 1)  # on one of the machines
    numbers = {step * n for n in range(1, STEPS + 1)}
    numbers |= {unit * (room / count // unit) for room in rooms for count in together}
    return [
        _with(app, replace(component, needs=put(component.needs, number)))
        for number in sorted(numbers)
        if 0 < number < most
    ]


def _headroom(app: App, level: Level) -> App:
    return replace(app, policy=replace(app.policy, headroom=level))


def _spread(app: App, level: str, count: int) -> App:
    return replace(app, policy=replace(app.policy, spread={**app.policy.spread, level: count}))


def _replicas(component: Component, count: int) -> Component:
    return replace(component, replicas=count, quorum=min(component.quorum, count))


def _gpus(needs: Needs, count: float) -> Needs:
    """Any so many of them."""
    return replace(needs, gpus=round(count, 3), gpu_numbers=())


def _farther(
    component: Component, other: str, offerings: Sequence[Offering]
) -> Iterator[Component]:
    """As far away as something is, the farthest first."""
    most_ms = next(each.most_ms for each in component.latency if each.to == other)
    known = {WITHIN_MS, *apart(offerings).distances.values()}
    for ms in sorted((ms for ms in known if ms > most_ms), reverse=True):
        latency = (replace(x, most_ms=ms) if x.to == other else x for x in component.latency)
        yield replace(component, latency=tuple(latency))


def _with(app: App, component: Component) -> App:
    """With this one in the place of the one of its name."""
    components = (component if c.name == component.name else c for c in app.components)
    return replace(app, components=tuple(components))


_NEEDS: Mapping[
    Aspect,
    tuple[Callable[[Needs | Offering], float], Callable[[Needs, float], Needs], float],
] = {
    "cpu": (lambda of: of.cpu, lambda needs, n: replace(needs, cpu=n), 0.25),
    "memory": (lambda of: of.memory_mib, lambda needs, n: replace(needs, memory_mib=int(n)), 64),
    "gpus": (lambda of: of.gpus, _gpus, 1),
    "disk": (lambda of: of.disk_mib, lambda needs, n: replace(needs, disk_mib=int(n)), 64),
}
