"""The end of a turn: which components stand as they are wanted, so that the next may pass them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from moot.engine.journal import Journal
from moot.engine.propose import difference
from moot.engine.turn import Observation, Turn, World
from moot.engine.walk import Walk
from moot.model.diagnostic import Refused
from moot.model.placement import SHARED, component_of
from moot.model.value import JSON
from moot.passes.narrow import Rested
from moot.store import Rest


def come_to_rest(turn: Turn, walk: Walk, world: World, journal: Journal) -> None:
    """Remember what is at rest now that a turn is over.

    And that of a kind which the App had nothing of there is what was made now, and no more.
    """
    if turn.rested is None:
        return
    store = world.store
    known = store.resting(turn.app)
    rests = {n: r for n, r in _rests(turn, turn.rested, walk, world).items() if r != known.get(n)}
    kinds = sorted({*store.kinds(turn.app)} - turn.kinds)
    if rests or kinds:
        with store.turn(journal.lease):
            store.put_resting(turn.app, rests)
            for venue, type in kinds:
                store.put_listed(turn.app, venue, type, turn.begun_at)


def _rests(turn: Turn, rested: Rested, walk: Walk, world: World) -> Mapping[str, Rest | None]:
    """Of everything that was looked at."""
    looked_at = {*rested.now, *rested.before} if turn.within is None else {SHARED, *turn.within}
    moved = _moved(turn, walk, world)
    findings: dict[str, list[JSON]] = {}
    for finding in turn.findings:
        findings.setdefault(component_of(finding.address or ""), []).append(asdict(finding))
    rests: dict[str, Rest | None] = {}
    for name in sorted(looked_at):
        if name in moved:
            rests[name] = Rest("")
        elif name in rested.now:
            rests[name] = Rest(rested.now[name], tuple(findings.get(name, ())))
        else:
            rests[name] = None
    return rests


def _moved(turn: Turn, walk: Walk, world: World) -> set[str]:
    """Components that are not what is wanted, or not yet: to plan once more would show it."""
    names = None if turn.within is None else {SHARED, *turn.within}
    standing = [
        item
        for item in walk.items.values()
        if names is None or component_of(str(item.address)) in names
    ]
    moved = {component_of(str(item.address)) for item in standing if item.status == "starting"}
    moved |= {component_of(change.address) for change in turn.withheld}
    if not walk.changes:
        return moved
    for key, change in walk.changes.items():
        if walk.settled.get(key) not in {"done", "dropped"}:
            moved.add(component_of(change.address))
    observed = Observation(items=tuple(standing))
    try:
        left = difference(turn.desired, observed, world, turn.app, within=turn.within)
    except Refused:
        return {SHARED}
    return moved | {component_of(change.address) for change in left.changes}
