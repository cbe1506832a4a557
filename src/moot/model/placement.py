"""Where every replica runs, why not elsewhere, and what each venue gets of the App."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from moot.model.app import App, Component
from moot.model.value import Value
from moot.model.venue import Offering


@dataclass(frozen=True, slots=True)
class Assignment:
    """One replica on one offering.  `replica` is its stable name, such as `shop/web/0`.

    `runs_as` is how it runs there: as a process or as a container.
    """

    replica: str
    component: str
    index: int
    offering: Offering
    runs_as: Literal["process", "container"]

    @property
    def main(self) -> str:
        """Address of the Resource whose status is the replica's: `shop/web/0@laptop/process`."""
        return f"{self.replica}@{self.offering.venue}/{self.runs_as}"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an offering cannot take a component, in words the user can act on."""

    component: str
    venue: str
    offering: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The decision and its explanation, kept together so that no one has to rerun it to ask why."""

    assignments: tuple[Assignment, ...]
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One port on which a venue's gateway accepts connections for `component`'s `target` port.

    `binds` are (address, port) pairs on the machine.  Where the venue has names, the gateway also
    listens on `target` inside `networks` under the component's `names`, in place of its replicas.
    `http`: requests are HTTP and may be retried as section 8 of the design allows; `retry_all`
    allows repeating any method.
    """

    component: str
    target: int
    binds: tuple[tuple[str, int], ...] = ()
    names: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    http: bool = False
    retry_all: bool = False

    @property
    def name(self) -> str:
        """Name of this listener inside its gateway, such as `web-8080`."""
        return f"{self.component}-{self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one venue gets of an App: its assignments and what `connect` decided for them.

    `environment` is complete per component (the user's own, plus DB_HOST and its like), but for
    PORT and PORT_<target>, which `lower` adds because only the venue knows them.
    `tell_ports` says that replicas are told PORT and PORT_<target>.
    `host_aliases` are names a replica must be able to resolve to its own machine.
    """

    app: App
    venue: str
    assignments: tuple[Assignment, ...]
    environment: Mapping[str, Mapping[str, Value]] = field(
        default_factory=dict[str, Mapping[str, Value]]
    )
    listeners: tuple[Listener, ...] = ()
    tell_ports: bool = False
    host_aliases: tuple[str, ...] = ()

    def component(self, name: str) -> Component:
        """The component of that name; it is in the App by construction."""
        return next(c for c in self.app.components if c.name == name)

    def listener(self, component: str, target: int) -> Listener | None:
        """The gateway's listener for a port of a component, None where it is reached directly."""
        found = (x for x in self.listeners if (x.component, x.target) == (component, target))
        return next(found, None)
