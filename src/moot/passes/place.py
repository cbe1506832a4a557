"""App x Offerings x prior Placement -> Placement: drop what cannot run, take the cheapest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import inf

from moot.model.app import App, Component
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Placement, Rejection, Run, RunsAs
from moot.model.venue import Offering

# A mover must save more than this an hour: below it, churn costs more than it saves.
MOVE_THRESHOLD = Decimal("0.01")
ISOLATION = ("process", "container", "vm", "metal")
UNKNOWN_PRICE = Decimal(10**6)

Key = tuple[str, str]  # venue and name of an offering
Way = tuple[Offering, RunsAs]
Room = dict[Key, tuple[float, float, float]]  # CPUs, MiB of memory, MiB of disk


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

    Replicas that go the same way are placed in one step, so the cost follows the components.
    """
    room: Room = {_key(o): (o.cpu, o.memory_mib, o.disk_mib) for o in offerings}
    before: dict[str, list[Run]] = {}
    for run in prior.runs if prior else ():
        before.setdefault(run.component, []).append(run)
    placed: list[Run] = []
    rejections: list[Rejection] = []
    problems: list[Diagnostic] = []
    candidates = {c.name: _candidates(app, c, offerings, homes or {}) for c in app.components}
    able = {name: {o.venue for o, _ in fits} for name, (fits, _) in candidates.items()}
    sharers = _sharers(app)
    for component in app.components:
        fits, rejected = _together(component, sharers, able, candidates[component.name])
        rejected += [Rejection(component.name, v, "-", why) for v, why in (absent or {}).items()]
        rejections += rejected
        at_home = before.get(component.name, [])
        choices = [
            chosen
            for venue in dict.fromkeys(o.venue for o, _ in fits)
            if (
                chosen := _fill(
                    app, component, [f for f in fits if f[0].venue == venue], room, at_home
                )
            )
        ]
        if component.replicas and not choices:
            problems.append(_unplaceable(component, fits, rejected))
            continue
        if choices:
            best = _choose(choices, at_home)
            placed += best
            able[component.name] = {best[0].offering.venue}
            for run in best:
                _take(room, run.offering, component, run.count)
    if problems:
        raise Refused(*problems)
    return Placement(assignments=Assignments(placed), rejections=tuple(rejections))


def _candidates(
    app: App, component: Component, offerings: Sequence[Offering], homes: Mapping[str, str]
) -> tuple[list[Way], list[Rejection]]:
    fits: list[Way] = []
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


def _sharers(app: App) -> dict[str, list[tuple[str, str]]]:
    """By component the others with replicas that share a volume with it, each with that volume."""
    ours = {volume.name for volume in app.volumes if not volume.external}
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


def _together(
    component: Component,
    sharers: Mapping[str, Sequence[tuple[str, str]]],
    able: Mapping[str, set[str]],
    candidates: tuple[list[Way], list[Rejection]],
) -> tuple[list[Way], list[Rejection]]:
    """The candidates in venues that can run, or already do, all it shares a volume with."""
    found, rejected = candidates
    others = sharers.get(component.name)
    if not others:
        return found, rejected
    fits: list[Way] = []
    for offering, runs_as in found:
        apart = next((o for o in others if offering.venue not in able[o[0]]), None)
        if apart:
            reason = "{!r}, which shares its volume {!r}, is not or cannot be there".format(*apart)
            rejected.append(Rejection(component.name, offering.venue, offering.name, reason))
        else:
            fits.append((offering, runs_as))
    return fits, rejected


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
    fits: Sequence[Way],
    room: Room,
    before: Iterable[Run],
) -> list[Run] | None:
    """All replicas on these offerings, where they are or else cheapest first.

    None where they do not all fit.
    """
    left: Room = {_key(o): room[_key(o)] for o, _ in fits}
    ordered = sorted(fits, key=lambda fit: (_price(fit[0]), fit[0].name))
    made: list[Run] = []
    for first, count, home in _stretches(component, before):
        done = 0
        while done < count:
            open = [f for f in ordered if _capacity(left[_key(f[0])], component) >= 1]
            if not open:
                return None
            offering, runs_as = _nearest(open, home)
            # As long as this one has room, the choice stays the same.
            fitting = int(min(count - done, _capacity(left[_key(offering)], component)))
            _take(left, offering, component, fitting)
            if made and made[-1].offering is offering:
                made[-1] = replace(made[-1], count=made[-1].count + fitting)
            else:
                start = first + done
                made.append(Run(app.name, component.name, start, fitting, offering, runs_as))
            done += fitting
    return made


def _stretches(
    component: Component, before: Iterable[Run]
) -> Iterator[tuple[int, int, Offering | None]]:
    """The replicas in stretches (first, count) that were on one offering, or nowhere yet."""
    reached = 0
    for run in sorted(before, key=lambda run: run.first):
        first, end = max(run.first, reached), min(run.first + run.count, component.replicas)
        if first >= end:
            continue
        if reached < first:
            yield reached, first - reached, None
        yield first, end - first, run.offering
        reached = end
    if reached < component.replicas:
        yield reached, component.replicas - reached, None


def _nearest(ordered: Sequence[Way], home: Offering | None) -> Way:
    """Where it is, unless the cheapest saves the threshold."""
    for offering, runs_as in ordered if home else ():
        same = home and _key(offering) == _key(home)
        if same and _price(offering) - _price(ordered[0][0]) <= MOVE_THRESHOLD:
            return offering, runs_as
    return ordered[0]


def _capacity(left: tuple[float, float, float], component: Component) -> float:
    """How many replicas there is room for; a billionth of one is forgiven to binary fractions."""
    needs = component.needs
    wanted = (needs.cpu, needs.memory_mib, needs.disk_mib)
    counts = (have / want + 1e-9 for have, want in zip(left, wanted, strict=True) if want > 0)
    return min(counts, default=inf)


def _take(room: Room, offering: Offering, component: Component, count: int) -> None:
    cpu, memory_mib, disk_mib = room[_key(offering)]
    needs = component.needs
    room[_key(offering)] = (
        cpu - count * needs.cpu,
        memory_mib - count * needs.memory_mib,
        disk_mib - count * needs.disk_mib,
    )


def _choose(choices: Sequence[list[Run]], before: Iterable[Run]) -> list[Run]:
    """The cheapest venue, but stay where most replicas are unless moving saves the threshold.

    Ties: a plain process before a container, then by name, so that the same input gives the same
    placement on every machine.
    """

    def rank(choice: list[Run]) -> tuple[Decimal, bool, str]:
        first = choice[0]
        return _cost(choice), first.runs_as == "container", first.offering.venue

    best = min(choices, key=rank)
    replicas = sum(run.count for run in best)
    homes = {run.offering.venue for run in before if run.first < replicas}
    stay = [c for c in choices if c[0].offering.venue in homes]
    if stay:
        home = min(stay, key=rank)
        if _cost(home) - _cost(best) <= MOVE_THRESHOLD:
            return home
    return best


def _cost(choice: Iterable[Run]) -> Decimal:
    return sum((_price(run.offering) * run.count for run in choice), Decimal(0))


def _key(offering: Offering) -> Key:
    return offering.venue, offering.name


def _price(offering: Offering) -> Decimal:
    """An unknown price is taken for a very high one: never chosen where another is known."""
    return UNKNOWN_PRICE if offering.hourly is None else offering.hourly


def _unplaceable(
    component: Component,
    fits: Sequence[Way],
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
