"""The waist of the system: what we want (Resource) and what there is (ConfigurationItem).

Two types on purpose.  A Resource may refer to values nobody knows yet; an item is what a venue
reported, plus what the venue cannot know: our address and incarnation, what it depends on, what
we last asked for, and the provider's opaque private part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from moot.model.app import Condition
from moot.model.value import JSON, Ref, Value, unknowns

Status = Literal["starting", "running", "healthy", "unhealthy", "completed", "failed", "stale"]
Order = Literal["start-first", "stop-first"]


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`target` must have reached `condition` first.

    `target` is an address, or a component (`shop/db`): then every replica of it must have.
    """

    target: str
    condition: Condition = "exists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How the replicas of one component are replaced: at most `parallelism` (0: all) at a time."""

    parallelism: int = 1
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing a provider can make.  `address` is our name for it and never changes.

    It names the venue too (`shop/web/0@laptop/process`): elsewhere is another thing.

    `replica` is the replica it serves alone (`shop/web/0`), None where it serves several.
    `main` marks the one Resource whose status is the replica's status.
    `exclusive` are claims only one thing can hold at a time (`port:0.0.0.0:80/tcp`,
    `volume:shop@laptop/volume/data`): a holder ends before the next one starts.  The claim of a
    port on another machine ends in `@` and that machine.
    `ready` is the condition that must hold before what it replaces may go, and before an `up` is
    done; `ready_within_s` is how long that may take, counted from the end of its create.
    """

    address: str
    type: str
    venue: str
    properties: Mapping[str, Value] = field(default_factory=dict[str, Value])
    edges: tuple[Edge, ...] = ()
    on: str | None = None
    replica: str | None = None
    main: bool = False
    order: Order = "start-first"
    exclusive: frozenset[str] = frozenset()
    rollout: Rollout | None = None
    ready: Condition = "exists"
    ready_within_s: float = 60.0

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Addresses and components that come first: those declared and those referred to."""
        first = [u.address for u in unknowns(self.properties) if isinstance(u, Ref)]
        first += [edge.target for edge in self.edges]
        if self.on:
            first.append(self.on)
        return tuple(sorted(set(first))) if first else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationItem:
    """One thing that exists.  `identifier` is the venue's name for it.

    A provider fills `type`, `venue`, `identifier`, `properties` (as observed), `status`, `private`
    and, from our marks, `address`, `incarnation`, `installation`, `generation` and `uid`; the
    engine fills the rest.  `address` is None for what is not ours.  `status` None means a thing
    that has none (a network).
    `applied` is what we last asked for, with sensitive values as keyed digests.
    `marked_as`: the address it carries on the venue, where ours was renamed since.
    `unfinished`: its create was begun and its end was never recorded.
    `recalled`: its record was lost and made again from its marks: what was asked of it is not
    known but for the digests in `memo`, which is otherwise empty.
    `observed_at` is in seconds since the epoch.
    """

    type: str
    venue: str
    identifier: str
    address: str | None = None
    incarnation: int = 1
    installation: str | None = None
    generation: int | None = None
    uid: str | None = None
    properties: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    status: Status | None = None
    private: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    applied: Mapping[str, Value] = field(default_factory=dict[str, Value])
    depends_on: tuple[str, ...] = ()
    on: str | None = None
    replica: str | None = None
    main: bool = False
    exclusive: frozenset[str] = frozenset()
    keeps_data: bool = False
    ready_within_s: float = 60.0
    since: float | None = None
    marked_as: str | None = None
    unfinished: bool = False
    recalled: bool = False
    memo: str = ""
    observed_at: float = 0.0

    @property
    def on_venue(self) -> ConfigurationItem:
        """The item under the address it carries there; what a provider is asked about."""
        return self if self.marked_as is None else replace(self, address=self.marked_as)

    @property
    def tcp_ports(self) -> frozenset[int]:
        """The TCP ports of its machine that it holds, by its claims."""
        claims = (c.partition("@")[0] for c in self.exclusive if c.startswith("port:"))
        ports = (claim.rpartition(":")[2].split("/") for claim in claims)
        return frozenset(int(number) for number, protocol in ports if protocol == "tcp")

    def has_reached(self, condition: Condition) -> bool:
        """Whether it now satisfies an edge's `condition`.

        A thing without a health check is healthy while it runs; one that completed has started, and
        so has one whose health is not known yet.
        """
        match condition:
            case "exists":
                return True
            case "started":
                return self.status not in {"failed", "stale"}
            case "healthy":
                return self.status in {None, "running", "healthy", "completed"}
            case "completed":
                return self.status in {None, "completed"}

    def cannot_reach(self, condition: Condition) -> bool:
        """Whether waiting for `condition` is vain: it has ended in a way that excludes it."""
        return condition != "exists" and self.status == "failed"
