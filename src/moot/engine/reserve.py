"""Take what an App needs of what all Apps share, ports, before anything is made with it."""

from __future__ import annotations

from moot.engine.journal import Journal
from moot.engine.propose import propose
from moot.engine.turn import Observation, Turn, World
from moot.model.app import App
from moot.model.codec import placement_to_json
from moot.model.diagnostic import Diagnostic, Failure
from moot.model.value import JSON
from moot.store import PortTaken

LOST_RACES = 3  # how often a turn is planned anew because another App took a port meanwhile


def reserved(app: App, observed: Observation, world: World, journal: Journal) -> Turn:
    """A turn whose ports are reserved; planned again where another App took one meanwhile."""
    for _ in range(LOST_RACES):
        turn = propose(app, world, journal, observed)
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


def _lost_race() -> Diagnostic:
    return Diagnostic(
        summary="another app took a port this one was given",
        detail=f"it happened {LOST_RACES} times in a row",
        remedy="run the same command again",
    )
