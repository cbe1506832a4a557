"""One walk over a plan, upon what was observed and what earlier walks left open."""

from __future__ import annotations

from collections.abc import Iterator

from moot.engine.apply import Apply
from moot.engine.ask import Question, ask
from moot.engine.journal import Journal, Kind
from moot.engine.survey import pages
from moot.engine.turn import Hands, Observation, World
from moot.engine.walk import Walk
from moot.model.diagnostic import Diagnostic
from moot.model.plan import Create, Plan
from moot.provider import ProviderError, Scope


def carry_out(
    plan: Plan,
    observed: Observation,
    world: World,
    journal: Journal,
    hands: Hands,
    before: Walk | None = None,
) -> Walk:
    """Returns when nothing more can happen; failures are in the walk.

    `before` is the walk that this one goes on with: what it did counts.
    """
    newest = sorted(observed.items, key=lambda item: item.incarnation)
    creates = [change for change in plan.changes if isinstance(change, Create)]
    attempts = {c.key: world.store.attempts(journal.app, c.address, c.incarnation) for c in creates}
    walk = Walk(
        plan=plan,
        items={str(item.address): item for item in newest},
        seal=world.seal,
        create_class=lambda want: world.venues.schema(want.venue, want.type).create_class,
        attempts=attempts,
        unknown={change.key for change in plan.changes} & journal.pending.keys(),
        refused=dict(observed.refused),
        before=before,
    )
    _look_before(walk, world, journal)
    executor = hands.executor or Apply
    return executor(
        walk=walk,
        venues=world.venues,
        journal=journal,
        slots=world.slots,
        secrets=hands.secrets,
        observer=hands.observer,
        cancelled=hands.cancelled,
        renew=hands.renew,
    ).run()


def _look_before(walk: Walk, world: World, journal: Journal) -> None:
    """What there is before anything is made that cannot be marked: whatever is more afterwards,
    should no end of a call be seen, may be what it made.
    """
    kinds: dict[Kind, list[str]] = {}
    for create in walk.creates.values():
        if walk.recovery(create) == "BARE":
            kinds.setdefault((create.want.venue, create.want.type), []).append(create.key)
    questions = {
        (venue, type): Question(venue, type, f"list {type}", pages(type, Scope(installation=None)))
        for venue, type in kinds
    }
    answers = ask(questions, world.venues, world.slots, journal.renew) if kinds else {}
    journal.before = {}
    for kind, answer in answers.items():
        if isinstance(answer, ProviderError) or not all(page.complete for page in answer):
            walk.refused.update(_not_before_it_answers(kind, kinds[kind]))
        else:
            journal.before[kind] = [item.identifier for page in answer for item in page.items]


def _not_before_it_answers(kind: Kind, keys: list[str]) -> Iterator[tuple[str, Diagnostic]]:
    for key in keys:
        yield (
            key,
            Diagnostic(
                summary=f"could not {key.partition('#')[0]}",
                detail=f"{kind[0]} does not list {kind[1]}, and things of it carry no marks: after "
                "an interruption nobody could tell what was made",
                remedy="run the same command again when it answers",
            ),
        )
