"""App x Offerings x prior Placement -> Placement: drop what cannot run, take the cheapest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from moot.model.app import App, Component
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignment, Placement, Rejection
from moot.model.venue import Offering

RunsAs = Literal["process", "container"]

# A mover must save more than this an hour: below it, churn costs more than it saves.
MOVE_THRESHOLD = Decimal("0.01")
ISOLATION = ("process", "container", "vm", "metal")
UNKNOWN_PRICE = Decimal(10**6)


def place(
    app: App,
    offerings: Sequence[Offering],
    prior: Placement | None = None,
    homes: Mapping[str, str] | None = None,
    absent: Mapping[str, str] | None = None,
) -> Placement:
    """Every replica on an offering with room, all replicas of a component in one venue.

    Components that share a volume share a venue.  `homes` says in which venue each existing volume
    is; a component goes where its data is.  `absent` are venues that do not answer, with the
    reason.  Raises Refused with every component that cannot be placed and why.
    """
    room = {(o.venue, o.name): [o.cpu, float(o.memory_mib), float(o.disk_mib)] for o in offerings}
    before = {a.replica: a.offering for a in prior.assignments} if prior else {}
    assignments: list[Assignment] = []
    rejections: list[Rejection] = []
    problems: list[Diagnostic] = []
    candidates = {c.name: _candidates(app, c, offerings, homes or {}) for c in app.components}
    able = {name: {o.venue for o, _ in fits} for name, (fits, _) in candidates.items()}
    for component in app.components:
        fits, rejected = _together(app, component, able, candidates[component.name])
        rejected += [Rejection(component.name, v, "-", why) for v, why in (absent or {}).items()]
        rejections += rejected
        choices = [
            chosen
            for venue in dict.fromkeys(o.venue for o, _ in fits)
            if (
                chosen := _fill(
                    app, component, [f for f in fits if f[0].venue == venue], room, before
                )
            )
        ]
        if component.replicas and not choices:
            problems.append(_unplaceable(component, fits, rejected))
            continue
        if choices:
            best = _choose(choices, before)
            assignments += best
            able[component.name] = {best[0].offering.venue}
            for assignment in best:
                _take(room, assignment.offering, component)
    if problems:
        raise Refused(*problems)
    return Placement(assignments=tuple(assignments), rejections=tuple(rejections))


def _candidates(
    app: App, component: Component, offerings: Sequence[Offering], homes: Mapping[str, str]
) -> tuple[list[tuple[Offering, RunsAs]], list[Rejection]]:
    fits: list[tuple[Offering, RunsAs]] = []
    rejected: list[Rejection] = []
    for offering in offerings:
        runs_as = _way(component, offering)
        reason = _misfit(app, component, offering, homes)
        if reason is None and isinstance(runs_as, Rejection):
            reason = runs_as.reason
        if reason is not None or isinstance(runs_as, Rejection):
            reason = reason or "cannot run it"
            rejected.append(Rejection(component.name, offering.venue, offering.name, reason))
        else:
            fits.append((offering, runs_as))
    return fits, rejected


def _together(
    app: App,
    component: Component,
    able: Mapping[str, set[str]],
    candidates: tuple[list[tuple[Offering, RunsAs]], list[Rejection]],
) -> tuple[list[tuple[Offering, RunsAs]], list[Rejection]]:
    """The candidates in venues that can run, or already do, all it shares a volume with."""
    found, rejected = candidates
    others = [
        (other.name, source)
        for other in app.components
        if other.name != component.name and other.replicas
        for source in sorted(_volumes(app, other) & _volumes(app, component))
    ]
    fits: list[tuple[Offering, RunsAs]] = []
    for offering, runs_as in found:
        apart = next((o for o in others if offering.venue not in able[o[0]]), None)
        if apart:
            reason = "{!r}, which shares its volume {!r}, is not or cannot be there".format(*apart)
            rejected.append(Rejection(component.name, offering.venue, offering.name, reason))
        else:
            fits.append((offering, runs_as))
    return fits, rejected


def _volumes(app: App, component: Component) -> set[str]:
    ours = {volume.name for volume in app.volumes if not volume.external}
    return ours & {m.source for m in component.mounts if m.kind == "volume"}


def _way(component: Component, offering: Offering) -> RunsAs | Rejection:
    """How it would run there: as a process where both ways are open and isolation allows it."""
    floor = ISOLATION.index(component.isolation) if component.isolation else 0
    processes = "runs:process" in offering.traits
    containers = "runs:container" in offering.traits
    if component.process and processes and floor <= ISOLATION.index("process"):
        return "process"
    if component.container and containers and floor <= ISOLATION.index("container"):
        return "container"
    return Rejection(component.name, offering.venue, offering.name, _no_way(component, offering))


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
    if app.policy.venues and offering.venue not in app.policy.venues:
        return f"is not among the app's venues ({', '.join(app.policy.venues)})"
    missing = sorted((needs.traits | set(app.policy.residency)) - offering.traits)
    if missing:
        return f"lacks {', '.join(missing)}"
    for mount in component.mounts:
        home = homes.get(mount.source) if mount.kind == "volume" else None
        if home is not None and home != offering.venue:
            return (
                f"its volume {mount.source!r} with the data is on {home}, and data cannot move yet"
            )
    if offering.cpu < needs.cpu:
        return f"has {offering.cpu:g} CPUs, it needs {needs.cpu:g}"
    if offering.memory_mib < needs.memory_mib:
        return f"has {offering.memory_mib} MiB of memory, it needs {needs.memory_mib}"
    if offering.disk_mib < needs.disk_mib:
        return f"has {offering.disk_mib} MiB of disk, it needs {needs.disk_mib}"
    if component.segmentation_required and not offering.segmented:
        return "cannot keep networks apart, and it requires segmentation"
    return None


def _fill(
    app: App,
    component: Component,
    fits: Sequence[tuple[Offering, RunsAs]],
    room: Mapping[tuple[str, str], Sequence[float]],
    before: Mapping[str, Offering],
) -> list[Assignment] | None:
    """All replicas on these offerings, where they are or else cheapest first.

    None where they do not all fit.
    """
    left = {(o.venue, o.name): list(room[o.venue, o.name]) for o, _ in fits}
    ordered = sorted(fits, key=lambda fit: (_price(fit[0]), fit[0].name))
    made: list[Assignment] = []
    for index in range(component.replicas):
        replica = f"{app.name}/{component.name}/{index}"
        open = [f for f in ordered if _has_room(left[f[0].venue, f[0].name], component)]
        if not open:
            return None
        offering, runs_as = _nearest(open, before.get(replica))
        _take(left, offering, component)
        made.append(Assignment(replica, component.name, index, offering, runs_as))
    return made


def _nearest(
    ordered: Sequence[tuple[Offering, RunsAs]], home: Offering | None
) -> tuple[Offering, RunsAs]:
    """Where it is, unless the cheapest saves the threshold."""
    for offering, runs_as in ordered if home else ():
        same = home and (offering.venue, offering.name) == (home.venue, home.name)
        if same and _price(offering) - _price(ordered[0][0]) <= MOVE_THRESHOLD:
            return offering, runs_as
    return ordered[0]


def _has_room(left: Sequence[float], component: Component) -> bool:
    needs = component.needs
    wanted = (needs.cpu, needs.memory_mib, needs.disk_mib)
    return all(have >= want for have, want in zip(left, wanted, strict=True))


def _take(
    room: Mapping[tuple[str, str], list[float]], offering: Offering, component: Component
) -> None:
    left = room[offering.venue, offering.name]
    left[0] -= component.needs.cpu
    left[1] -= component.needs.memory_mib
    left[2] -= component.needs.disk_mib


def _choose(
    choices: Sequence[list[Assignment]], before: Mapping[str, Offering]
) -> list[Assignment]:
    """The cheapest venue, but stay where most replicas are unless moving saves the threshold.

    Ties: a plain process before a container, then by name, so that the same input gives the same
    placement on every machine.
    """

    def rank(choice: list[Assignment]) -> tuple[Decimal, bool, str]:
        first = choice[0]
        return _cost(choice), first.runs_as == "container", first.offering.venue

    best = min(choices, key=rank)
    homes = {before[a.replica].venue for a in best if a.replica in before}
    stay = [c for c in choices if c[0].offering.venue in homes]
    if stay:
        home = min(stay, key=rank)
        if _cost(home) - _cost(best) <= MOVE_THRESHOLD:
            return home
    return best


def _cost(choice: Sequence[Assignment]) -> Decimal:
    return sum((_price(a.offering) for a in choice), Decimal(0))


def _price(offering: Offering) -> Decimal:
    """An unknown price is taken for a very high one: never chosen where another is known."""
    return UNKNOWN_PRICE if offering.hourly is None else offering.hourly


def _unplaceable(
    component: Component,
    fits: Sequence[tuple[Offering, RunsAs]],
    rejected: Sequence[Rejection],
) -> Diagnostic:
    reasons = [f"{r.venue}/{r.offering}: {r.reason}" for r in rejected]
    reasons += [f"{o.venue}/{o.name}: has no room for all {component.replicas}" for o, _ in fits]
    return Diagnostic(
        summary=f"no venue can run component {component.name!r}",
        detail="\n".join(reasons) or "no venue offers any room",
        remedy="change what it needs, or add or repair a venue (`moot venue check`)",
        place=component.place,
    )
