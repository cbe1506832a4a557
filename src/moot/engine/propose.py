"""The turn up to its plan: observe, place, connect, lower, plan and judge."""

from __future__ import annotations

from collections.abc import Iterable

from moot.engine.journal import Journal
from moot.engine.observe import Observation, observe
from moot.engine.turn import Turn, World, sealed
from moot.model.app import App
from moot.model.codec import placement_from_json
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.finding import Finding, Rule
from moot.model.placement import Share
from moot.model.plan import Plan
from moot.model.resource import ConfigurationItem, Resource
from moot.passes.connect import connect
from moot.passes.judge import judge
from moot.passes.lower import lower
from moot.passes.place import place
from moot.passes.plan import plan


def propose(app: App, world: World, journal: Journal | None = None) -> Turn:
    """The turn up to its plan; without a journal nothing at all is written."""
    venues = world.venues
    begun_at = venues.env.now()
    observed = observe(app.name, venues, world.store, world.slots, world.installation, journal)
    offerings, absent = venues.offerings(_allowed(app, world))
    prior = world.store.placement(app.name)
    placement = place(
        app,
        offerings,
        prior=placement_from_json(prior) if prior else None,
        homes=_homes(observed.items),
        absent=absent,
    )
    held = world.store.ports()
    mine = {purpose: port for owner, purpose, port in held if owner == app.name}
    taken = {port: owner for owner, _, port in held if owner != app.name}
    connected = connect(app, placement, mine, taken)
    backends = {share.venue: venues.provider(share.venue).lower for share in connected.shares}
    desired = lower(app, connected.shares, backends)
    return Turn(
        app=app.name,
        plan=difference(desired, observed, world, app.name),
        observed=observed,
        begun_at=begun_at,
        placement=placement,
        shares=connected.shares,
        ports=connected.ports,
        findings=_judged(desired, world.rules),
        warnings=tuple(_segmentation(app, connected.shares)),
    )


def _allowed(app: App, world: World) -> list[str]:
    """The venues of this run that the App allows; BadInput where it names one that is not there."""
    for name in app.policy.venues:
        world.venues.known(name)
    return [v for v in world.allowed if not app.policy.venues or v in app.policy.venues]


def difference(
    desired: Iterable[Resource],
    observed: Observation,
    world: World,
    app: str,
    purge: bool = False,
    unwanted: str = "no longer declared",
) -> Plan:
    """The plan from what the App has to what is desired; `purge` also ends what keeps data."""
    desired = tuple(desired)
    of_type = {r.type: r.venue for r in desired} | {i.type: i.venue for i in observed.items}
    return plan(
        desired,
        [sealed(item, world) for item in observed.items],
        facts=lambda type: world.venues.facts(of_type[type], type),
        seal=world.seal,
        used={address: used for address, (_, used) in world.store.identities(app).items()},
        purge=purge,
        unwanted=unwanted,
    )


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


def _homes(items: Iterable[ConfigurationItem]) -> dict[str, str]:
    """In which venue each of the App's volumes is."""
    return {
        str(item.address).rpartition("/volume/")[2]: item.venue
        for item in items
        if item.keeps_data and "/volume/" in str(item.address)
    }


def _segmentation(app: App, shares: Iterable[Share]) -> Iterable[Diagnostic]:
    segments = {a.network for c in app.components for a in c.networks}
    for share in shares:
        if len(segments) > 1 and not all(a.offering.segmented for a in share.assignments):
            yield Diagnostic(
                severity="warning",
                summary=f"networks are not enforced on {share.venue}",
                detail=f"components of {', '.join(sorted(segments))} can reach one another there",
                remedy="set `x-moot: {segmentation: required}` to refuse such venues",
            )
