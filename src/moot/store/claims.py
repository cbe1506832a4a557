"""Leases: who may write what an App is."""

from __future__ import annotations

from collections.abc import Callable

from moot.store.contract import Lease, LeaseHeld, Outdated
from moot.store.session import Session

# It takes effect only where the lease is still as it was read.
CLAIM = (
    "INSERT INTO lease VALUES (?, ?, ?, ?) ON CONFLICT (app) DO UPDATE SET "
    "holder = excluded.holder, epoch = excluded.epoch, expires_at = excluded.expires_at "
    "WHERE lease.holder = ? AND lease.epoch = ? RETURNING epoch"
)


class Claims(Session):
    """The part of the store that knows who holds an App."""

    def claim(
        self, app: str, holder: str, now: float, seconds: float, gone: Callable[[str], bool]
    ) -> Lease:
        """Take or renew the lease on an App; LeaseHeld where another's has not expired."""
        while True:
            row = self._one("SELECT holder, epoch, expires_at FROM lease WHERE app = ?", app)
            found = Lease(app, str(row[0]), *row[1:]) if row else Lease(app, "", 0, 0.0)
            if row and found.holder != holder and found.expires_at > now and not gone(found.holder):
                raise LeaseHeld(found)
            lease = Lease(app, holder, found.epoch + (found.holder != holder), now + seconds)
            values = (app, holder, lease.epoch, lease.expires_at, found.holder, found.epoch)
            try:
                with self.turn():
                    taken = self._one(CLAIM, *values)
            except Outdated:
                continue  # somebody was first
            if taken:
                if lease.epoch != found.epoch:
                    self._failures.pop(app, None)
                return lease

    def release(self, lease: Lease) -> None:
        """Give the App free; the epoch stays, so that a stale holder is still noticed."""
        with self.turn():
            self._write(
                "UPDATE lease SET expires_at = 0 WHERE app = ? AND holder = ? AND epoch = ?",
                lease.app,
                lease.holder,
                lease.epoch,
            )
