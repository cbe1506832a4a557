"""App x Placement -> Shares: who listens where, and how every component finds the others."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from moot.model.app import App, Component, Port
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Listener, Placement, Run, Share
from moot.model.value import Ref, Value
from moot.model.venue import Offering

# Below the kernel's ephemeral ports, and apart from those a host gives to processes.
PORTS = range(15000, 20000)


@dataclass(frozen=True, slots=True)
class Connected:
    """The shares by venue, and the machine ports the gateways listen on, by purpose."""

    shares: tuple[Share, ...]
    ports: Mapping[str, int]


def connect(
    app: App,
    placement: Placement,
    prior: Mapping[str, int] | None = None,
    taken: Mapping[int, str] | None = None,
) -> Connected:
    """Decide every listen address.  `prior` keeps the ports of the last time stable.

    `taken` are machine ports that other Apps hold, with the App's name.  Raises Refused where a
    published port is taken, or where two components that must connect have no way to.
    """
    desk = _Desk(app, placement, dict(prior or {}), dict(taken or {}))
    listeners = {name: tuple(desk.listeners(c)) for name, c in desk.placed.items()}
    shares = tuple(desk.share(venue, listeners) for venue in desk.venues)
    if desk.problems:
        raise Refused(*desk.problems)
    return Connected(shares, desk.ports)


@dataclass
class _Desk:
    """One run of `connect`: what was decided so far."""

    app: App
    placement: Placement
    prior: dict[str, int]
    taken: dict[int, str]
    ports: dict[str, int] = field(default_factory=dict[str, int])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def __post_init__(self) -> None:
        self.runs = self.placement.runs
        self.first: dict[str, Run] = {}
        for run in self.runs:
            self.first.setdefault(run.component, run)
        self.placed = {c.name: c for c in self.app.components if c.name in self.first}
        self.venues = tuple(dict.fromkeys(run.offering.venue for run in self.runs))
        published = {p.published for c in self.placed.values() for p in c.ports}
        self.used = {port for port in published if port is not None}
        self.kept = frozenset(self.prior.values())  # each stays with the purpose it was for
        self.targets_of: dict[str, set[str]] = {name: set() for name in self.placed}
        self.sources_of: dict[str, set[str]] = {name: set() for name in self.placed}
        for connection in self.app.connections:
            if connection.source in self.placed and connection.target in self.placed:
                self.targets_of[connection.source].add(connection.target)
                self.sources_of[connection.target].add(connection.source)

    def offering(self, component: str) -> Offering:
        return self.first[component].offering

    def foreign(self, component: str) -> list[Offering]:
        """Offerings in other venues whose replicas connect to this component."""
        here = self.offering(component).venue
        others = (self.offering(source) for source in sorted(self.sources_of[component]))
        return [offering for offering in others if offering.venue != here]

    def listeners(self, component: Component) -> Iterator[Listener]:
        """The gateway's listeners: for what is published, replicated or wanted from elsewhere."""
        published = [port for port in component.ports if port.protocol == "tcp"]
        offering, foreign = self.offering(component.name), self.foreign(component.name)
        udp = {port.target for port in component.ports if port.protocol == "udp"}
        inside = component.replicas > 1 or bool(foreign)
        for target in component.targets:
            here = [port for port in published if port.target == target]
            if (target in udp and not here) or not (here or inside):
                continue
            binds = [self.published(component, port) for port in here]
            binds += self.reached_at(component, target, offering, foreign)
            names = _names(component) if offering.names else ()
            if binds or names:
                yield Listener(
                    component=component.name,
                    target=target,
                    binds=tuple(dict.fromkeys(binds)),
                    names=names,
                    networks=tuple(a.network for a in component.networks) if names else (),
                    http=_speaks_http(component, target),
                    retry_all=component.retry,
                )

    def published(self, component: Component, port: Port) -> tuple[str, int]:
        purpose = f"{component.name}:{port.target}/published"
        if port.published is None:
            return port.address, self.allocate(purpose)
        number = port.published
        if number in self.taken:
            self.problems.append(
                Diagnostic(
                    summary=f"port {number} is taken",
                    detail=f"app {self.taken[number]!r} publishes it on this machine",
                    remedy="publish another port, or take that app down first",
                    place=port.place,
                )
            )
        return port.address, self.give(f"{purpose}:{number}", number)

    def reached_at(
        self, component: Component, target: int, offering: Offering, foreign: list[Offering]
    ) -> Iterator[tuple[str, int]]:
        """Addresses for the app's own components; where the venue has names, only for outsiders."""
        sources = (self.offering(source).venue for source in self.sources_of[component.name])
        if not offering.names and offering.venue in sources:
            yield offering.host_address, self.inner_port(component.name, target)
        for other in foreign:
            if other.machine and other.machine == offering.machine:
                yield other.host_address, self.inner_port(component.name, target)

    def inner_port(self, component: str, target: int) -> int:
        return self.allocate(f"{component}:{target}")

    def allocate(self, purpose: str) -> int:
        """The port of last time, else a free one; one purpose gives one start everywhere."""
        if purpose in self.ports:
            return self.ports[purpose]
        number = self.prior.get(purpose)
        if number is None or number in self.taken or number in self.used:
            start = PORTS.index(first_choice(self.app.name, purpose))
            order = (PORTS[(start + i) % len(PORTS)] for i in range(len(PORTS)))
            number = next(
                p
                for p in order
                if p not in self.used and p not in self.kept and p not in self.taken
            )
        return self.give(purpose, number)

    def give(self, purpose: str, number: int) -> int:
        self.ports[purpose] = number
        self.used.add(number)
        return number

    def share(self, venue: str, listeners: Mapping[str, tuple[Listener, ...]]) -> Share:
        runs = [run for run in self.runs if run.offering.venue == venue]
        here = dict.fromkeys(run.component for run in runs)
        tell = any(component.process for component in self.app.components)
        return Share(
            app=self.app,
            venue=venue,
            assignments=Assignments(runs),
            environment={
                name: {
                    **(self.discovery(name, listeners) if tell else {}),
                    **self.placed[name].environment,
                }
                for name in here
            },
            listeners=tuple(listener for name in here for listener in listeners[name]),
            tell_ports=tell,
            host_aliases=self.host_aliases(here),
        )

    def host_aliases(self, here: Mapping[str, None]) -> tuple[str, ...]:
        """Names for the own machine, where a replica here reaches one of another venue over it."""
        outside = (
            self.offering(source).host_name
            for source in here
            for target in self.targets_of[source]
            if self.offering(target).venue != self.offering(source).venue
        )
        return tuple(sorted({name for name in outside if not re.fullmatch(r"[\d.:a-f]+", name)}))

    def discovery(
        self, source: str, listeners: Mapping[str, tuple[Listener, ...]]
    ) -> dict[str, Value]:
        """DB_HOST, DB_PORT and DB_PORT_<target> of every component this one connects to."""
        told: dict[str, Value] = {}
        for name in sorted(self.targets_of[source]):
            prefix = variable(name)
            gated = {listener.target for listener in listeners[name]}
            for target in reversed(self.placed[name].targets):
                host, port = self.endpoint(source, name, target, target in gated)
                told[f"{prefix}_HOST"] = host
                told[f"{prefix}_PORT"] = port
                told[f"{prefix}_PORT_{target}"] = port
        return told

    def endpoint(self, source: str, target: str, port: int, gated: bool) -> tuple[Value, Value]:
        """Host and port at which replicas of `source` reach `port` of `target`."""
        here, there = self.offering(source), self.offering(target)
        if here.venue == there.venue and there.names:
            return target, str(port)
        if here.venue == there.venue and not gated:
            run = self.first[target]
            main = run[run.first].main
            return Ref(main, "address"), Ref(main, f"ports.{port}")
        if here.venue != there.venue and (not here.machine or here.machine != there.machine):
            self.problems.append(_unreachable(self.placed[source], target, here, there))
        return here.host_name, str(self.inner_port(target, port))


def first_choice(app: str, purpose: str) -> int:
    """The port a purpose is given where nothing stands against it: the same on every machine."""
    return PORTS[zlib.crc32(f"{app}/{purpose}".encode()) % len(PORTS)]


def variable(name: str) -> str:
    """A component's or volume's name as part of an environment variable: `my-db` is MY_DB."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _names(component: Component) -> tuple[str, ...]:
    aliases = (alias for attachment in component.networks for alias in attachment.aliases)
    return tuple(dict.fromkeys((component.name, *aliases)))


def _speaks_http(component: Component, target: int) -> bool:
    """Said by app_protocol, else shown by a health check that asks this port by http://."""
    said = {p.app_protocol for p in component.ports if p.target == target and p.app_protocol}
    if said:
        return bool(said & {"http", "http1", "http/1.1"})
    test = " ".join(component.healthcheck.test) if component.healthcheck else ""
    alone = len(component.targets) == 1 and re.search(r"http://[^\s/]*:\$\{?PORT\b", test)
    host = r"http://(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])"
    port = rf":(?:{target}|\$\{{?PORT_{target}\}}?)(?!\d)" + (r"|(?![:\d])" if target == 80 else "")
    return bool(alone or re.search(f"{host}(?:{port})", test))


def _unreachable(source: Component, target: str, here: Offering, there: Offering) -> Diagnostic:
    return Diagnostic(
        summary=f"{source.name!r} cannot reach {target!r}",
        detail=f"it is placed on {here.venue}, {target!r} on {there.venue}, and nothing carries "
        "connections between two machines yet",
        remedy=f"place both on one machine, for example with --venue {there.venue}",
        place=source.place,
    )
