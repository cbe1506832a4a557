"""One turn of the loop: observe -> place -> connect -> lower -> plan -> judge -> apply -> record.

`moot up` is one turn, `moot plan` stops before anything is changed, and `moot down` is a turn that
wants nothing.  A controller would call the same function for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from moot.engine.carry_out import carry_out
from moot.engine.journal import Journal
from moot.engine.propose import difference
from moot.engine.recovery import finishes, recovered, wait_for_late_calls, wait_for_namesakes
from moot.engine.reserve import reserved
from moot.engine.resting import come_to_rest
from moot.engine.turn import Hands, Observation, Turn, World
from moot.engine.unreached import unended
from moot.engine.walk import Walk
from moot.model.app import App
from moot.model.plan import Delete, Plan
from moot.passes.discardable import discardable

ROUNDS = 3  # how often a turn looks, plans and applies before it leaves the rest to the next one


def reconcile(
    app: App,
    world: World,
    journal: Journal,
    hands: Hands,
    announce: Callable[[Turn], None],
) -> tuple[Turn, Walk]:
    """Make the App so.  `announce` is called once, before the first change."""

    def wanted(observed: Observation) -> Turn:
        return reserved(app, observed, world, journal)

    return converge(app.name, wanted, world, journal, hands, announce)


def retire(
    app: str,
    world: World,
    journal: Journal,
    hands: Hands,
    announce: Callable[[Turn], None],
    purge: bool,
) -> tuple[Turn, Walk]:
    """A turn that wants nothing: what keeps data stays, unless `purge`."""

    def wanted(observed: Observation) -> Turn:
        plan = difference((), observed, world, app, purge, "taken down")
        feasible = unended(plan, {stale.venue: stale.reason for stale in observed.stale})
        return Turn(
            app=app,
            plan=feasible.plan,
            observed=observed,
            begun_at=journal.now(),
            lacking=feasible.lacking,
            ports={},
        )

    turn, walk = converge(app, wanted, world, journal, hands, announce)
    if not walk.failures and not walk.cancelled and not turn.lacking:
        with world.store.turn(journal.lease):
            world.store.put_ports(app, {})
            world.store.put_placement(app, None)
    return turn, walk


def discard(
    app: str, names: Sequence[str], world: World, journal: Journal, hands: Hands
) -> tuple[Turn, Walk]:
    """A turn that deletes the named things that keep data, and nothing else."""
    begun_at = journal.now()
    observed = recovered(app, world, journal, hands)
    chosen = discardable(names, observed.items)
    plan = Plan(tuple(Delete(have=item, reason="asked for by name") for item in chosen))
    turn = Turn(app=app, plan=plan, observed=observed, begun_at=begun_at, ports={})
    return turn, carry_out(plan, observed, world, journal, hands)


def converge(
    app: str,
    wanted: Callable[[Observation], Turn],
    world: World,
    journal: Journal,
    hands: Hands,
    announce: Callable[[Turn], None],
) -> tuple[Turn, Walk]:
    """Look, plan and apply; and once more where a call had an end that nobody saw, or where what
    was half made has only been finished.

    The turn as it was announced, and the last walk, which also counts what those before it did.
    """
    begun_at = journal.now()
    first = turn = _decided(app, wanted, world, journal, hands)
    announce(first)
    walk = carry_out(turn.plan, turn.observed, world, journal, hands)
    for _ in range(ROUNDS - 1):
        late = wait_for_late_calls(app, walk, turn.observed.at, world, journal, hands)
        if not late and not finishes(walk):
            break
        observed = recovered(app, world, journal, hands)
        if late and late <= {intent.id for intent in observed.undecided}:
            break  # the wait has shown nothing new
        turn = wanted(observed)
        walk = carry_out(turn.plan, observed, world, journal, hands, walk)
    come_to_rest(turn, walk, world, journal)
    return replace(first, observed=turn.observed, lacking=turn.lacking, begun_at=begun_at), walk


def _decided(
    app: str,
    wanted: Callable[[Observation], Turn],
    world: World,
    journal: Journal,
    hands: Hands,
) -> Turn:
    """The turn up to its plan, once no earlier create can undo what it is about to do."""
    while True:
        turn = wanted(recovered(app, world, journal, hands))
        if not wait_for_namesakes(turn, world, journal, hands):
            return turn
