"""What the user wants: an App of Components, already validated and in canonical form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from moot.model.availability import Level
from moot.model.budget import Budget
from moot.model.position import Position
from moot.model.spot import Leave
from moot.model.traffic import Latency, Traffic
from moot.model.value import JSON, Secret, Value

if TYPE_CHECKING:
    from moot.model.recipe import Recipe

Condition = Literal["exists", "started", "healthy", "completed"]
Isolation = Literal["process", "container", "vm", "metal"]
Places = Mapping[str, Position]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The least a replica must be given; an Offering is a candidate when it covers this.

    `gpus` are whole ones or, below one, a part of a single one in thousandths; infinity is all that
    a machine has.  They are those of the numbers `gpu_numbers`, where any are named.
    `traits` holds what every way of running it needs; how it may run is `Component.container`
    and `Component.process`.
    """

    cpu: float = 0.0
    memory_mib: int = 0
    disk_mib: int = 0
    gpus: float = 0.0
    gpu_numbers: tuple[int, ...] = ()
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most a replica may take; None is no limit."""

    cpu: float | None = None
    memory_mib: int | None = None
    pids: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One published port.  `published` None means any free one; `address` is where it is bound."""

    target: int
    published: int | None = None
    address: str = "0.0.0.0"  # noqa: S104 - Compose's default, stated by the user's file
    protocol: Literal["tcp", "udp"] = "tcp"
    app_protocol: str | None = None
    place: Position | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Something mounted at `target`: a named volume, an anonymous one, a host path or a tmpfs.

    `source` is the volume's key in `App.volumes`, an absolute host path for a bind, or "" for a
    tmpfs; `size_mib` limits a tmpfs.  An anonymous volume is listed in `App.volumes` under a name
    made from component and target.
    """

    kind: Literal["volume", "bind", "tmpfs"]
    target: str
    source: str = ""
    read_only: bool = False
    size_mib: int | None = None
    options: Mapping[str, JSON] = field(default_factory=dict[str, JSON])


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMount:
    """A config, secret or read-only bind that travels to the replica as a file.

    `source` names an entry of `App.files`; a folder travels as one FileMount per file.
    """

    source: str
    target: str
    mode: int = 0o444
    uid: str | None = None
    gid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """The content behind FileMounts: text, or for a secret its immutable reference.

    Bytes that are not UTF-8 are kept as base64 in `content` with `encoding` "base64".
    """

    name: str
    kind: Literal["config", "secret", "bind"]
    content: str | Secret
    encoding: Literal["utf-8", "base64"] = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """How a replica says that it is healthy.

    `test` is an argv; ("CMD-SHELL", text) is a shell line.
    """

    test: tuple[str, ...]
    interval_s: float = 30.0
    timeout_s: float = 30.0
    retries: int = 3
    start_period_s: float = 0.0
    start_interval_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """When a replica that ended is started again.  `attempts` None is without limit."""

    condition: Literal["no", "on-failure", "always", "unless-stopped"] = "no"
    attempts: int | None = None
    delay_s: float = 0.0
    window_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How replicas are replaced.  `parallelism` 0 is all at once."""

    parallelism: int = 1
    delay_s: float = 0.0
    order: Literal["start-first", "stop-first"] = "start-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """`component` must have reached `condition` first; not `required`: only if it is in the App."""

    component: str
    condition: Condition = "started"
    restart: bool = False
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A component's membership in a network, with the further names it has there."""

    network: str
    aliases: tuple[str, ...] = ()
    options: Mapping[str, JSON] = field(default_factory=dict[str, JSON])


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """How to run it from an image.  `options` are further Compose keys in canonical form
    (cap_add, devices, ulimits, ...), which a container venue translates and others ignore.

    `entrypoint` and `command` None mean the image's own.
    """

    image: str | None = None
    build: Mapping[str, JSON] | None = None
    pull_policy: str | None = None
    platform: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    options: Mapping[str, JSON] = field(default_factory=dict[str, JSON])


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """How to run it as a plain process.  `$NAME` inside `command` is the replica's environment.

    `fixed_port`: it listens on its declared target ports and cannot be told otherwise.
    """

    command: tuple[str, ...]
    working_dir: str | None = None
    fixed_port: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of an App, run as identical replicas; it is up when `quorum` of them are.

    `near` are components in whose regions alone it runs, `apart` those with which it shares no
    machine, `latency` says of some how far away they may be, `traffic` how much it has with some:
    no two of an App state that of one another.  `spread` is in how many domains of a level it is to
    be beside what the Policy wants of all.  `spot` None is what the Policy says of it.

    `places` says where what decides where it can run stands in the file.
    """

    name: str
    replicas: int = 1
    container: Container | None = None
    process: Process | None = None
    isolation: Isolation | None = None
    needs: Needs = field(default_factory=Needs)
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, Value] = field(default_factory=dict[str, Value])
    ports: tuple[Port, ...] = ()
    expose: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()
    files: tuple[FileMount, ...] = ()
    healthcheck: Healthcheck | None = None
    depends_on: tuple[Dependency, ...] = ()
    networks: tuple[Attachment, ...] = ()
    restart: Restart = field(default_factory=Restart)
    update: Update = field(default_factory=Update)
    stop_signal: str = "SIGTERM"
    stop_grace_s: float = 10.0
    user: str | None = None
    working_dir: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    logging: Mapping[str, JSON] = field(default_factory=dict[str, JSON])
    retry: bool = False
    quorum: int = 1
    spread: Mapping[str, int] = field(default_factory=dict[str, int])
    near: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    latency: tuple[Latency, ...] = ()
    traffic: tuple[Traffic, ...] = ()
    segmentation_required: bool = False
    spot: Leave | None = None
    recipe: Recipe | None = None
    place: Position | None = field(default=None, compare=False)
    places: Places = field(default_factory=dict[str, Position], compare=False)

    @property
    def targets(self) -> tuple[int, ...]:
        """Every TCP or UDP port it is declared to listen on, in the order of declaration."""
        return tuple(dict.fromkeys((*(p.target for p in self.ports), *self.expose)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """`source` may open connections to `target`; whatever is not declared is denied."""

    source: str
    target: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A segment: components that share one may connect.  `real_name` overrides the venue's name."""

    name: str
    external: bool = False
    internal: bool = False
    real_name: str | None = None
    options: Mapping[str, JSON] = field(default_factory=dict[str, JSON])


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Data that outlives replicas.  An external volume is used, never made or removed."""

    name: str
    external: bool = False
    real_name: str | None = None
    options: Mapping[str, JSON] = field(default_factory=dict[str, JSON])


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeResource:
    """A thing of a venue used as it is, from `x-moot.resources`."""

    name: str
    type: str
    venue: str
    properties: Mapping[str, Value] = field(default_factory=dict[str, Value])
    place: Position | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What to guarantee for the whole App.  Empty `venues` means all that are configured.

    After the loss of any one domain of the level `headroom` everything is to have room elsewhere.
    `spot` None is never; data is there only where its component itself says so.
    `places` says where each stands, of a level such as `spread.zone` too.
    """

    venues: tuple[str, ...] = ()
    residency: tuple[str, ...] = ()
    spread: Mapping[str, int] = field(default_factory=dict[str, int])
    availability: float | None = None
    headroom: Level | None = None
    budget: Budget | None = None
    spot: Leave | None = None
    places: Places = field(default_factory=dict[str, Position], compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The whole declaration, already validated: a pass never has to check it again."""

    name: str
    components: tuple[Component, ...] = ()
    connections: tuple[Connection, ...] = ()
    networks: tuple[Network, ...] = ()
    volumes: tuple[Volume, ...] = ()
    files: tuple[File, ...] = ()
    resources: tuple[NativeResource, ...] = ()
    policy: Policy = field(default_factory=Policy)
    folder: str = "."

    def leave(self, component: Component) -> Leave:
        """Whether a component may be on what can be taken back."""
        if component.spot or not self.policy.spot:
            return component.spot or "never"
        ours = {volume.name for volume in self.volumes if not volume.external}
        has_data = any(m.kind == "volume" and m.source in ours for m in component.mounts)
        return "never" if has_data else self.policy.spot


def anonymous_volume(component: str, target: str) -> str:
    """The name of the volume that stands for one without a name."""
    return f"{component}_{re.sub(r'[^A-Za-z0-9]+', '_', target).strip('_')}"
