"""App x Placement -> Shares: who listens where, and how every component finds the others."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from moot.model.app import App, Component, Port
from moot.model.diagnostic import Diagnostic, Refused
from moot.model.placement import Assignments, Listener, Placement, Run, Share, on_machine
from moot.model.value import Ref, Value
from moot.model.venue import Offering
from moot.passes.route import Routes

# Below the kernel's ephemeral ports, and apart from those a host gives to processes.
PORTS = range(15000, 20000)
LOOPBACK = "127.0.0.1"
ANY = "0.0.0.0"  # noqa: S104 - where other machines must come in


@dataclass(frozen=True, slots=True)
class Connected:
    """The shares by venue, and the ports the gateways listen on, by purpose and machine."""

    shares: tuple[Share, ...]
    ports: Mapping[str, int]


def connect(
    app: App,
    placement: Placement,
    prior: Mapping[str, int] | None = None,
    taken: Mapping[tuple[str, int], str] | None = None,
) -> Connected:
    """Decide every listen address.  `prior` keeps the ports of the last time stable.

    `taken` are ports of machines ("": of any) that other Apps hold, with the App's name.  Raises
    Refused where a published port is taken, or where two components that must connect have no way
    to.
    """
    desk = _Desk(app, placement, dict(prior or {}), dict(taken or {}))
    shares = tuple(desk.share(venue) for venue in desk.venues)
    if desk.problems:
        raise Refused(*desk.problems)
    return Connected(shares, desk.ports)


@dataclass
class _Desk:
    """One run of `connect`: what was decided so far."""

    app: App
    placement: Placement
    prior: dict[str, int]
    taken: dict[tuple[str, int], str]
    ports: dict[str, int] = field(default_factory=dict[str, int])
    problems: list[Diagnostic] = field(default_factory=list[Diagnostic])

    def __post_init__(self) -> None:
        self.routes = Routes.of(self.app, self.placement)
        self.venues = self.routes.venues
        components = {c.name: c for c in self.app.components}
        self.placed = {n: c for n, c in components.items() if n in self.routes.at}
        published = {p.published for c in self.placed.values() for p in c.ports}
        self.published_ports = {port for port in published if port is not None}
        self.used: set[tuple[str, int]] = set()
        self.kept = frozenset(self.prior.values())  # each stays with the purpose it was for
        self.by_venue: dict[str, list[Run]] = {}
        # Where replicas reach the others of their machine over the machine only.
        self.apart = {run.offering.venue for run in self.placement.runs if _apart(run)}
        for run in self.placement.runs:
            self.by_venue.setdefault(run.offering.venue, []).append(run)

    def share(self, venue: str) -> Share:
        here = dict.fromkeys(run.component for run in self.by_venue[venue])
        listeners = tuple(x for c in self.placed.values() for x in self.listeners(c, venue))
        tell = any(component.process for component in self.app.components)
        tell = tell or bool(self.apart)
        self.check(here, venue, tell)
        gated = {(listener.component, listener.target) for listener in listeners}
        own = {name: dict(self.placed[name].environment) for name in here}
        return Share(
            app=self.app,
            venue=venue,
            assignments=Assignments(self.by_venue[venue]),
            environment={
                name: {**(self.discovery(name, venue, gated) if tell else {}), **own[name]}
                for name in here
            },
            listeners=listeners,
            tell_ports=tell,
            host_aliases=self.host_aliases(here, venue),
            remote=Assignments(self.remote({x.component for x in listeners if x.binds}, venue)),
        )

    def remote(self, components: Collection[str], venue: str) -> Iterator[Run]:
        """Replicas elsewhere, of components that the gateway here has listeners for."""
        for name in self.placed:
            if name in components and any(v != venue for v in self.routes.at[name]):
                yield from self.routes.carried(name, venue)

    def listeners(self, component: Component, venue: str) -> Iterator[Listener]:
        """The gateway's listeners: for what is published, replicated or wanted elsewhere here, and
        for what is elsewhere and wanted here.
        """
        offering, at_home = self.venues[venue], venue in self.routes.at[component.name]
        if not at_home and self.routes.way(venue, component.name) != "carried":
            return
        ports = component.ports if at_home else ()
        published = [port for port in ports if port.protocol == "tcp"]
        outside = list(self.outside(component.name, venue)) if at_home else []
        asked = not offering.names and venue in self.routes.askers[component.name]
        addresses = [offering.host_address, *outside] if asked else outside
        udp = {port.target for port in component.ports if port.protocol == "udp"}
        inside = component.replicas > 1 or bool(outside) or not at_home
        inside = inside or (asked and venue in self.apart)
        names = _names(component) if offering.names else ()
        for target in component.targets:
            here = [port for port in published if port.target == target]
            if (target in udp and not here) or not (here or inside):
                continue
            binds = [self.published(component, port, offering) for port in here]
            binds += ((a, self.inner_port(component.name, target, offering)) for a in addresses)
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

    def outside(self, component: str, venue: str) -> Iterator[str]:
        """Addresses here at which replicas of other venues reach the component."""
        for other in sorted(self.routes.askers[component] - {venue}):
            match self.routes.way(other, component):
                case "beside" if self.venues[other].machine == self.venues[venue].machine:
                    yield self.venues[other].host_address
                case "through":
                    yield ANY
                case _:
                    pass

    def published(self, component: Component, port: Port, offering: Offering) -> tuple[str, int]:
        purpose = f"{component.name}:{port.target}/published"
        if port.published is None:
            return port.address, self.allocate(purpose, offering)
        number = port.published
        if holder := self.holder(offering, number):
            self.problems.append(_taken(port, number, holder, offering))
        self.give(on_machine(f"{purpose}:{number}", offering.where), offering, number)
        return port.address, number

    def inner_port(self, component: str, target: int, offering: Offering) -> int:
        return self.allocate(f"{component}:{target}", offering)

    def allocate(self, purpose: str, offering: Offering) -> int:
        """The port of last time, else a free one; one purpose gives one start everywhere."""
        full = on_machine(purpose, offering.where)
        if full in self.ports:
            return self.ports[full]
        number = self.prior.get(full, self.prior.get(purpose))
        if number is None or not self.is_free(offering, number):
            start = PORTS.index(first_choice(self.app.name, purpose))
            order = (PORTS[(start + i) % len(PORTS)] for i in range(len(PORTS)))
            number = next(p for p in order if p not in self.kept and self.is_free(offering, p))
        return self.give(full, offering, number)

    def is_free(self, offering: Offering, number: int) -> bool:
        published = number in self.published_ports
        used = published or (offering.where, number) in self.used
        return not used and not self.holder(offering, number)

    def holder(self, offering: Offering, number: int) -> str | None:
        return self.taken.get((offering.where, number)) or self.taken.get(("", number))

    def give(self, purpose: str, offering: Offering, number: int) -> int:
        self.ports[purpose] = number
        self.used.add((offering.where, number))
        return number

    def host_aliases(self, here: Iterable[str], venue: str) -> tuple[str, ...]:
        """Names for the own machine, where a replica here reaches one of another venue over it."""
        name = self.venues[venue].host_name
        over_it = any(
            self.routes.way(venue, target) == "beside"
            for source in here
            for target in self.routes.targets_of[source]
        )
        return (name,) if over_it and not re.fullmatch(r"[\d.:a-f]+", name) else ()

    def discovery(
        self, source: str, venue: str, gated: Collection[tuple[str, int]]
    ) -> dict[str, Value]:
        """DB_HOST, DB_PORT and DB_PORT_<target> of every component this one connects to."""
        told: dict[str, Value] = {}
        for name in sorted(self.routes.targets_of[source]):
            prefix = variable(name)
            if self.routes.way(venue, name) is None:
                continue
            for target in reversed(self.placed[name].targets):
                host, port = self.endpoint(venue, name, target, (name, target) in gated)
                told[f"{prefix}_HOST"] = host
                told[f"{prefix}_PORT"] = port
                told[f"{prefix}_PORT_{target}"] = port
        return told

    def endpoint(self, venue: str, target: str, port: int, gated: bool) -> tuple[Value, Value]:
        """Host and port at which replicas in a venue reach `port` of `target`."""
        here, way = self.venues[venue], self.routes.way(venue, target)
        if way == "here" and here.names:
            return target, str(port)
        if way == "through":
            there = self.routes.entrance(target)
            return there.reach, str(self.inner_port(target, port, there))
        if way == "beside" or gated:
            return here.host_name, str(self.inner_port(target, port, here))
        runs = self.routes.at[target]
        run = runs.get(venue) or next(iter(runs.values()))
        main = run[run.first].main
        return Ref(main, "address"), Ref(main, f"ports.{port}")

    def check(self, here: Iterable[str], venue: str, told: bool) -> None:
        """Whether replicas here can reach those that they connect to.

        Components that are `told` nothing find one another by name, which is of their engine only.
        """
        for source in here:
            for target in sorted(self.routes.targets_of[source]):
                way, there = self.routes.way(venue, target), next(iter(self.routes.at[target]))
                if way is None and told:
                    self.problems.append(_unreachable(self.placed[source], target, venue, there))
                elif way in {None, "through"} and not told:
                    self.problems.append(_nameless(self.placed[source], target, venue, there))


def first_choice(app: str, purpose: str) -> int:
    """The port a purpose is given where nothing stands against it: the same on every machine."""
    return PORTS[zlib.crc32(f"{app}/{purpose}".encode()) % len(PORTS)]


def variable(name: str) -> str:
    """A component's or volume's name as part of an environment variable: `my-db` is MY_DB."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _apart(run: Run) -> bool:
    """Containers in networks of their own, on a machine that knows nothing of their names."""
    here = run.offering
    return run.runs_as == "container" and not here.names and here.host_address != LOOPBACK


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


def _taken(port: Port, number: int, holder: str, offering: Offering) -> Diagnostic:
    where = f"on {offering.venue}" if offering.pool else "on this machine"
    return Diagnostic(
        summary=f"port {number} is taken",
        detail=f"app {holder!r} publishes it {where}",
        remedy="publish another port, or take that app down first",
        place=port.place,
    )


def _unreachable(source: Component, target: str, here: str, there: str) -> Diagnostic:
    return Diagnostic(
        summary=f"{source.name!r} cannot reach {target!r}",
        detail=f"it is placed on {here}, {target!r} on {there}, another machine, and {there} has "
        "no address at which other machines reach it",
        remedy=f"place both on machines of one pool, or on one machine (--venue {there})",
        place=source.place,
    )


def _nameless(source: Component, target: str, here: str, there: str) -> Diagnostic:
    return Diagnostic(
        summary=f"{source.name!r} cannot find {target!r}",
        detail=f"it is placed on {here}, {target!r} on {there}; components find one another by "
        "name within one engine only",
        remedy=f"place both on one engine (--venue {there}), or use a swarm",
        place=source.place,
    )
