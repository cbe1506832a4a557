"""What can happen during an apply; `step` says what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

from moot.model.resource import ConfigurationItem
from moot.model.value import JSON


@dataclass(frozen=True, slots=True)
class Begun:
    """The apply starts."""

    now: float


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A call ended; `item` is complete, None when the thing is gone."""

    key: str
    item: ConfigurationItem | None
    now: float


@dataclass(frozen=True, slots=True)
class Continued:
    """A call answered Pending."""

    key: str
    seconds: float
    resume: JSON
    note: str
    now: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A call failed.  `retryable`: the same again can help."""

    key: str
    code: str
    message: str
    remedy: str
    retryable: bool
    retry_after: float | None
    now: float


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A call will not be made any more; `called`: it had begun, so that its end is open."""

    key: str
    called: bool
    now: float


@dataclass(frozen=True, slots=True)
class Looked:
    """A thing was read; `item` None when it is gone, `error` and `code` when that failed."""

    address: str
    item: ConfigurationItem | None
    error: str
    now: float
    code: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The user wants to stop: what is in flight ends, nothing new starts."""

    now: float


Event = Begun | Succeeded | Continued | Failed | Withdrawn | Looked | Cancelled
