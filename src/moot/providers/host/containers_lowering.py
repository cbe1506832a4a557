"""Components that run as containers of a machine's own engine, as resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moot.model.app import Component, Port
from moot.model.placement import Assignment, Share
from moot.model.resource import Edge, Resource, Rollout
from moot.model.value import Ref, Value
from moot.render.container import container, ready_within_s
from moot.render.gpus import gpu_options


def containers(share: Share, volume: Mapping[str, Value]) -> Iterator[Resource]:
    """Per component its image, and per replica its container.  `volume` says where data is."""
    placed: dict[str, list[Assignment]] = {}
    for assignment in share.assignments:
        if assignment.runs_as == "container":
            placed.setdefault(assignment.component, []).append(assignment)
    for name, assignments in placed.items():
        component = share.component(name)
        image = _image(share, component)
        common = _common(share, component, image, volume)
        yield image
        for assignment in assignments:
            yield _container(share, component, assignment, common)


def _image(share: Share, component: Component) -> Resource:
    how = component.container
    assert how, f"{component.name} was placed as a container and is none"
    properties: dict[str, Value] = {
        "reference": how.image or f"{share.app.name}-{component.name}",
        "pull_policy": how.pull_policy or ("build" if how.build else "missing"),
        "current": True,
    }
    if how.build:
        properties["build"] = dict(how.build)
    if how.platform:
        properties["platform"] = how.platform
    return Resource(
        address=f"{share.app.name}/{component.name}@{share.venue}/image",
        type="host.image",
        venue=share.venue,
        properties=properties,
    )


def _common(
    share: Share, component: Component, image: Resource, volume: Mapping[str, Value]
) -> dict[str, Value]:
    """What all replicas of a component have in common; what is empty is left out."""
    environment = share.environment.get(component.name, component.environment)
    spec = container(share.app, component, environment, lambda name: volume[name], share.tell_ports)
    options = dict(spec.pop("options", {}))
    fixed_name = options.pop("container_name", None)  # one machine may hold it twice: an alias here
    names = {component.name, *([str(fixed_name)] if fixed_name else [])}
    found: dict[str, Value] = {
        **spec,
        "image": Ref(image.address, "id"),
        "reference": image.properties["reference"],
        "options": options,
        "networks": {
            attachment.network: sorted({*names, *attachment.aliases})
            for attachment in component.networks
        },
        "publish": [_port(port) for port in _direct(component)],
        "host_aliases": list(share.host_aliases),
    }
    return {key: value for key, value in found.items() if value not in ({}, [], None)}


def _container(
    share: Share, component: Component, assignment: Assignment, common: Mapping[str, Value]
) -> Resource:
    exclusive = frozenset((*_port_claims(component), *_volume_claims(share, component)))
    return Resource(
        address=assignment.main,
        type="host.container",
        venue=share.venue,
        properties={
            "replica": assignment.replica,
            **common,
            **gpu_options(common, assignment),
        },
        edges=tuple(
            Edge(f"{share.app.name}/{dependency.component}", dependency.condition)
            for dependency in component.depends_on
            if share.declares(dependency.component)
        ),
        replica=assignment.replica,
        main=True,
        order="stop-first" if exclusive else component.update.order,
        exclusive=exclusive,
        rollout=Rollout(parallelism=component.update.parallelism, delay_s=component.update.delay_s),
        ready="healthy",
        ready_within_s=ready_within_s(component),
    )


def _direct(component: Component) -> list[Port]:
    """Ports that no gateway carries."""
    return [port for port in component.ports if port.protocol == "udp"]


def _port_claims(component: Component) -> Iterator[str]:
    for port in _direct(component):
        if port.published:
            yield f"port:{port.address}:{port.published}/udp"


def _volume_claims(share: Share, component: Component) -> Iterator[str]:
    """A writer ends before the next one starts; replicas that share a volume all write anyway."""
    for mount in component.mounts:
        if mount.kind == "volume" and not mount.read_only and component.replicas == 1:
            yield f"volume:{share.app.name}@{share.venue}/volume/{mount.source}"


def _port(port: Port) -> Value:
    return {
        "target": port.target,
        "published": port.published,
        "address": port.address,
        "protocol": port.protocol,
    }
