"""Holding an App for one turn: the lease, its renewal, and the journal that writes under it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from moot.engine.holder import gone, me
from moot.engine.journal import Journal
from moot.engine.turn import World, sealed
from moot.model.diagnostic import Diagnostic, Failure
from moot.store import LeaseHeld

LEASE_S = 30.0
RENEW_S = 10.0


@contextmanager
def hold(app: str, what: str, world: World) -> Generator[tuple[Journal, Callable[[], None]]]:
    """A journal for one turn and what to call now and then while it lasts.

    Failure with exit code 5 where another process holds the App, at the start or since.
    """
    now, holder, store = world.venues.env.now, me(), world.store
    try:
        lease = store.claim(app, holder, now(), LEASE_S, gone)
        renewed = [now()]

        def renew() -> None:
            if now() - renewed[0] > RENEW_S:
                renewed[0] = now()
                store.claim(app, holder, now(), LEASE_S, gone)

        journal = Journal(
            store=store,
            lease=lease,
            installation=world.installation,
            generation=world.generation,
            cause=f"moot {what}",
            now=now,
            seal_item=lambda item: sealed(item, world),
        )
        try:
            yield journal, renew
        finally:
            store.release(lease)
    except LeaseHeld as held:
        raise _held(held) from None


def _held(held: LeaseHeld) -> Failure:
    return Failure(
        Diagnostic(
            summary=f"app {held.lease.app!r} is being changed by another moot",
            detail=f"it is {held.lease.holder}",
            remedy="wait until it is done, then run the same command again",
        ),
        exit_code=5,
    )
