"""Turn a share of an App into overlay networks, configs, secrets, services and their replicas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from moot.model.app import Component, File
from moot.model.placement import Share
from moot.model.resource import Edge, Resource
from moot.model.value import Ref, Value
from moot.providers.docker.lowering import Desk
from moot.providers.docker.names import network_name, object_name
from moot.providers.docker.swarm.settings import Settings
from moot.render.container import container, ready_within_s

PREDEFINED = ("host", "none", "bridge")


def lower(share: Share, settings: Settings) -> Iterator[Resource]:
    """Everything the share is made of in the swarm; what only Swarm knows stays a Ref."""
    yield from _SwarmDesk(share, settings).resources()


@dataclass(frozen=True)
class _SwarmDesk:
    """One share, and what is looked up in it again and again."""

    share: Share
    settings: Settings

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.share, "")

    @cached_property
    def files(self) -> Mapping[str, File]:
        return {file.name: file for file in self.share.app.files}

    def resources(self) -> Iterator[Resource]:
        components = [self.share.component(name) for name in self.desk.placed]
        for network in self.desk.network_resources(components):
            yield replace(network, properties={"driver": "overlay", **network.properties})
        yield from self.desk.volume_resources(components)
        yield from (self.desk.image(component) for component in components)
        yield from self.file_resources(components)
        for component in components:
            yield self.service(component)
            yield from self.replicas(component)

    def file_resources(self, components: Iterable[Component]) -> Iterator[Resource]:
        """One for each file, however many components have it; they cannot be changed in place."""
        used = dict.fromkeys(mount.source for c in components for mount in c.files)
        for file in (self.files[name] for name in used):
            yield Resource(
                address=self.file_address(file),
                type=f"docker.{_kind(file)}",
                venue=self.share.venue,
                properties={
                    "base_name": object_name(self.share.app.name, _name(file)),
                    "content": file.content,
                    "encoding": file.encoding,
                },
            )

    def service(self, component: Component) -> Resource:
        app, venue = self.share.app, self.share.venue
        environment = self.share.environment.get(component.name, component.environment)
        spec = container(app, component, environment, self.desk.volume, self.share.tell_ports)
        limits = dict(spec.pop("limits", {}))
        found: dict[str, Value] = {
            **{key: value for key, value in spec.items() if key not in {"platform", "targets"}},
            "base_name": object_name(app.name, component.name),
            "image": Ref(self.desk.image_address(component), "id"),
            "limits": {k: v for k, v in limits.items() if k != "reserved_memory_mib"},
            "reserved": _reserved(component),
            "restart": self.restart(component),
            "update": {
                "parallelism": component.update.parallelism,
                "delay_s": component.update.delay_s,
                "order": "stop-first" if self.alone(component) else component.update.order,
            },
            "files": self.mounted(component, "config"),
            "secrets": self.mounted(component, "secret"),
            "networks": self.networks(component),
            "publish": self.publish(component),
            "mesh": self.settings.mesh,
            "pinned": any(mount.kind != "tmpfs" for mount in component.mounts),
            "everywhere": bool(self.settings.nodes),
            "constraints": list(self.settings.constraints),
        }
        kept = {k: v for k, v in found.items() if v not in ({}, [], None, "")}
        return Resource(
            address=self.service_address(component),
            type="docker.service",
            venue=venue,
            properties={**kept, "current": True},
            exclusive=self.exclusive(component),
            ready_within_s=ready_within_s(component),
        )

    def replicas(self, component: Component) -> Iterator[Resource]:
        """A slot of the service for each; it is there for nobody before what it depends on is."""
        edges = tuple(
            Edge(f"{self.share.app.name}/{dependency.component}", dependency.condition)
            for dependency in component.depends_on
            if self.share.declares(dependency.component)
        )
        service = Ref(self.service_address(component), "id")
        for assignment in self.desk.placed[component.name]:
            yield Resource(
                address=assignment.main,
                type="docker.task",
                venue=self.share.venue,
                properties={
                    "service": service,
                    "base_name": f"{component.name}-{assignment.index}",
                },
                edges=edges,
                replica=assignment.replica,
                main=True,
                order="stop-first",  # where two shared a slot for a moment, Swarm would run both
                ready="healthy",
                ready_within_s=ready_within_s(component),
            )

    def alone(self, component: Component) -> bool:
        """Whether a task cannot start before its predecessor has let go of a port or volume."""
        one = len(self.desk.placed[component.name]) == 1
        writes = any(m.kind == "volume" and not m.read_only for m in component.mounts)
        return (one and writes) or (not self.settings.mesh and bool(self.publish(component)))

    def restart(self, component: Component) -> dict[str, Value]:
        restart = component.restart
        made: dict[str, Value] = {
            "condition": restart.condition,
            "attempts": restart.attempts,
            "delay_s": restart.delay_s,
            "window_s": restart.window_s,
        }
        return {key: value for key, value in made.items() if value}

    def mounted(self, component: Component, kind: str) -> list[Value]:
        """The configs or secrets of a component, and where it wants them."""
        wanted = [(mount, self.files[mount.source]) for mount in component.files]
        return [
            {
                "id": Ref(self.file_address(file), "id"),
                "name": Ref(self.file_address(file), "name"),
                "target": mount.target,
                "uid": mount.uid or "0",
                "gid": mount.gid or "0",
                "mode": mount.mode,
            }
            for mount, file in wanted
            if _kind(file) == kind
        ]

    def networks(self, component: Component) -> list[Value]:
        """Overlay networks with the names it has there, or one that every node has by itself."""
        options = component.container.options if component.container else {}
        mode = str(options.get("network_mode") or "")
        if mode in PREDEFINED:
            return [{"target": mode, "aliases": []}]
        found: list[Value] = []
        for attachment in component.networks:
            network = self.desk.networks[attachment.network]
            target: Value = network_name(self.share.app.name, network)
            if not network.external:
                target = Ref(self.desk.address("network", network.name), "id")
            names = sorted({component.name, *attachment.aliases})
            found.append({"target": target, "aliases": names})
        return found

    def publish(self, component: Component) -> list[dict[str, Value]]:
        """What `connect` decided for TCP, and UDP as the user has it."""
        listeners = self.share.listeners_of(component.name)
        binds = {(port, x.target, "tcp") for x in listeners for _, port in x.binds}
        udp = (port for port in component.ports if port.protocol == "udp")
        binds |= {(port.published or 0, port.target, "udp") for port in udp}
        return [
            {"published": published, "target": target, "protocol": protocol}
            for published, target, protocol in sorted(binds)
        ]

    def exclusive(self, component: Component) -> frozenset[str]:
        """Ports that no other service of the swarm can have, on every address of its nodes."""
        ports = [port for port in self.publish(component) if port["published"]]
        return frozenset(f"port:0.0.0.0:{p['published']}/{p['protocol']}" for p in ports)

    def service_address(self, component: Component) -> str:
        return f"{self.share.app.name}/{component.name}@{self.share.venue}/service"

    def file_address(self, file: File) -> str:
        return self.desk.address(_kind(file), _name(file))


def _reserved(component: Component) -> dict[str, Value]:
    found = {"cpu": component.needs.cpu, "memory_mib": component.needs.memory_mib}
    return {key: value for key, value in found.items() if value}


def _kind(file: File) -> str:
    return "secret" if file.kind == "secret" else "config"


def _name(file: File) -> str:
    """Without the kind that stands in front of it: `motd` of `config/motd`."""
    return file.name.removeprefix(f"{_kind(file)}/")
