"""The turn up to its plan: observe, place, connect, lower, plan and judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moot.engine.astray import strayed
from moot.engine.ground import given_up
from moot.engine.observe import observe
from moot.engine.promised import promised
from moot.engine.reasoned import reasoned
from moot.engine.recorded import Seen, findings_of, fresh, rested
from moot.engine.remembered import remembered
from moot.engine.sketch import Sketch
from moot.engine.spared import scarce, spared
from moot.engine.turn import Turn, sealed
from moot.engine.unreached import passed_over, reached
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import SHARED
from moot.model.plan import Create
from moot.model.value import Secret, at_path, encode, substitute
from moot.passes.judge import judge
from moot.passes.narrow import narrow
from moot.passes.plan import plan as planned

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from moot.engine.journal import Journal
    from moot.engine.turn import Observation, World
    from moot.model.app import App
    from moot.model.finding import Finding, Rule
    from moot.model.plan import Plan
    from moot.model.resource import Resource
    from moot.model.value import Ref, Value
    from moot.passes.narrow import Rested
    from moot.provider import TypeSchema


def propose(
    app: App,
    world: World,
    journal: Journal | None = None,
    observed: Observation | None = None,
) -> Turn:
    """The turn up to its plan; without a journal nothing at all is written.

    `observed` is what exists, where somebody has looked just now.  What is at rest is not compared
    again where its record can be trusted: what has changed meanwhile was just written down, or all
    of it is young enough.
    """
    begun_at = world.venues.env.now()
    kinds = frozenset(world.store.kinds(app.name))
    if observed is None and (journal or not fresh(app.name, world)):
        observed = observe(app.name, world, journal)
    seen = Seen(app.name, world, observed)
    silent = {
        **(observed.unreached if observed else {}),
        **(journal.passed_over if journal else {}),
    }
    sketch = Sketch.of(app, world, seen.within(()).items, silent)
    if journal:
        journal.passed_over |= given_up(sketch.ground)
    with reasoned(sketch.ground, world):
        outlook = promised(sketch.ground, sketch.placement)
        headroom = spared(sketch.ground, sketch.placement)
    before = world.store.resting(app.name)
    rest = rested(sketch, before) if journal or observed is None else None
    draft = _drafted(sketch, seen, rest, journal)
    silent = {**sketch.absent, **{stale.venue: stale.reason for stale in draft.observed.stale}}
    feasible = reached(draft.plan, sketch.placement, silent)
    findings = _judged(draft.desired, world.rules)
    if draft.within is not None:
        findings = (*findings, *findings_of(before, draft.within))
    return Turn(
        app=app.name,
        plan=feasible.plan,
        observed=draft.observed,
        begun_at=begun_at,
        placement=sketch.placement,
        ground=sketch.ground,
        outlook=outlook,
        headroom=headroom,
        shares=sketch.connected.shares,
        ports=sketch.connected.ports,
        findings=tuple(sorted(findings, key=lambda f: (f.address or "", f.rule, f.problem))),
        warnings=(
            *sketch.warnings(),
            *scarce(headroom, sketch.ground),
            *strayed(sketch.ground, world),
            *feasible.warnings,
            *passed_over(sketch.ground, feasible.concerned),
            *_unsafe(feasible.plan, world),
        ),
        withheld=feasible.withheld,
        lacking=feasible.lacking,
        desired=draft.desired,
        within=draft.within,
        rested=rest,
        kinds=kinds,
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A plan, and what it was made from: of the components `within`, or of all."""

    plan: Plan
    desired: tuple[Resource, ...]
    observed: Observation
    within: frozenset[str] | None


def _drafted(sketch: Sketch, seen: Seen, rest: Rested | None, journal: Journal | None) -> _Draft:
    """Compare what is not at rest; what that touches as well, as often as it touches more."""
    app, world = sketch.app.name, sketch.world
    within = narrow(rest) if rest else None
    while True:
        desired = sketch.desired(within)
        if seen.observed:
            everything = remembered(desired, seen.observed, world, journal)
            seen = replace(seen, observed=everything)
        observed = remembered(desired, seen.within(within), world, journal)
        plan = difference(desired, observed, world, app, within=within)
        more = narrow(rest, plan) if rest and within is not None else None
        if within is None or more is None or more <= within:
            return _Draft(plan, desired, seen.observed or observed, within)
        within |= more


def difference(
    desired: Iterable[Resource],
    observed: Observation,
    world: World,
    app: str,
    purge: bool = False,
    unwanted: str = "no longer declared",
    within: Collection[str] | None = None,
) -> Plan:
    """The plan from what the App has to what is desired; `purge` also ends what keeps data.

    `within`: both are of these components only, and of what is the App's own.
    """
    desired = tuple(desired)
    of_type = {r.type: r.venue for r in desired} | {i.type: i.venue for i in observed.items}
    return planned(
        desired,
        [sealed(item, world) for item in observed.items],
        facts=lambda type: world.venues.facts(of_type[type], type),
        seal=world.seal,
        used=_used({r.address: r for r in desired}, observed, world, app, within),
        purge=purge,
        unwanted=unwanted,
    )


def _used(
    wanted: Mapping[str, Resource],
    observed: Observation,
    world: World,
    app: str,
    within: Collection[str] | None,
) -> dict[str, int]:
    """By address the highest incarnation that is not to be made, or not any more.

    An earlier create of it that may still land asked for something else: under the same name there
    would then be the wrong thing.  What keeps data is made once, whatever was asked for.
    """
    names = None if within is None else {SHARED, *within}
    used = {address: used for address, (_, used) in world.store.identities(app, names).items()}
    items = {item.address: item for item in observed.items}

    def known(unknown: Ref | Secret) -> Value:
        if isinstance(unknown, Secret) or unknown.address not in items:
            return unknown
        value = at_path(items[unknown.address].properties, unknown.attribute)
        return unknown if value is None else value

    for intent in observed.undecided:
        want = wanted.get(intent.address)
        if intent.verb == "create" and want and not _schema(want, world).keeps_data:
            now = world.seal(want.type, substitute(want.properties, known))
            differs = encode(now) != encode(intent.item.applied)
            if differs and intent.change not in observed.refused:
                used[want.address] = max(used.get(want.address, 0), intent.incarnation)
    return used


def _schema(want: Resource, world: World) -> TypeSchema:
    return world.venues.schema(want.venue, want.type)


def _judged(desired: Iterable[Resource], rules: Iterable[Rule]) -> tuple[Finding, ...]:
    findings = judge(desired, rules)
    refusals = [f for f in findings if f.severity == "refusal"]
    if refusals:
        raise Refused(
            *(
                Diagnostic(
                    summary=f"{f.address} breaks rule {f.rule}", detail=f.problem, remedy=f.remedy
                )
                for f in refusals
            )
        )
    return findings


def _unsafe(plan: Plan, world: World) -> Iterable[Diagnostic]:
    creates = [change.want for change in plan.changes if isinstance(change, Create)]
    for venue, type in dict.fromkeys((want.venue, want.type) for want in creates):
        if world.venues.schema(venue, type).create_class == "BARE":
            yield Diagnostic(
                severity="warning",
                summary=f"making {type} on {venue} is not crash-safe",
                detail="its things carry neither a name nor marks of ours: after an interruption "
                "nothing tells which of them were just made",
                remedy="should that happen, `moot up` shows what there is more than before",
            )
