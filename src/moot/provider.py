"""The contract a provider fulfils, how it fails, and how providers are found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from moot.model.changed import changed
from moot.model.diagnostic import Diagnostic
from moot.model.placement import Share
from moot.model.resource import ConfigurationItem, Resource
from moot.model.value import JSON
from moot.model.venue import Offering

CreateClass = Literal["TOKEN", "NAME", "TAG", "BARE"]

FACTS_WITHIN_S = 20.0  # so long a venue may think before it says what it is and offers


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """All a provider may use of the outside besides its venue: time, files and the environment.

    `home` is MOOT_HOME; a provider keeps its files below `home/<provider>`.  `now` is in seconds
    since the epoch.  `trace(venue, line)` writes one line where MOOT_TRACE is set; never a secret.
    """

    home: Path
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    trace: Callable[[str, str], None] = lambda venue, line: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What everything made carries, set in the create call itself, so that it can be found again.

    `installation` and `generation` tell whose store explains it; `uid` is the resource's for ever,
    also when an address is used again after a delete.  `memo` is what a lost store is rebuilt from:
    a short text that a provider keeps where it has room for it and never looks into.
    """

    installation: str
    generation: int
    app: str
    address: str
    uid: str
    incarnation: int
    memo: str = field(default="", compare=False)

    @property
    def identity(self) -> tuple[str, str, int]:
        """What tells this thing from every other; all else may change while it stands."""
        return self.installation, self.uid, self.incarnation

    def as_labels(self, prefix: str = "moot.") -> dict[str, str]:
        """The marks as flat strings, for venues that have labels or tags."""
        return {
            f"{prefix}installation": self.installation,
            f"{prefix}generation": str(self.generation),
            f"{prefix}app": self.app,
            f"{prefix}address": self.address,
            f"{prefix}uid": self.uid,
            f"{prefix}incarnation": str(self.incarnation),
            **({f"{prefix}memo": self.memo} if self.memo else {}),
        }

    def on(self, item: ConfigurationItem) -> ConfigurationItem:
        """An item as the thing that carries these marks."""
        return changed(
            item,
            address=self.address,
            incarnation=self.incarnation,
            installation=self.installation,
            generation=self.generation,
            uid=self.uid,
            memo=self.memo,
        )

    @classmethod
    def from_labels(cls, labels: Mapping[str, str], prefix: str = "moot.") -> Marks | None:
        """The inverse of `as_labels`; None where a label is missing or is not one of ours."""
        try:
            return cls(
                installation=labels[f"{prefix}installation"],
                generation=int(labels[f"{prefix}generation"]),
                app=labels[f"{prefix}app"],
                address=labels[f"{prefix}address"],
                uid=labels[f"{prefix}uid"],
                incarnation=int(labels[f"{prefix}incarnation"]),
                memo=labels.get(f"{prefix}memo", ""),
            )
        except (KeyError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One attempt at one change.  `resume` is what the handler's last Pending returned, else None.

    `deadline` is when the engine stops waiting for this call, in seconds since the epoch.
    """

    token: str
    marks: Marks
    deadline: float
    resume: JSON = None


@dataclass(frozen=True, slots=True)
class Done:
    """The call finished; `item` is how the venue describes the thing now, None when it is gone."""

    item: ConfigurationItem | None


@dataclass(frozen=True, slots=True)
class Pending:
    """The venue is still at it: call again after `seconds` with `resume`.  Handlers never sleep.

    `resume` is plain JSON and is stored, so that another process can pick the operation up.
    `note` is shown as progress ("pulling 40 %").
    """

    seconds: float
    resume: JSON = None
    note: str = ""


Progress = Done | Pending


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSchema:
    """What the core must know of a type; after CloudFormation's resource schema.

    Paths are dotted and cover everything below them.  A difference in a `create_only` path makes a
    new incarnation.  `sensitive` values are stored as keyed digests only; `write_only` ones are
    not expected back from `read`.  `properties` is the JSON Schema of the declared properties.
    `settles_within_s`: so long after a call whose end nobody saw, it can have no effect any more
    that `list` does not show.  Calls of types with the same `api` share one rate limit of a venue.
    """

    type: str
    properties: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    primary_identifier: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    create_only: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    version: int = 1
    keeps_data: bool = False
    create_class: CreateClass = "NAME"
    call_timeout_s: float = 60.0
    settles_within_s: float = 0.0
    api: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which things `list` returns: those with our marks, of one App or of all (`app` None)."""

    installation: str | None
    app: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing.  `complete` False: the venue may know more than it said."""

    items: tuple[ConfigurationItem, ...]
    cursor: str | None = None
    complete: bool = True


ErrorCode = Literal[
    "NotFound",
    "AlreadyExists",
    "AccessDenied",
    "InvalidRequest",
    "InvalidCredentials",
    "NotUpdatable",
    "ResourceConflict",
    "Throttling",
    "ServiceLimitExceeded",
    "NotStabilized",
    "ServiceInternalError",
    "ServiceTimeout",
    "NetworkFailure",
    "GeneralServiceException",
    "OutcomeUnknown",
]
RETRYABLE: frozenset[ErrorCode] = frozenset(
    {"Throttling", "ServiceInternalError", "ServiceTimeout", "NetworkFailure", "ResourceConflict"}
)


class ProviderError(Exception):
    """The one way a handler fails.

    A code other than OutcomeUnknown, ServiceTimeout and NetworkFailure is a promise that the call
    had no effect that `read` or `list` would not show.  `message` says what the venue said;
    `remedy` what the user can do; `retry_after` is in seconds.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        retry_after: float | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code: ErrorCode = code
        self.message = message
        self.retry_after = retry_after
        self.remedy = remedy

    @property
    def retryable(self) -> bool:
        """Whether trying the same again can help; a property of the code."""
        return self.code in RETRYABLE


class Provider(Protocol):
    """The code for one kind of venue.

    Made from (venue, configuration, env) and must not touch the venue while being made.  Handlers
    are idempotent, make one bounded venue call and return at once; only they touch the venue.
    Creating what exists with our marks returns it; under our name without our marks it is
    AlreadyExists and is never touched.  Deleting what is gone is Done(None); a delete reads the
    marks first.  A handler that fails leaves nothing behind that `list` would not find.
    Handlers of different things are called from several threads at once.
    `want.properties` arrives with every Ref, Secret and Text resolved to plain values.
    `config_schema` is the JSON Schema of the configuration, which fits it when it arrives.
    """

    config_schema: ClassVar[JSON]

    def __init__(self, venue: str, configuration: Mapping[str, JSON], env: Env) -> None: ...

    def identity(self) -> str:
        """What this venue really is (a host key, an account and end point); may touch the venue."""
        ...

    def offerings(self) -> Sequence[Offering]: ...
    def lower(self, share: Share) -> Iterable[Resource]: ...
    def types(self) -> Collection[str]: ...
    def schema(self, type: str) -> TypeSchema: ...

    def create(self, want: Resource, op: Operation) -> Progress: ...
    def read(self, key: ConfigurationItem | Resource) -> ConfigurationItem | None: ...
    def update(self, item: ConfigurationItem, want: Resource, op: Operation) -> Progress: ...
    def delete(self, item: ConfigurationItem, op: Operation) -> Progress: ...
    def list(self, type: str, scope: Scope, cursor: str | None) -> Page: ...


@runtime_checkable
class Checks(Protocol):
    """A provider that can say what is missing for it to work: empty means all is well."""

    def checks(self) -> Sequence[Diagnostic]: ...


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a replica wrote; `at` is in seconds since the epoch, `stream` stdout or stderr."""

    at: float
    stream: str
    text: str


@runtime_checkable
class Logs(Protocol):
    """A provider whose replicas' output can be read.

    `tail` None is all that is kept.  With `follow` it goes on, over restarts, until the replica is
    gone or `stop()` is true, which is asked at least every half second.
    """

    def logs(
        self,
        item: ConfigurationItem,
        *,
        follow: bool,
        tail: int | None,
        since: float | None,
        stop: Callable[[], bool],
    ) -> Iterator[LogLine]: ...


@runtime_checkable
class Execs(Protocol):
    """A provider that can run a command in a replica's environment, on this process's own stdio.

    Returns the command's exit code.  `tty` connects the terminal; otherwise stdin, stdout and
    stderr are passed through as they are.
    """

    def execute(
        self,
        item: ConfigurationItem,
        argv: Sequence[str],
        *,
        tty: bool,
        environment: Mapping[str, str],
        working_dir: str | None,
        user: str | None,
    ) -> int: ...


@runtime_checkable
class Machines(Protocol):
    """A provider whose venue is one machine: it says what it is, and runs commands.

    `run` passes what the command writes to `said` (stdout or stderr, text) as it comes, from any
    thread, and returns its exit code.  It ends the command where `stop()` is true, asked several
    times a second, or after `timeout_s`; both are OutcomeUnknown.  Text that is not UTF-8 comes
    with surrogate escapes.
    """

    def facts(self) -> Mapping[str, JSON]: ...
    def run(
        self,
        argv: Sequence[str],
        *,
        said: Callable[[str, str], None],
        stop: Callable[[], bool],
        timeout_s: float,
    ) -> int: ...


@runtime_checkable
class Imports(Protocol):
    """A provider that can give our marks to things it did not make.

    `adopt` sets `op.marks` on the unmarked thing with this identifier and changes nothing else
    about it.  A thing that carries marks already, whoever's, is AlreadyExists; one that is not
    there is NotFound; a type whose things cannot be marked afterwards is NotUpdatable.
    """

    def adopt(self, type: str, identifier: str, op: Operation) -> Progress: ...


@runtime_checkable
class Previews(Protocol):
    """A provider that can say beforehand whether an update would replace the thing."""

    def preview(
        self, item: ConfigurationItem, want: Resource
    ) -> Literal["update", "replace", "nothing"]: ...


def installed() -> dict[str, Callable[[], type[Provider]]]:
    """Loaders of provider classes by kind.  Ours are found exactly as a stranger's are."""
    from importlib.metadata import entry_points  # a tenth of a command's time, often not needed

    return {point.name: _loader(point) for point in entry_points(group="moot.providers")}


def _loader(point: Any) -> Callable[[], type[Provider]]:
    return lambda: point.load()
