"""What a command answers: values the command line and the console only have to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from moot.model.app import App
from moot.model.availability import Outlook
from moot.model.budget import Budget
from moot.model.diagnostic import Diagnostic
from moot.model.finding import Finding
from moot.model.headroom import Headroom
from moot.model.placement import Charge, Placement, Rejection
from moot.model.plan import Plan
from moot.model.rehearsal import Damage, Rehearsed, Trouble, Worst
from moot.model.resource import ConfigurationItem
from moot.model.traffic import Staying
from moot.model.value import JSON

if TYPE_CHECKING:
    from moot.model.alternative import Alternative, Possible

Phase = Literal["started", "pending", "waiting", "done", "dropped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened during an apply.  `elapsed_s` is since the change was started.

    `change` is the Change's key.  "waiting" says that it is held up by a condition such as health,
    "dropped" is a possible change that turned out to be none.  `done` of `total` changes are
    settled.
    """

    change: str
    verb: str
    address: str
    phase: Phase
    note: str = ""
    elapsed_s: float = 0.0
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A venue that does not answer: what is said of it is as old as `since` (epoch seconds)."""

    venue: str
    since: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of what the plan leaves standing, an hour; `hourly` None where a price is unknown, or in
    another currency than the first of `currencies`.

    `egress` is the part of components that is for traffic that leaves a venue or pool, `disk` that
    for the disk they ask for, `spot` that for what may be taken back.  `floor` is what no placement
    that keeps all promises costs less than, None where nobody knows; `priced` is the sum without
    what has no price, `unpriced` venues and pools that have none, `unmetered` those that have none
    for the traffic that leaves them;
    `before` is of what stands now by the record, at the prices of then; None: there is no record.
    `day` is that of the oldest price in it (ISO 8601), "" where there is none or it is not known.
    """

    hourly: Decimal | None
    currency: str
    components: tuple[tuple[str, Decimal | None], ...] = ()
    egress: tuple[tuple[str, Decimal | None], ...] = ()
    disk: tuple[tuple[str, Decimal | None], ...] = ()
    spot: tuple[tuple[str, Decimal | None], ...] = ()
    currencies: tuple[str, ...] = ()
    floor: Decimal | None = None
    priced: Decimal = Decimal(0)
    unpriced: tuple[str, ...] = ()
    unmetered: tuple[str, ...] = ()
    before: Cost | None = None
    budget: Budget | None = None
    day: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What `plan` shows: changes, where every replica goes and why, cost, findings, warnings.

    `worst` is the worst single failure, where that was asked for; `traffic` says how much of
    what is stated stays on machines.
    """

    app: App
    plan: Plan
    placement: Placement
    cost: Cost
    availability: Outlook = field(default_factory=Outlook)
    headroom: Headroom | None = None
    worst: Worst = field(default_factory=Worst)
    traffic: tuple[Staying, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    stale: tuple[Stale, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an apply ended.  `failures` is empty when all was done; `standing` says what stands then.

    `interrupted`: stopped by the user; the next run goes on from here.
    """

    plan: Plan
    done: int = 0
    dropped: int = 0
    failures: tuple[Diagnostic, ...] = ()
    interrupted: bool = False
    standing: tuple[ConfigurationItem, ...] = ()
    replicas: tuple[ReplicaStatus, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    stale: tuple[Stale, ...] = ()
    kept_volumes: tuple[str, ...] = ()
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaStatus:
    """One line of `ps`.  `endpoints` are (port, address) pairs.

    `since` is when the status became so, `observed_at` when it was last seen (epoch seconds).
    """

    replica: str
    component: str
    venue: str
    offering: str
    status: str
    endpoints: tuple[tuple[str, str], ...] = ()
    since: float | None = None
    detail: str = ""
    observed_at: float = 0.0

    def as_json(self) -> JSON:
        """An entry of `replicas` in `ps --json`."""
        return {
            "replica": self.replica,
            "component": self.component,
            "venue": self.venue,
            "offering": self.offering,
            "status": self.status,
            "endpoints": [{"port": port, "address": address} for port, address in self.endpoints],
            "since": self.since,
            "detail": self.detail,
            "observed_at": self.observed_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a replica is where it is: what was chosen, what else was possible, what was not.

    `alternatives` are in words what `possible` is; `best` is the best of all its component's
    replicas without something.  `priced` is the day of the `price`, "" where it has none;
    `egress` and `disk` what its component pays beside it for what it sends and for its disk, `gpus`
    the numbers of the GPUs that it has there.
    """

    replica: str
    chosen: str
    price: str
    reason: str
    priced: str = ""
    alternatives: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    availability: Outlook = field(default_factory=Outlook)
    possible: tuple[Possible, ...] = ()
    best: Alternative | None = None
    egress: tuple[Charge, ...] = ()
    disk: tuple[Charge, ...] = ()
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a thing in history.  `item` None: it was gone from then on."""

    at: float
    address: str
    incarnation: int
    cause: str
    item: ConfigurationItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueStatus:
    """One line of `venue list` and `venue check`.  `quota` says what is left of its entry's."""

    name: str
    provider: str
    identity: str = ""
    problems: tuple[Diagnostic, ...] = ()
    offerings: tuple[str, ...] = ()
    quota: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeStatus:
    """One line of `volume ls`.  `used_by` are the addresses that depend on it now."""

    name: str
    address: str
    venue: str
    identifier: str
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStatus:
    """One line of `secret ls`: a version whose content is kept, but never that content.

    `declared_at` is when the App was last carried out with it, `used_by` the components then.
    """

    app: str
    name: str
    version: str
    origin: str
    used_by: tuple[str, ...]
    declared_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `doctor`.  `remedy` is the command that mends it."""

    name: str
    ok: bool
    detail: str = ""
    remedy: str = ""
    required: bool = False
    extra: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What `recover` takes on, or would.  `why` says what is wrong with the database, if anything.

    `known` counts what the inventory had already; of `doubles` each says it is one of `items`, and
    is left alone; `others` counts things by the installation whose marks they carry.
    `generation` is 0 as long as nothing was written.
    """

    installation: str
    why: Diagnostic | None = None
    known: int = 0
    items: tuple[ConfigurationItem, ...] = ()
    doubles: tuple[ConfigurationItem, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict[str, int])
    stale: tuple[Stale, ...] = ()
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A thing with our marks that the inventory lacks.

    `explained`: the journal knows that it made it; what it does not explain may be another's work.
    """

    item: ConfigurationItem
    app: str
    explained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How one thing differs between two times: it came, went or changed.

    `paths` are (property path, before, after), also `status` and `identifier`; `at` in epoch
    seconds and `cause` are those of the last version in between.
    """

    address: str
    type: str
    venue: str
    kind: Literal["came", "went", "changed"]
    paths: tuple[tuple[str, JSON, JSON], ...] = ()
    at: float | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """What `undo` would do: the plan back, the revision it goes back to, and what cannot be undone.

    `at` (epoch seconds) and `cause` are those of the revision that is taken back.
    """

    proposal: Proposal
    number: int
    at: float
    cause: str
    lost: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What `moot what-if` answers: a Trouble, and what comes of it.

    `cost` and `availability` are those that remain; the cost has the one before in it.
    """

    trouble: Trouble
    rehearsed: Rehearsed
    cost: Cost
    availability: Outlook
    stale: tuple[Stale, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """What `moot what-if` answers where nothing is named: every single failure, the worst first."""

    damages: tuple[Damage, ...]
    stale: tuple[Stale, ...] = ()
