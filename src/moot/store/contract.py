"""What every store promises: the record of one installation, and one writer per App."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from moot.model.diagnostic import Failure
from moot.model.report import Version
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A call that is about to be made, or whose end was never recorded.

    `item` is as it will be recorded when the call succeeds, sensitive values sealed.
    `request` is exactly what is sent, unreadable without the key; it goes when the intent is
    settled.  `attempt` counts definite failures so far, `at` is when a call was last begun.
    """

    change: str
    verb: str
    address: str
    incarnation: int
    token: str
    item: ConfigurationItem
    id: int = 0
    resume: JSON = None
    attempt: int = 0
    at: float = 0.0
    request: JSON = None
    app: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One declaration of an App; `sources` is what it was made from, sealed by the caller."""

    number: int
    at: float
    cause: str
    body: JSON
    sources: bytes | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim on an App until `expires_at`; `epoch` rises with every new holder."""

    app: str
    holder: str
    epoch: int
    expires_at: float


@dataclass(frozen=True, slots=True)
class Rest:
    """As what a component came to rest, and what the rules had to say of it."""

    digest: str
    findings: tuple[JSON, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """A version of a secret; `content` is sealed by the caller.

    `at` is when it was last declared, `origin` where it came from and `users` the components that
    used it then.
    """

    secret: Secret
    at: float
    origin: str
    users: tuple[str, ...]
    content: bytes = field(repr=False)


class LeaseHeld(Exception):
    """Another holds the App, or has taken it over since."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        super().__init__(f"{lease.app} is held by {lease.holder}")


class Outdated(Failure):
    """A turn that had to be made anew, as its connection was lost, has read what is not so now."""


class PortTaken(Exception):
    """Another App reserved the port first."""


class Store(Protocol):
    """All of moot's memory, for one thread at a time.

    Reads see the last commit, inside a turn also what the turn has written.  What writes is named
    add, put, record, recall, settle or rename and stands inside `turn`; only `claim` and `release`
    are transactions of their own.  Times are seconds since the epoch.  Any method raises Failure
    where the database cannot do it; then nothing of the turn has happened.
    """

    @property
    def shared(self) -> bool:
        """Whether several machines may use it: then what makes an installation is in `meta`."""
        ...

    def close(self) -> None:
        """Nothing is lost without it."""
        ...

    def turn(self, lease: Lease | None = None) -> AbstractContextManager[None]:
        """One transaction: all of it or, after an exception, nothing.

        With a lease, LeaseHeld once another holder has taken over, at the end of the block at the
        latest.  Turns without one exclude each other.
        """
        ...

    # Who may write.

    def claim(
        self, app: str, holder: str, now: float, seconds: float, gone: Callable[[str], bool]
    ) -> Lease:
        """Take or renew the lease on an App; LeaseHeld where another's has not expired.

        `gone` tells whether a holder is known to have ended without giving the App free.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Give the App free; the epoch stays, so that a stale holder is still noticed."""
        ...

    # What the store is, and what the App was by its own words and as placed.

    def meta(self, key: str) -> str | None:
        """A fact about the store itself, None where it was never put."""
        ...

    def put_meta(self, key: str, value: str) -> None:
        """Replace a fact about the store itself."""
        ...

    def apps(self) -> tuple[str, ...]:
        """Every App of which something exists or is being made, by name."""
        ...

    def add_revision(
        self, app: str, body: JSON, at: float, cause: str, sources: bytes | None = None
    ) -> int:
        """Write the declaration down where it differs from the last one; returns its number.

        Where it does not, `sources` become those of the last one.
        """
        ...

    def revisions(self, app: str) -> tuple[Revision, ...]:
        """Every declaration of the App, oldest first."""
        ...

    def placement(self, app: str) -> JSON:
        """The placement of the last turn as it was written, None where there was none."""
        ...

    def placed(self) -> tuple[str, ...]:
        """Every App with a placement, by name, also where nothing of it is made yet."""
        ...

    def put_placement(self, app: str, body: JSON) -> None:
        """Replace the placement; None removes it."""
        ...

    def ports(self) -> tuple[tuple[str, str, int], ...]:
        """Machine ports that gateways hold: (App, purpose, port)."""
        ...

    def put_ports(self, app: str, ports: Mapping[str, int]) -> None:
        """Reserve exactly these for the App, by purpose.

        PortTaken where another has one on the same machine, as `placement.on_machine` puts it.
        """
        ...

    def secrets(self, app: str) -> tuple[KeptSecret, ...]:
        """Every secret kept for the App, by name, the latest version first."""
        ...

    def put_secrets(self, app: str, secrets: Mapping[Secret, KeptSecret | None]) -> None:
        """Keep these; None drops one.  The content of a version that is there stays."""
        ...

    # What is being done.

    def identities(
        self, app: str, within: Collection[str] | None = None
    ) -> dict[str, tuple[str, int]]:
        """Address -> (uid, highest incarnation) of everything the App ever had.

        `within`: no more than what belongs to these components; "" is what is the App's own.
        """
        ...

    def put_identity(self, app: str, address: str, uid: str, incarnation: int) -> None:
        """Remember the uid, the first one for ever, and that this incarnation was used."""
        ...

    def open_intents(self, app: str | None) -> tuple[Intent, ...]:
        """Intents without a result, of one App or of all, oldest first."""
        ...

    def add_intent(self, app: str, intent: Intent, at: float) -> int:
        """Write down what is about to be called; returns its id, higher than any before it.

        `at` and `app` of the intent are those given here.
        """
        ...

    def recall(self, intent: int, attempt: int, at: float) -> None:
        """The call is made again: so many definite failures lie behind it, and it begins now."""
        ...

    def put_resume(self, intent: int, resume: JSON) -> None:
        """Remember how a pending operation goes on."""
        ...

    def settle(self, intent: int, outcome: str, at: float) -> None:
        """The call has a recorded end, and its request is not needed any more.

        `outcome` is a provider's error code (`AccessDenied`) where it failed for sure, else a word
        in small letters (`done`, `withdrawn`, `found`).
        """
        ...

    def intended(self, app: str, address: str, incarnation: int) -> Intent | None:
        """The last intent to create this very thing, settled or not; none settled `forgotten`."""
        ...

    def attempts(self, app: str, address: str, incarnation: int) -> int:
        """Definite failures recorded for one thing so far: the most that any of its intents had.

        An intent settled with an error code has one more than its `attempt`.
        """
        ...

    # What there is, and was.

    def inventory(
        self, app: str | None = None, within: Collection[str] | None = None
    ) -> tuple[ConfigurationItem, ...]:
        """Items of one App, or of all, by address and incarnation.

        `within`: no more than what belongs to these components of the App; "" is its own.
        """
        ...

    def inventory_at(
        self, at: float, app: str | None = None, type: str | None = None
    ) -> tuple[ConfigurationItem, ...]:
        """The inventory as it stood then, each item `observed_at` when it became so."""
        ...

    def record(
        self,
        app: str,
        address: str,
        incarnation: int,
        item: ConfigurationItem | None,
        at: float,
        cause: str,
    ) -> None:
        """The item as it is now, None when it is gone; a changed content becomes a version."""
        ...

    def history(self, address: str) -> tuple[Version, ...]:
        """Every version of what was at an address, newest first."""
        ...

    def versions(self, app: str, since: float, until: float) -> Iterator[Version]:
        """What changed in an App after `since` and not after `until`, oldest first."""
        ...

    def kinds(self, app: str) -> tuple[tuple[str, str], ...]:
        """Every (venue, type) of which the App ever had an intent or an item."""
        ...

    def listed(self, app: str) -> dict[tuple[str, str], float]:
        """(venue, type) -> when a complete listing of it was last had; only what ever was."""
        ...

    def put_listed(self, app: str, venue: str, type: str, at: float) -> None:
        """A complete listing was had."""
        ...

    def resting(self, app: str) -> dict[str, Rest]:
        """Components that came to rest, and those that did not: their digest is empty.

        Whatever is recorded of a component's things, and every intent, ends its rest; what belongs
        to the App as a whole counts as a component named "".
        """
        ...

    def put_resting(self, app: str, rests: Mapping[str, Rest | None]) -> None:
        """These components have come to rest; None: there is no such component any more."""
        ...

    def rename_venue(self, old: str, new: str, cause: str, at: float) -> None:
        """Rewrite every address that names a venue."""
        ...
