"""One turn of the loop: observe -> place -> connect -> lower -> plan -> judge -> apply -> record.

`moot up` is one turn, `moot plan` stops before anything is changed, and `moot down` is a turn that
wants nothing.  A controller would call the same function for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moot.engine.apply import Apply
from moot.engine.journal import Journal
from moot.engine.observe import observe
from moot.engine.propose import difference, propose
from moot.engine.turn import Hands, Turn, World
from moot.engine.walk import Walk
from moot.model.app import App
from moot.model.codec import placement_to_json
from moot.model.diagnostic import Diagnostic, Failure
from moot.model.plan import Delete, Plan
from moot.model.value import JSON
from moot.passes.discardable import discardable
from moot.store import PortTaken

LOST_RACES = 3  # how often a turn is planned anew because another App took a port meanwhile


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
    plan = difference((), observed, world, app, purge, "taken down")
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


def _lost_race() -> Diagnostic:
    return Diagnostic(
        summary="another app took a port this one was given",
        detail=f"it happened {LOST_RACES} times in a row",
        remedy="run the same command again",
    )
