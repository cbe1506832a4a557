"""What a command answers: values the command line and the console only have to print."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from moot.model.app import App
from moot.model.diagnostic import Diagnostic
from moot.model.finding import Finding
from moot.model.placement import Placement, Rejection
from moot.model.plan import Plan
from moot.model.resource import ConfigurationItem
from moot.model.value import JSON

Phase = Literal["started", "pending", "waiting", "done", "dropped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened during an apply.  `elapsed_s` is since the change was started.

    `change` is the Change's key.  "waiting" is for a condition such as health, "dropped" is a
    possible change that turned out to be none.  `done` of `total` changes are settled.
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
    """Of what the plan leaves standing; `hourly` None where a price is unknown."""

    hourly: Decimal | None
    currency: str
    components: tuple[tuple[str, Decimal | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What `plan` shows: changes, where every replica goes and why, cost, findings, warnings."""

    app: App
    plan: Plan
    placement: Placement
    cost: Cost
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
    """One line of `ps`.  `endpoints` are (port, address) pairs, `since` in epoch seconds."""

    replica: str
    component: str
    venue: str
    offering: str
    status: str
    endpoints: tuple[tuple[str, str], ...] = ()
    since: float | None = None
    detail: str = ""

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
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a replica is where it is: what was chosen, what else was possible, what was not."""

    replica: str
    chosen: str
    price: str
    reason: str
    alternatives: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()


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
    """One line of `venue list` and `venue check`."""

    name: str
    provider: str
    identity: str = ""
    problems: tuple[Diagnostic, ...] = ()
    offerings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeStatus:
    """One line of `volume ls`.  `used_by` are the addresses that depend on it now."""

    name: str
    address: str
    venue: str
    identifier: str
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `doctor`.  `remedy` is the command that mends it."""

    name: str
    ok: bool
    detail: str = ""
    remedy: str = ""
    required: bool = False
    extra: tuple[str, ...] = field(default=())
