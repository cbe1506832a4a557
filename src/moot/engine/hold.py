"""Holding an App for one turn: the lease, its renewal, and the journal that writes under it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from moot.engine.holder import gone, me
from moot.engine.journal import LEASE_S, Journal
from moot.engine.turn import World
from moot.model.diagnostic import Diagnostic, Failure
from moot.store import LeaseHeld


@contextmanager
def hold(
    app: str,
    what: str,
    world: World,
    holder: str | None = None,
    gone: Callable[[str], bool] = gone,
) -> Generator[Journal]:
    """A journal for one turn; it is to be renewed now and then while that lasts.

    The holder is this process where none is named; `gone` tells whether one has ended.  A lease
    lasts for MOOT_LEASE_S seconds, where that is set.
    Failure with exit code 5 where another process holds the App, at the start or since.
    """
    now, holder, store = world.venues.env.now, holder or me(), world.store
    lease_s = float(world.venues.env.environ.get("MOOT_LEASE_S") or LEASE_S)
    try:
        lease = store.claim(app, holder, now(), lease_s, gone)
        journal = Journal(
            store=store,
            lease=lease,
            installation=world.installation,
            generation=world.generation,
            cause=f"moot {what}",
            now=now,
            seal=world.seal,
            lease_s=lease_s,
        )
        try:
            yield journal
        finally:
            store.release(journal.lease)
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
