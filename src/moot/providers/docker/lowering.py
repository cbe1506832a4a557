"""Turn one venue's share of an App into networks, volumes, images, containers and back ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from moot.model.app import Component, Mount, Network, Port, Volume
from moot.model.placement import Assignment, Listener, Share
from moot.model.resource import Edge, Resource, Rollout
from moot.model.value import Ref, Text, Value
from moot.providers.docker.names import network_name, volume_name
from moot.providers.docker.routing import Gateway, gateways, holds_names
from moot.render.container import container, ready_within_s
from moot.render.gpus import gpu_options

# Options that name another component's namespace: `service:db`.
SHARED_NAMESPACES = ("network_mode", "ipc", "pid")


def lower(share: Share, gateway_image: str = "") -> Iterator[Resource]:
    """Everything the share is made of here; what only the Engine knows stays a Ref."""
    yield from Desk(share, gateway_image).resources()


@dataclass(frozen=True)
class Desk:
    """One share, and what is looked up in it again and again."""

    share: Share
    gateway_image: str

    @cached_property
    def placed(self) -> Mapping[str, list[Assignment]]:
        found: dict[str, list[Assignment]] = {}
        for assignment in sorted(self.share.assignments, key=lambda a: (a.component, a.index)):
            if assignment.runs_as == "container":
                found.setdefault(assignment.component, []).append(assignment)
        return found

    @cached_property
    def networks(self) -> Mapping[str, Network]:
        return {network.name: network for network in self.share.app.networks}

    @cached_property
    def volumes(self) -> Mapping[str, Volume]:
        return {volume.name: volume for volume in self.share.app.volumes}

    @cached_property
    def gateways(self) -> list[Gateway]:
        return gateways(self.share, {name: len(found) for name, found in self.placed.items()})

    def resources(self) -> Iterator[Resource]:
        components = [self.share.component(name) for name in self.placed]
        yield from self.network_resources(components)
        yield from self.volume_resources(components)
        yield from (self.image(component) for component in components)
        yield from (g.resource(self.share, self.gateway_image) for g in self.gateways)
        for component in components:
            yield from self.replicas(component)

    def network_resources(self, components: Iterable[Component]) -> Iterator[Resource]:
        attached = {a.network for component in components for a in component.networks}
        for network in self.share.app.networks:
            if network.name not in attached or network.external:
                continue
            name = network_name(self.share.app.name, network)
            options = {k: v for k, v in network.options.items() if v not in ({}, [], None, "")}
            yield Resource(
                address=self.address("network", network.name),
                type="docker.network",
                venue=self.share.venue,
                properties={**options, "name": name, "internal": network.internal},
                order="stop-first",
                exclusive=frozenset({f"docker.network:{name}"}),
            )

    def volume_resources(self, components: Iterable[Component]) -> Iterator[Resource]:
        mounted = {m.source for c in components for m in c.mounts if m.kind == "volume"}
        for volume in self.share.app.volumes:
            if volume.name not in mounted or volume.external:
                continue
            options = {k: v for k, v in volume.options.items() if v not in ({}, [], None, "")}
            yield Resource(
                address=self.address("volume", volume.name),
                type="docker.volume",
                venue=self.share.venue,
                properties={**options, "name": volume_name(self.share.app.name, volume)},
            )

    def image(self, component: Component) -> Resource:
        """The component's image, pulled or built; `current` turns false when it should be again."""
        how = component.container
        assert how, f"{component.name} does not run as a container"
        properties: dict[str, Value] = {
            "reference": how.image or f"{self.share.app.name}-{component.name}",
            "pull_policy": how.pull_policy or ("build" if how.build else "missing"),
            "current": True,
        }
        if how.build:
            properties["build"] = dict(how.build)
        if how.platform:
            properties["platform"] = how.platform
        return Resource(
            address=self.image_address(component),
            type="docker.image",
            venue=self.share.venue,
            properties=properties,
        )

    def replicas(self, component: Component) -> Iterator[Resource]:
        """Every replica's container and back ends; what they have in common is worked out once."""
        common = self.common(component)
        edges = tuple(
            Edge(f"{self.share.app.name}/{dependency.component}", dependency.condition)
            for dependency in component.depends_on
            if self.share.declares(dependency.component)
        )
        exclusive = self.exclusive(component)
        order = "stop-first" if exclusive else component.update.order
        rollout = Rollout(
            parallelism=component.update.parallelism, delay_s=component.update.delay_s
        )
        for assignment in self.placed[component.name]:
            base = f"{self.share.app.name}-{component.name}-{assignment.index}"
            yield Resource(
                address=assignment.main,
                type="docker.container",
                venue=self.share.venue,
                properties={"base_name": base, **common, **gpu_options(common, assignment)},
                edges=edges,
                replica=assignment.replica,
                main=True,
                order=order,
                exclusive=exclusive,
                rollout=rollout,
                ready="healthy",
                ready_within_s=ready_within_s(component),
            )
            for gateway in self.gateways:
                for listener in gateway.of(component.name):
                    yield self.backend(gateway, listener, assignment)

    def common(self, component: Component) -> dict[str, Value]:
        share, image = self.share, self.image_address(component)
        environment = share.environment.get(component.name, component.environment)
        spec = container(share.app, component, environment, self.volume, share.tell_ports)
        options = dict(spec.pop("options", {}))
        for key in SHARED_NAMESPACES:
            if key in options:
                options[key] = self.namespace(str(options[key]))
        fixed_name = options.pop("container_name", None)
        found: dict[str, Value] = {
            **spec,
            "image": Ref(image, "id"),
            "reference": self.image(component).properties["reference"],
            "options": options,
            "host_aliases": list(share.host_aliases),
            **self.attachments(component, fixed_name),
            "network_ids": self.network_ids(component),
            "publish": [_port(port) for port in self.direct(component)],
            "restarts_with": self.restarts_with(component),
            "fixed_name": fixed_name,
        }
        return {key: value for key, value in found.items() if value not in ({}, [], None)}

    def attachments(self, component: Component, fixed_name: Value) -> dict[str, Value]:
        """By the network's own name.  Names the gateway holds are not the replicas' as well.

        So they change with the number of replicas.  A replica that writes to a volume is renamed
        as it runs: its successor could not start before it has ended.  Any other is replaced, which
        nobody notices; to leave a network and join it again cuts connections for a moment.
        """
        app, gated = self.share.app.name, self.holds_names(component)
        found: dict[str, Value] = {}
        renamed: dict[str, Value] = {}
        stays = any(map(_writes, component.mounts))
        for attachment in _by_priority(component):
            names = [] if gated else [component.name, *attachment.aliases]
            names += [str(fixed_name)] if fixed_name else []
            options = {k: v for k, v in attachment.options.items() if k not in _ORDERING}
            name = network_name(app, self.networks[attachment.network])
            aliases = sorted(set(names))
            found[name] = options if stays else {"aliases": aliases, **options}
            renamed |= {name: aliases} if stays else {}
        return {"networks": found, "names": renamed}

    def network_ids(self, component: Component) -> list[Value]:
        """What makes replicas anew where a network they are in was."""
        return [
            Ref(self.address("network", attachment.network), "id")
            for attachment in component.networks
            if not self.networks[attachment.network].external
        ]

    def restarts_with(self, component: Component) -> list[Value]:
        """Containers this one is replaced with: `depends_on: {db: {restart: true}}`."""
        return [
            Ref(assignment.main, "id")
            for dependency in component.depends_on
            if dependency.restart
            for assignment in self.placed.get(dependency.component, ())
        ]

    def direct(self, component: Component) -> list[Port]:
        """Ports the container publishes itself: UDP, and any where no gateway can reach it."""
        gated = {listener.target for g in self.gateways for listener in g.of(component.name)}
        if _network_mode(component) in {"host", "none"}:
            return []
        return [p for p in component.ports if p.protocol == "udp" or p.target not in gated]

    def exclusive(self, component: Component) -> frozenset[str]:
        """What the replica's successor cannot have while the replica is there."""
        options = component.container.options if component.container else {}
        claims = {
            f"port:{port.address}:{port.published}/{port.protocol}"
            for port in self.direct(component)
            if port.published
        }
        claims |= {
            f"docker.address:{attachment.network}:{attachment.options[key]}"
            for attachment in component.networks
            for key in ("ipv4_address", "ipv6_address", "mac_address")
            if attachment.options.get(key)
        }
        if options.get("container_name"):
            claims.add(f"docker.container:{options['container_name']}")
        if len(self.placed[component.name]) == 1:  # several that share a volume were meant to
            claims |= {f"volume:{self.volume_claim(m)}" for m in component.mounts if _writes(m)}
        return frozenset(claims)

    def backend(self, gateway: Gateway, listener: Listener, assignment: Assignment) -> Resource:
        """What tells the gateway of one replica, as soon as that is healthy."""
        return Resource(
            address=f"{assignment.replica}@{self.share.venue}/backend/{listener.target}",
            type="docker.backend",
            venue=self.share.venue,
            properties={
                "gateway": Ref(gateway.address(self.share), "id"),
                "container": Ref(assignment.main, "id"),
                "listener": listener.name,
                "port": listener.target,
                "drain_s": self.share.component(assignment.component).stop_grace_s,
            },
            edges=(Edge(assignment.main, "healthy"),),
            replica=assignment.replica,
        )

    def holds_names(self, component: Component) -> bool:
        return any(holds_names(g, component.name) for g in self.gateways)

    def namespace(self, mode: str) -> Value:
        """`service:db` as the container of db's first replica; anything else as it is."""
        kind, _, name = mode.partition(":")
        if kind != "service" or name not in self.placed:
            return mode
        return Text(("container:", Ref(self.placed[name][0].main, "id")))

    def volume(self, name: str) -> Value:
        volume = self.volumes[name]
        if volume.external:
            return volume_name(self.share.app.name, volume)
        return Ref(self.address("volume", name), "name")

    def volume_claim(self, mount: Mount) -> str:
        volume = self.volumes[mount.source]
        real = volume_name(self.share.app.name, volume)
        return real if volume.external else self.address("volume", mount.source)

    def image_address(self, component: Component) -> str:
        return f"{self.share.app.name}/{component.name}@{self.share.venue}/image"

    def address(self, kind: str, name: str) -> str:
        return f"{self.share.app.name}@{self.share.venue}/{kind}/{name}"


_ORDERING = ("priority", "gw_priority")


def _by_priority(component: Component) -> list[Value]:
    """The first network is joined at creation; a higher priority comes first, as Compose has it."""
    return sorted(component.networks, key=lambda a: -int(a.options.get("priority") or 0))


def _network_mode(component: Component) -> str:
    return str(component.container.options.get("network_mode", "")) if component.container else ""


def _writes(mount: Mount) -> bool:
    return mount.kind == "volume" and not mount.read_only


def _port(port: Port) -> Value:
    return {
        "target": port.target,
        "published": port.published,
        "address": port.address,
        "protocol": port.protocol,
    }
