"""One turn of the loop: observe -> place -> connect -> lower -> plan -> judge -> apply -> record.

`moot up` is one turn, `moot plan` stops before anything is changed, and `moot down` is a turn that
wants nothing.  A controller would call the same function for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from moot.engine.apply import Apply
from moot.engine.cost import cost
from moot.engine.journal import Journal
from moot.engine.observe import Observation, observe
from moot.engine.seal import Seal
from moot.engine.slots import Slots
from moot.engine.venues import Venues
from moot.engine.walk import Walk
from moot.model.app import App
from moot.model.codec import placement_from_json, placement_to_json
from moot.model.diagnostic import Diagnostic, Failure, Refused
from moot.model.finding import Finding, Rule
from moot.model.placement import Placement, Share
from moot.model.plan import Delete, Plan
from moot.model.report import Proposal, Step
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON, Secret
from moot.passes.connect import connect
from moot.passes.discardable import discardable
from moot.passes.judge import judge
from moot.passes.lower import lower
from moot.passes.place import place
from moot.passes.plan import plan
from moot.store import PortTaken, Store

LOST_RACES = 3  # how often a turn is planned anew because another App took a port meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every turn works with: venues, memory, and the key of the digests."""

    venues: Venues
    store: Store
    seal: Seal
    slots: Slots
    installation: str
    generation: int
    allowed: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn up to the moment at which something would be changed."""

    app: str
    plan: Plan
    observed: Observation
    begun_at: float
    placement: Placement | None = None
    shares: tuple[Share, ...] = ()
    ports: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    def proposal(self, app: App) -> Proposal:
        """What `plan` shows and `up` announces."""
        placement = self.placement or Placement(assignments=())
        return Proposal(
            app=app,
            plan=self.plan,
            placement=placement,
            cost=cost(placement),
            findings=self.findings,
            warnings=(*self.warnings, *self.observed.warnings),
            stale=self.observed.stale,
        )


@dataclass(frozen=True, slots=True)
class Hands:
    """What an apply needs of its caller: secrets, someone to tell, and a way to be stopped."""

    secrets: Mapping[Secret, bytes]
    observer: Callable[[Step], None]
    cancelled: threading.Event
    renew: Callable[[], None]


def reconcile(
    app: App,
    world: World,
    journal: Journal,
    hands: Hands,
    announce: Callable[[Turn], None],
) -> tuple[Turn, Walk]:
    """Make the App so.  `announce` is called once, before the first change."""
    turn = _begun(app, world, journal)
    announce(turn)
    return turn, _apply(turn, world, journal, hands)


def retire(
    app: str,
    world: World,
    journal: Journal,
    hands: Hands,
    announce: Callable[[Turn], None],
    purge: bool,
) -> tuple[Turn, Walk]:
    """A turn that wants nothing: what keeps data stays, unless `purge`."""
    begun_at = journal.now()
    observed = observe(app, world.venues, world.store, world.slots, world.installation, journal)
    plan = _difference((), observed, world, app, purge, "taken down")
    turn = Turn(app=app, plan=plan, observed=observed, begun_at=begun_at, ports={})
    announce(turn)
    walk = _apply(turn, world, journal, hands)
    if not walk.failures and not walk.cancelled:
        with world.store.turn(journal.lease):
            world.store.put_ports(app, {})
            world.store.put_placement(app, None)
    return turn, walk


def discard(
    app: str, names: Sequence[str], world: World, journal: Journal, hands: Hands
) -> tuple[Turn, Walk]:
    """A turn that deletes the named things that keep data, and nothing else."""
    begun_at = journal.now()
    observed = observe(app, world.venues, world.store, world.slots, world.installation, journal)
    chosen = discardable(names, observed.items)
    plan = Plan(tuple(Delete(have=item, reason="asked for by name") for item in chosen))
    turn = Turn(app=app, plan=plan, observed=observed, begun_at=begun_at, ports={})
    return turn, _apply(turn, world, journal, hands)


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
        plan=_difference(desired, observed, world, app.name),
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


def _difference(
    desired: Iterable[Resource],
    observed: Observation,
    world: World,
    app: str,
    purge: bool = False,
    unwanted: str = "no longer declared",
) -> Plan:
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


def _begun(app: App, world: World, journal: Journal) -> Turn:
    """A turn whose ports are reserved; planned again where another App took one meanwhile."""
    for _ in range(LOST_RACES):
        turn = propose(app, world, journal)
        try:
            _reserve(turn, world, journal)
        except PortTaken:
            continue
        return turn
    raise Failure(_lost_race())


def _reserve(turn: Turn, world: World, journal: Journal) -> None:
    """Take the ports and remember the placement, in one transaction."""
    assert turn.placement is not None
    body: dict[str, JSON] = placement_to_json(turn.placement)
    body["endpoints"] = [
        [
            listener.component,
            listener.target,
            [f"{address}:{port}" for address, port in listener.binds],
        ]
        for share in turn.shares
        for listener in share.listeners
    ]
    with world.store.turn(journal.lease):
        world.store.put_ports(turn.app, turn.ports)
        world.store.put_placement(turn.app, body)


def _apply(turn: Turn, world: World, journal: Journal, hands: Hands) -> Walk:
    newest = sorted(turn.observed.items, key=lambda item: item.incarnation)
    walk = Walk(
        plan=turn.plan,
        items={str(item.address): item for item in newest},
        seal=world.seal,
    )
    return Apply(
        walk=walk,
        venues=world.venues,
        journal=journal,
        slots=world.slots,
        secrets=hands.secrets,
        observer=hands.observer,
        cancelled=hands.cancelled,
        renew=hands.renew,
    ).run()


def sealed(item: ConfigurationItem, world: World) -> ConfigurationItem:
    """The item as it may be stored and compared: sensitive values as digests."""
    return replace(item, properties=world.seal(item.type, item.properties))


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


def _lost_race() -> Diagnostic:
    return Diagnostic(
        summary="another app took a port this one was given",
        detail=f"it happened {LOST_RACES} times in a row",
        remedy="run the same command again",
    )
