"""Turn one venue's share of an App into the things a fake venue is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from moot.model.app import Component, Mount, Port
from moot.model.placement import Assignment, Listener, Share
from moot.model.resource import Edge, Resource, Rollout
from moot.model.value import Ref, Value


def lower(share: Share) -> Iterator[Resource]:
    """Networks and volumes, the gateway, then per replica its process and its backends."""
    placed = {
        name: (share.component(name), list(assignments))
        for name, assignments in groupby(
            sorted(share.assignments, key=lambda a: (a.component, a.index)),
            key=lambda a: a.component,
        )
    }
    components = [component for component, _ in placed.values()]
    yield from _networks(share, components)
    yield from _volumes(share, components)
    if share.listeners:
        yield _gateway(share)
    for component, assignments in placed.values():
        yield from _replicas(share, component, assignments)
    for assignment in share.remote:
        for listener in share.listeners_of(assignment.component):
            yield _backend(share, assignment, listener)


def _networks(share: Share, components: Iterable[Component]) -> Iterator[Resource]:
    attached = {a.network for component in components for a in component.networks}
    attached |= {network for listener in share.listeners for network in listener.networks}
    for network in share.app.networks:
        if network.name in attached and not network.external:
            yield Resource(
                address=f"{share.app.name}@{share.venue}/network/{network.name}",
                type="fake.network",
                venue=share.venue,
                properties={"internal": network.internal, "options": dict(network.options)},
            )


def _volumes(share: Share, components: Iterable[Component]) -> Iterator[Resource]:
    mounted = {m.source for component in components for m in component.mounts if _is_volume(m)}
    for volume in share.app.volumes:
        if volume.name in mounted and not volume.external:
            yield Resource(
                address=f"{share.app.name}@{share.venue}/volume/{volume.name}",
                type="fake.volume",
                venue=share.venue,
                properties={"options": dict(volume.options)},
            )


def _gateway(share: Share) -> Resource:
    """One proxy for the App; its addresses are fixed, its back ends are resources of their own."""
    networks = sorted({network for listener in share.listeners for network in listener.networks})
    binds = [bind for listener in share.listeners for bind in listener.binds]
    return Resource(
        address=f"{share.app.name}@{share.venue}/gateway",
        type="fake.gateway",
        venue=share.venue,
        properties={
            "listeners": [
                {"name": listener.name, "binds": [list(bind) for bind in listener.binds]}
                for listener in share.listeners
            ],
            "networks": [_network(share, network) for network in networks],
        },
        exclusive=frozenset(f"port:{address}:{port}/tcp" for address, port in binds),
        order="stop-first",
        ready="started",
    )


def _replicas(
    share: Share, component: Component, assignments: list[Assignment]
) -> Iterator[Resource]:
    """Every replica's process and backends; what they have in common is worked out once."""
    direct = [p for p in component.ports if not share.listener(component.name, p.target)]
    published = [p for p in direct if p.published is not None]
    writes = [m for m in component.mounts if _is_volume(m) and not m.read_only]
    common = _properties(share, component, published)
    edges = tuple(
        Edge(f"{share.app.name}/{dependency.component}", dependency.condition)
        for dependency in component.depends_on
        if share.declares(dependency.component)
    )
    exclusive = frozenset(
        (
            *(f"port:{p.address}:{p.published}/{p.protocol}" for p in published),
            # Replicas that share a volume write together anyway; an only one writes alone.
            *(f"volume:{_volume_address(share, m)}" for m in writes if component.replicas == 1),
        )
    )
    rollout = Rollout(parallelism=component.update.parallelism, delay_s=component.update.delay_s)
    for assignment in assignments:
        yield Resource(
            address=assignment.main,
            type="fake.process",
            venue=share.venue,
            properties={**common, **_per_assignment(component, assignment)},
            edges=edges,
            replica=assignment.replica,
            main=True,
            order="stop-first" if exclusive or writes else component.update.order,
            exclusive=exclusive,
            rollout=rollout,
            ready="healthy",
            ready_within_s=_ready_within_s(component),
        )
        for listener in share.listeners_of(component.name):
            yield _backend(share, assignment, listener)


def _properties(share: Share, component: Component, published: list[Port]) -> dict[str, Value]:
    limits = component.limits
    return {
        "environment": dict(share.environment.get(component.name, component.environment)),
        "files": [_file(share, mount.source, mount.target) for mount in component.files],
        "healthcheck": list(component.healthcheck.test) if component.healthcheck else None,
        "networks": [_network(share, attachment.network) for attachment in component.networks],
        "mounts": [_mount(share, mount) for mount in component.mounts],
        "listens": list(component.targets),
        "publish": [
            {
                "address": port.address,
                "port": port.published,
                "protocol": port.protocol,
                "target": port.target,
            }
            for port in published
        ],
        "limits": {
            "cpu": limits.cpu,
            "memory_mib": limits.memory_mib,
            "pids": limits.pids,
        },
        "labels": dict(component.labels),
    }


def _per_assignment(component: Component, assignment: Assignment) -> dict[str, Value]:
    container, process = component.container, component.process
    as_process = assignment.runs_as == "process"
    assert process if as_process else container, f"{component.name} does not run that way"
    argv = process.command if as_process and process else container and container.command
    fixed = assignment.offering.names or bool(as_process and process and process.fixed_port)
    return {
        "replica": assignment.replica,
        "runs_as": assignment.runs_as,
        "offering": assignment.offering.name,
        "image": None if as_process else container and container.image,
        "command": None if argv is None else list(argv),
        "fixed_ports": fixed,
        **({"gpus": list(assignment.gpus)} if assignment.gpus else {}),
    }


def _backend(share: Share, assignment: Assignment, listener: Listener) -> Resource:
    """What tells the gateway of one replica, wherever it is, as soon as that is healthy."""
    process = assignment.main
    here = assignment.offering.venue == share.venue
    return Resource(
        address=f"{assignment.replica}@{share.venue}/backend/{listener.target}",
        type="fake.backend",
        venue=share.venue,
        properties={
            "gateway": Ref(f"{share.app.name}@{share.venue}/gateway", "id"),
            "listener": listener.name,
            "process": Ref(process, "id") if here else None,
            "address": Ref(process, "address"),
            "port": Ref(process, f"ports.{listener.target}"),
        },
        edges=(Edge(process, "healthy"),),
        replica=assignment.replica,
    )


def _volume_address(share: Share, mount: Mount) -> str:
    return f"{share.app.name}@{share.venue}/volume/{mount.source}"


def _is_volume(mount: Mount) -> bool:
    return mount.kind == "volume"


def _network(share: Share, name: str) -> Value:
    network = next(n for n in share.app.networks if n.name == name)
    if network.external:
        return network.real_name or name
    return Ref(f"{share.app.name}@{share.venue}/network/{name}", "id")


def _mount(share: Share, mount: Mount) -> Value:
    source: Value = mount.source
    if _is_volume(mount):
        volume = next(v for v in share.app.volumes if v.name == mount.source)
        ours = Ref(_volume_address(share, mount), "id")
        source = volume.real_name or volume.name if volume.external else ours
    return {
        "kind": mount.kind,
        "source": source,
        "target": mount.target,
        "read_only": mount.read_only,
    }


def _file(share: Share, source: str, target: str) -> Value:
    file = next(f for f in share.app.files if f.name == source)
    return {"target": target, "content": file.content, "encoding": file.encoding}


def _ready_within_s(component: Component) -> float:
    """A minute to start, and with a health check as long as that takes to make up its mind."""
    check = component.healthcheck
    if check is None:
        return 60.0
    return 60.0 + check.start_period_s + check.retries * (check.interval_s + check.timeout_s)
