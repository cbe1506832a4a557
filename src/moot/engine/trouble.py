"""What went wrong during an apply, in words the user can act on."""

from __future__ import annotations

from moot.model.app import Condition
from moot.model.diagnostic import Diagnostic
from moot.model.plan import Change, verb
from moot.model.resource import ConfigurationItem

_BECOME = {
    "exists": "exist",
    "started": "start",
    "healthy": "become healthy",
    "completed": "complete",
}


def call_failed(change: Change, code: str, message: str, remedy: str) -> Diagnostic:
    """A venue refused or failed a call for good."""
    return Diagnostic(
        summary=f"could not {verb(change)} {change.address}",
        detail=f"{code}: {message}",
        remedy=remedy or "mend the cause and run the same command again: it goes on from here",
    )


def blocked_forever(item: ConfigurationItem, condition: Condition) -> Diagnostic:
    """A thing has ended in a way that excludes what others wait for."""
    return Diagnostic(
        summary=f"{name(item)} did not {_BECOME[condition]}",
        detail=_detail(item),
        remedy=f"see `moot logs {name(item)}`, mend it, and run the same command again",
    )


def never_reached(item: ConfigurationItem, condition: Condition) -> Diagnostic:
    """The time a thing is given was not enough."""
    return Diagnostic(
        summary=f"{name(item)} did not {_BECOME[condition]} within {item.ready_within_s:g} s",
        detail=_detail(item),
        remedy=f"see `moot logs {name(item)}`; give it more time with healthcheck.start_period, "
        "or mend it, and run the same command again",
    )


def vanished(address: str) -> Diagnostic:
    """Something that others wait for is not there any more."""
    return Diagnostic(
        summary=f"{address} is gone",
        detail="it was removed by somebody else while others waited for it",
        remedy="run the same command again: it will be made again",
    )


def name(item: ConfigurationItem) -> str:
    """The shortest name a user knows a thing by."""
    return item.replica or item.address or item.identifier


def _detail(item: ConfigurationItem) -> str:
    detail = str(item.private.get("detail") or "")
    return f"it is {item.status}" + (f": {detail}" if detail else "")
