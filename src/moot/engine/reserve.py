"""Take what an App needs of what all Apps share, ports, before anything is made with it."""

from __future__ import annotations

from collections.abc import Iterator

from moot.engine.journal import Journal
from moot.engine.propose import propose
from moot.engine.quotas import SIZES, QuotaTaken, is_counted, sizes
from moot.engine.turn import Observation, Turn, World
from moot.model.app import App
from moot.model.codec import placement_to_json
from moot.model.diagnostic import Diagnostic, Failure
from moot.model.placement import Listener, Share
from moot.model.value import JSON
from moot.store import PortTaken

EVERY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - names of every address, no binds
LOST_RACES = 3  # how often a turn is planned anew because another App took something meanwhile


def reserved(app: App, observed: Observation, world: World, journal: Journal) -> Turn:
    """A turn whose ports are reserved; planned again where another App took one meanwhile, or some
    of a quota.
    """
    for _ in range(LOST_RACES):
        turn = propose(app, world, journal, observed)
        try:
            _reserve(turn, world, journal)
        except (PortTaken, QuotaTaken):
            continue
        return turn
    raise Failure(_lost_race())


def _reserve(turn: Turn, world: World, journal: Journal) -> None:
    """Take the ports and remember the placement, in one transaction."""
    assert turn.placement is not None and turn.ground is not None
    body: dict[str, JSON] = placement_to_json(turn.placement)
    body[SIZES] = sizes(turn.ground.app)
    body["endpoints"] = [
        [
            listener.component,
            listener.target,
            list(_reached(share, listener)),
            share.venue,
        ]
        for share in turn.shares
        for listener in share.listeners
    ]
    with world.store.turn(journal.lease):
        world.store.put_ports(turn.app, turn.ports)  # from here on all others wait
        if not is_counted(turn.ground, world.store):
            raise QuotaTaken
        world.store.put_placement(turn.app, body)


def _reached(share: Share, listener: Listener) -> Iterator[str]:
    """As they are typed here: another machine's loopback is out of reach, and every address of it
    is the one that reaches it.
    """
    reach = share.runs[0].offering.reach
    for address, port in listener.binds:
        if not (reach and address.startswith("127.")):
            yield f"{reach if reach and address in EVERY else address}:{port}"


def _lost_race() -> Diagnostic:
    return Diagnostic(
        summary="another app took a port this one was given, or some of a quota",
        detail=f"it happened {LOST_RACES} times in a row",
        remedy="run the same command again",
    )
