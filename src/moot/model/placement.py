"""Where every replica runs, why not elsewhere, and what each venue gets of the App."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, overload

from moot.model.app import App, Component
from moot.model.value import Value
from moot.model.venue import Offering

RunsAs = Literal["process", "container"]

SHARED = ""  # in the place of a component's name: what is the App's own


@dataclass(frozen=True, slots=True)
class Assignment:
    """One replica on one offering.  `replica` is its stable name, such as `shop/web/0`.

    `runs_as` is how it runs there: as a process or as a container.  `gpus` are the numbers of the
    GPUs that are for it.
    """

    replica: str
    component: str
    index: int
    offering: Offering
    runs_as: RunsAs
    gpus: tuple[int, ...] = ()

    @property
    def main(self) -> str:
        """Address of the Resource whose status is the replica's: `shop/web/0@laptop/process`."""
        return f"{self.replica}@{self.offering.venue}/{self.runs_as}"


@dataclass(frozen=True, slots=True)
class Run:
    """`count` replicas of a component, from index `first` on, that run alike on one offering.

    Each of them is given these `gpus`: several have parts of the same one.
    """

    app: str
    component: str
    first: int
    count: int
    offering: Offering
    runs_as: RunsAs
    gpus: tuple[int, ...] = ()

    def __iter__(self) -> Iterator[Assignment]:
        for index in range(self.first, self.first + self.count):
            yield self[index]

    def __getitem__(self, index: int) -> Assignment:
        """The assignment of the replica of that index."""
        replica = f"{self.app}/{self.component}/{index}"
        given = self.offering, self.runs_as, self.gpus
        return Assignment(replica, self.component, index, *given)


class Assignments(Sequence[Assignment]):
    """Assignments kept as runs, each made when it is asked for.

    A component of ten thousand replicas takes no more room than one of two.
    """

    __slots__ = ("runs",)

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = tuple(runs)

    def __len__(self) -> int:
        return sum(run.count for run in self.runs)

    def __iter__(self) -> Iterator[Assignment]:
        return (assignment for run in self.runs for assignment in run)

    @overload
    def __getitem__(self, index: int) -> Assignment: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Assignment]: ...
    def __getitem__(self, index: int | slice) -> Assignment | Sequence[Assignment]:
        if isinstance(index, slice):
            return tuple(self)[index]
        left = index + len(self) if index < 0 else index
        for run in self.runs:
            if 0 <= left < run.count:
                return run[run.first + left]
            left -= run.count
        raise IndexError(index)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Assignments):
            return self.runs == other.runs or tuple(self) == tuple(other)
        return tuple(self) == other

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Assignments({self.runs!r})"


def runs_of(assignments: Sequence[Assignment]) -> tuple[Run, ...]:
    """Assignments as the fewest runs that keep their order."""
    if isinstance(assignments, Assignments):
        return assignments.runs
    found: list[Run] = []
    for each in assignments:
        app = each.replica.partition("/")[0]
        last = found[-1] if found else None
        if last and each == last[last.first + last.count]:
            found[-1] = replace(last, count=last.count + 1)
        else:
            given = each.offering, each.runs_as, each.gpus
            found.append(Run(app, each.component, each.index, 1, *given))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an offering cannot take a component, in words the user can act on."""

    component: str
    venue: str
    offering: str
    reason: str


@dataclass(frozen=True, slots=True)
class Charge:
    """What a component pays an hour to a venue or pool beside the prices of its offerings."""

    component: str
    site: str
    currency: str
    hourly: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The decision and its explanation, kept together so that no one has to rerun it to ask why.

    `floor` is what no placement that keeps all promises costs less than, an hour; None where
    nobody knows.  Beside the prices of the offerings `egress` is paid for what is sent out of
    venues and pools, and `disk` for the disk that components ask for.
    """

    assignments: Sequence[Assignment]
    rejections: tuple[Rejection, ...] = ()
    floor: Decimal | None = field(default=None, compare=False)
    egress: tuple[Charge, ...] = field(default=(), compare=False)
    disk: tuple[Charge, ...] = field(default=(), compare=False)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """All that is paid beside the prices of the offerings."""
        return (*self.egress, *self.disk)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The assignments as runs: for whatever must not cost more with every replica."""
        return runs_of(self.assignments)


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
    `remote` are replicas on other machines that the listeners here have as back ends, too.
    """

    app: App
    venue: str
    assignments: Sequence[Assignment]
    environment: Mapping[str, Mapping[str, Value]] = field(
        default_factory=dict[str, Mapping[str, Value]]
    )
    listeners: tuple[Listener, ...] = ()
    tell_ports: bool = False
    host_aliases: tuple[str, ...] = ()
    remote: Sequence[Assignment] = ()
    _components: Mapping[str, Component] = field(init=False, compare=False, repr=False)
    _listeners: Mapping[str, Sequence[Listener]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        listeners: dict[str, list[Listener]] = {}
        for listener in self.listeners:
            listeners.setdefault(listener.component, []).append(listener)
        object.__setattr__(self, "_components", {c.name: c for c in self.app.components})
        object.__setattr__(self, "_listeners", listeners)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The assignments as runs."""
        return runs_of(self.assignments)

    def component(self, name: str) -> Component:
        """The component of that name; it is in the App by construction."""
        return self._components[name]

    def declares(self, name: str) -> bool:
        """Whether the App has a component of that name, wherever it is placed."""
        return name in self._components

    def listeners_of(self, component: str) -> Sequence[Listener]:
        """The gateway's listeners for a component."""
        return self._listeners.get(component, ())

    def listener(self, component: str, target: int) -> Listener | None:
        """The gateway's listener for a port of a component, None where it is reached directly."""
        return next((x for x in self.listeners_of(component) if x.target == target), None)


def on_machine(purpose: str, machine: str) -> str:
    """What a port is reserved for, with the machine it is a port of."""
    return f"{purpose}@{machine}"


def machine_of(purpose: str) -> str:
    """The machine of a reservation; "" where it was not said, as by moot before it had pools."""
    return purpose.partition("@")[2]


def collide(purpose: str, other: str) -> bool:
    """Whether two Apps cannot have one port for these: on one machine, or perhaps on one."""
    machines = {machine_of(purpose), machine_of(other)}
    return len(machines) == 1 or "" in machines


def component_of(address: str) -> str:
    """`web` of `shop/web/0@laptop/process`, `shop/web@laptop/image` and `shop/web`.

    SHARED for what belongs to the App as a whole, such as `shop@laptop/gateway`.
    """
    before = address.partition("@")[0].split("/")
    return before[1] if len(before) > 1 else SHARED
