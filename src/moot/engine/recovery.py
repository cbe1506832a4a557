"""Find out what became of calls whose end nobody saw: by looking, by asking again, by waiting."""

from __future__ import annotations

from dataclasses import replace

from moot.engine import request
from moot.engine.carry_out import carry_out
from moot.engine.journal import Journal
from moot.engine.observe import observe
from moot.engine.settling import create_class, over_at
from moot.engine.step import UNREPEATABLE
from moot.engine.turn import Hands, Observation, Turn, World
from moot.engine.vault import Vault
from moot.engine.walk import Walk
from moot.model.plan import Create, Delete, Plan
from moot.model.report import Step
from moot.model.resource import ConfigurationItem
from moot.model.value import Ref, Secret, Value, at_path, encode, substitute, unknowns
from moot.passes.plan import INTERRUPTED
from moot.store import Intent

LOOK_S = 0.5  # between two looks for what may still land
NAP_S = 0.2  # between two looks at whether the user wants to stop


def recovered(app: str, world: World, journal: Journal, hands: Hands) -> Observation:
    """What exists, as soon as it is safe to plan upon it.

    A create with an idempotency token is made again first, by the very same request.  What then is
    in doubt still, and what leaves nothing but marks or not even those, is waited for until it can
    no longer land.  What has a name needs neither: it is planned again under it at once.
    """
    while True:
        observed = observe(app, world, journal)
        creates = [i for i in observed.undecided if i.verb == "create"]
        tokens = [i for i in creates if create_class(i, world) == "TOKEN"]
        if fresh := [i for i in tokens if i.id not in journal.replayed]:
            journal.replayed |= {intent.id for intent in fresh}
            again = tuple(create for i in fresh if (create := _replay(i, world, hands)))
            allowed, quiet = replace(observed, refused={}), replace(hands, observer=_untold)
            carry_out(Plan(again), allowed, world, journal, quiet)
            continue
        silent = {stale.venue for stale in observed.stale}
        nameless = [
            intent
            for intent in creates
            if create_class(intent, world) != "NAME" and intent.item.venue not in silent
        ]
        until = max((over_at(i, world, journal.held_since) for i in nameless), default=0.0)
        if until <= observed.at or hands.cancelled.is_set():
            return observed
        _wait(min(until, observed.at + LOOK_S), world, hands)


def wait_for_late_calls(
    app: str, walk: Walk, looked_at: float, world: World, journal: Journal, hands: Hands
) -> set[int]:
    """Intents of which more will be known by a look after this wait than one at `looked_at` told.

    Calls of them may have had an effect that nobody saw, or may still have one when this returns.
    A create whose thing stands as it was asked for is none of them.  One of which something else
    was asked for since may have a part under way still, which would undo that.
    """
    now = journal.now()
    late: dict[int, float] = {}
    for intent in world.store.open_intents(app):
        standing = walk.items.get(intent.address)
        if standing and intent.verb == "create" and _is_of(standing, intent):
            continue
        lost = intent.change in walk.unknown and create_class(intent, world) in UNREPEATABLE
        over = over_at(intent, world, journal.held_since)
        if over > looked_at or (lost and intent.change not in walk.refused):
            late[intent.id] = over
    if walk.cancelled:
        return set()
    _wait(max(late.values(), default=now), world, hands)
    return set() if hands.cancelled.is_set() else set(late)


def wait_for_namesakes(turn: Turn, world: World, journal: Journal, hands: Hands) -> bool:
    """Whether this has waited for earlier creates that could undo what the turn is about to do.

    What has a name is asked for again under it: where it is not known yet that the same will be
    asked for, the earlier one, landing late, would be taken for it.  What is made by several calls
    under a token and is to be changed must not be finished after that as it was first asked for.
    """
    changes = {change.key: change for change in turn.plan.changes}
    undecided = {intent.id for intent in turn.observed.undecided}

    def undoes(intent: Intent) -> bool:
        if intent.id not in undecided:
            update = f"update {intent.address}#{intent.incarnation}"
            return update in changes and create_class(intent, world) == "TOKEN"
        change = changes.get(intent.change)
        if not isinstance(change, Create) or create_class(intent, world) != "NAME":
            return False
        return _may_differ(change, intent, turn, world)

    late = [i for i in journal.pending.values() if i.verb == "create" and undoes(i)]
    until = max((over_at(i, world, journal.held_since) for i in late), default=0.0)
    if until <= turn.observed.at or hands.cancelled.is_set():
        return False
    _wait(until, world, hands)
    return not hands.cancelled.is_set()


def finishes(walk: Walk) -> bool:
    """Whether it has made something again that an earlier turn had begun, and it may be otherwise
    than it is wanted now.
    """
    done = (c for c in walk.creates.values() if walk.settled.get(c.key) == "done")
    return any(create.reason == INTERRUPTED and not create.replaces for create in done)


def _is_of(standing: ConfigurationItem, intent: Intent) -> bool:
    """Whether a thing is what a create asked for."""
    same = encode(standing.applied) == encode(intent.item.applied)
    return standing.incarnation == intent.incarnation and same


def _replay(intent: Intent, world: World, hands: Hands) -> Create | None:
    """The create to make once more; None where it has no token, or a Secret is not at hand."""
    if create_class(intent, world) != "TOKEN" or not intent.request:
        return None
    want = request.read(intent.request["want"], Vault(world.seal.key))
    secrets = [u for u in unknowns(want.properties) if isinstance(u, Secret)]
    if any(secret not in hands.secrets for secret in secrets):
        return None
    return Create(want=want, incarnation=intent.incarnation, reason=INTERRUPTED)


def _may_differ(create: Create, intent: Intent, turn: Turn, world: World) -> bool:
    """Whether a create may ask for something else than the intent did, once all Refs are known."""
    changing = {c.address for c in turn.plan.changes if not isinstance(c, Delete)}
    standing = {str(item.address): item for item in turn.observed.items}

    def known(unknown: Ref | Secret) -> Value:
        if isinstance(unknown, Secret) or unknown.address in changing:
            return unknown
        item = standing.get(unknown.address)
        value = item and at_path(item.properties, unknown.attribute)
        return unknown if value is None else value

    now = world.seal(create.want.type, substitute(create.want.properties, known))
    return encode(now) != encode(intent.item.applied)


def _untold(step: Step) -> None:
    """What is asked for once more was announced when it was asked for first."""


def _wait(until: float, world: World, hands: Hands) -> None:
    """Keeping the App, and unless the user wants to stop."""
    env = world.venues.env
    while (left_s := until - env.now()) > 0 and not hands.cancelled.is_set():
        env.sleep(max(0.001, min(left_s, NAP_S)))
        hands.renew()
